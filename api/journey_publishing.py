"""Publishing a journey: what becomes of the people inside, told before it is done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Depends

from api.dependencies import SessionDep
from api.journey_access import Writing
from api.journey_drafts import conflict, refuse_beyond_size
from api.journey_service import Destinations, contents_of, replacing
from api.journey_switching import JourneySwitching
from api.known_parameters import UnknownParameters
from api.schemas.journey_publish import ImpactOut, PublishedOut, PublishJourney
from domain.journeys.definition import JourneyDefinition
from domain.journeys.normalising import blocks_by_id, ids_of_new, stored_blocks
from domain.journeys.patching import patched
from domain.journeys.publishing import Impact, PublishMode, PublishPlan
from domain.journeys.validation import JourneyFault, block_faults
from domain.journeys.validation.reading import document
from store.journey_publishing import carry_out, standing_in_other_versions
from store.journeys import definition_of, new_hex_id, publish_journey, redefine_journey, wake_journey
from store.tables import Journey

CHANGES = "changes"


@dataclass(frozen=True, slots=True)
class _Planned:
    """`new`: the ids of new blocks by their temporaryID."""

    definition: JourneyDefinition
    mode: PublishMode
    impacts: Sequence[Impact]
    new: Mapping[str, str]


class JourneyPublishing(JourneySwitching):
    """One per request, in the request's transaction."""

    async def preview(self, journey_id: str, body: Any) -> PublishedOut:
        """What publishing would do now. Raises the Refusals that it would."""
        planned = await self._planned(await self.lock(journey_id), body)
        return _told(None, planned)

    async def publish(self, journey_id: str, body: Any) -> PublishedOut:
        journey = await self.lock(journey_id)
        planned = await self._planned(journey, body)
        now = datetime.now(UTC)
        if planned.definition != definition_of(journey):
            redefine_journey(journey, planned.definition, now)
        content_hash = await publish_journey(self.session, journey, now)
        await carry_out(self.session, journey.id, content_hash, planned.impacts, now)
        wake_journey(self.session, journey.id)
        return _told(content_hash, planned)

    async def _planned(self, journey: Journey, body: Any) -> _Planned:
        definition, new = await self._changed(journey, body)
        mode = PublishJourney.model_validate(body).mode
        asked: Mapping[str, str | None] = body.get("stepMap", {})
        # A new block has but the name that the request gives it.
        step_map = {block: target and new.get(target, target) for block, target in asked.items()}
        plan = PublishPlan(mode, step_map)
        blocks = blocks_by_id(definition.blocks)
        standing = await standing_in_other_versions(self.session, journey.id, definition.content_hash())
        faults = list(plan.faults(standing, blocks))
        if faults:
            raise conflict("The step map does not fit where people stand", "step-map-invalid", faults)
        return _Planned(definition, mode, plan.impacts(standing, blocks), new)

    async def _changed(self, journey: Journey, body: Any) -> tuple[JourneyDefinition, Mapping[str, str]]:
        """The draft with the changes of the body, and the ids of its new blocks by their temporaryID. Raises a Refusal
        with every fault of either."""
        changes = document(document(body).get(CHANGES))
        if not changes:
            await self.refuse_faults(body, PublishJourney, lambda: ())
            await self.refuse_unfit(journey)
            return definition_of(journey), {}
        refuse_beyond_size(changes)
        around = await self.surroundings(journey, changes)
        now = definition_of(journey)
        parts = {name: value for name, value in changes.items() if name != "blocks"}
        change = patched(now, parts, around)
        existing = blocks_by_id(now.blocks)
        written = replacing(existing)

        def faults() -> list[JourneyFault]:
            found = list(change.faults)
            if "blocks" in changes:
                trigger = document(change.merged.get("trigger"))
                found += block_faults(changes["blocks"], trigger, around, written)
            return [
                JourneyFault(f"{CHANGES}.{each.field}", each.kind, each.reason, each.expected)
                for each in found
            ]

        await self.refuse_faults(body, PublishJourney, faults)
        definition = change.definition(around)
        if "blocks" not in changes:
            return definition, {}
        new = ids_of_new(changes["blocks"], new_hex_id)
        blocks = stored_blocks(changes["blocks"], around, new, contents_of(existing))
        return JourneyDefinition.model_validate(definition.stored() | {"blocks": blocks}), new


def _told(content_hash: str | None, planned: _Planned) -> PublishedOut:
    names = {id_: name for name, id_ in planned.new.items()}
    return PublishedOut(
        content_hash=content_hash,
        mode=planned.mode,
        people=sum(each.standing.people for each in planned.impacts),
        impacts=[
            ImpactOut(
                content_hash=each.standing.content_hash,
                block_id=each.standing.block_id,
                people=each.standing.people,
                outcome=each.outcome,
                to_block_id=each.to and names.get(each.to, each.to),
            )
            for each in planned.impacts
        ],
    )


async def _publishing(
    session: SessionDep, acting: Writing, destinations: Destinations, unknown: UnknownParameters
) -> JourneyPublishing:
    return JourneyPublishing(session, acting.program, destinations, unknown)


JourneyPublishingDep = Annotated[JourneyPublishing, Depends(_publishing, scope="function")]
