"""Publishing a journey: what becomes of the people inside, told before it is done."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Depends

from api.dependencies import SessionDep
from api.journey_access import Writing
from api.journey_drafts import conflict, refuse_beyond_size, refuse_faults
from api.journey_service import Destinations, contents_of
from api.journey_switching import JourneySwitching
from api.schemas.journey_publish import ImpactOut, PublishedOut, PublishJourney
from domain.journeys.definition import JourneyDefinition
from domain.journeys.normalising import blocks_by_id, stored_blocks
from domain.journeys.patching import patched
from domain.journeys.publishing import Impact, PublishMode, PublishPlan
from domain.journeys.validation import BlockIds, JourneyFault, WrittenBlocks, block_faults
from domain.journeys.validation.reading import document
from store.journey_publishing import carry_out, standing_in_other_versions
from store.journeys import definition_of, new_hex_id, publish_journey, redefine_journey, wake_journey
from store.tables import Journey

CHANGES = "changes"


class JourneyPublishing(JourneySwitching):
    """One per request, in the request's transaction."""

    async def preview(self, journey_id: str, body: Any) -> PublishedOut:
        """What publishing would do now. Raises the Refusals that it would."""
        _, plan, impacts = await self._planned(await self.lock(journey_id), body)
        return _told(None, plan.mode, impacts)

    async def publish(self, journey_id: str, body: Any) -> PublishedOut:
        journey = await self.lock(journey_id)
        definition, plan, impacts = await self._planned(journey, body)
        now = datetime.now(UTC)
        if definition != definition_of(journey):
            redefine_journey(journey, definition, now)
        content_hash = await publish_journey(self.session, journey, now)
        await carry_out(self.session, journey.id, content_hash, impacts, now)
        wake_journey(self.session, journey.id)
        return _told(content_hash, plan.mode, impacts)

    async def _planned(
        self, journey: Journey, body: Any
    ) -> tuple[JourneyDefinition, PublishPlan, Sequence[Impact]]:
        definition = await self._changed(journey, body)
        asked = PublishJourney.model_validate(body)
        plan = PublishPlan(asked.mode, body.get("stepMap", {}))
        blocks = blocks_by_id(definition.blocks)
        standing = await standing_in_other_versions(self.session, journey.id, definition.content_hash())
        faults = list(plan.faults(standing, blocks))
        if faults:
            raise conflict("The step map does not fit where people stand", "step-map-invalid", faults)
        return definition, plan, plan.impacts(standing, blocks)

    async def _changed(self, journey: Journey, body: Any) -> JourneyDefinition:
        """The draft with the changes of the body. Raises a Refusal with every fault of either."""
        changes = document(document(body).get(CHANGES))
        if not changes:
            await refuse_faults(body, PublishJourney, lambda: ())
            await self.refuse_unfit(journey)
            return definition_of(journey)
        refuse_beyond_size(changes)
        around = await self.surroundings(journey, changes)
        now = definition_of(journey)
        parts = {name: value for name, value in changes.items() if name != "blocks"}
        change = patched(now, parts, around)
        existing = blocks_by_id(now.blocks)
        written = WrittenBlocks(BlockIds.REPLACEMENT, {name: block.type for name, block in existing.items()})

        def faults() -> list[JourneyFault]:
            found = list(change.faults)
            if "blocks" in changes:
                trigger = document(change.merged.get("trigger"))
                found += block_faults(changes["blocks"], trigger, around, written)
            return [
                JourneyFault(f"{CHANGES}.{each.field}", each.kind, each.reason, each.expected)
                for each in found
            ]

        await refuse_faults(body, PublishJourney, faults)
        definition = change.definition(around)
        if "blocks" not in changes:
            return definition
        blocks = stored_blocks(changes["blocks"], around, new_hex_id, contents_of(existing))
        return JourneyDefinition.model_validate(definition.stored() | {"blocks": blocks})


def _told(content_hash: str | None, mode: PublishMode, impacts: Sequence[Impact]) -> PublishedOut:
    return PublishedOut(
        content_hash=content_hash,
        mode=mode,
        people=sum(each.standing.people for each in impacts),
        impacts=[
            ImpactOut(
                content_hash=each.standing.content_hash,
                block_id=each.standing.block_id,
                people=each.standing.people,
                outcome=each.outcome,
                to_block_id=each.to,
            )
            for each in impacts
        ],
    )


def _publishing(session: SessionDep, acting: Writing, destinations: Destinations) -> JourneyPublishing:
    return JourneyPublishing(session, acting.program, destinations)


JourneyPublishingDep = Annotated[JourneyPublishing, Depends(_publishing, scope="function")]
