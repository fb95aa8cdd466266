"""Enabling, disabling and copying journeys."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Depends

from api.dependencies import SessionDep
from api.errors import Refusal
from api.journey_access import Writing
from api.journey_drafts import conflict
from api.journey_service import Destinations, JourneyService
from api.schemas.journey_switch import (
    ContactsInWorkflow,
    CopyJourney,
    DisableJourney,
    EnableJourney,
    OverdueOut,
    StandingOut,
)
from domain.journeys.copying import copied, name_of_copy
from domain.journeys.enabling import NOT_APPLICABLE, why_none_exist
from domain.journeys.enrolling import ExitReason
from domain.journeys.resume_policy import ResumeMode, ResumePolicy
from domain.journeys.validation import BlockIds, WrittenBlocks, journey_faults
from store.journey_crowds import exit_everyone, standing_in
from store.journeys import (
    create_journey,
    definition_of,
    disable_journey,
    enable_journey,
    new_hex_id,
    policy_of,
    set_resume_policy,
)
from store.tables import Journey

LONGEST_NAME = 255
_STORED = WrittenBlocks(BlockIds.STORED)


class JourneySwitching(JourneyService):
    """One per request, in the request's transaction."""

    async def enable(self, journey_id: str, request: EnableJourney) -> Journey:
        """Nothing happens to one that is enabled. Raises a Refusal (409) with what keeps it from running."""
        journey = await self.lock(journey_id)
        if journey.is_enabled:
            return journey
        await self.refuse_unfit(journey)
        if request.enroll_existing:
            before = journey.first_enabled_at is not None
            reason = why_none_exist(definition_of(journey), was_enabled_before=before)
            if reason is not None:
                raise Refusal(409, f"enrollExisting is not applicable: {reason}", code=NOT_APPLICABLE)
        await enable_journey(
            self.session, journey, datetime.now(UTC), enroll_existing=request.enroll_existing
        )
        return journey

    async def disable(self, journey_id: str, request: DisableJourney) -> Journey:
        """Of one that is disabled, whoever is still inside leaves, or goes by another policy, if that is asked for."""
        journey = await self.lock(journey_id)
        now = datetime.now(UTC)
        asked = request.resume_policy
        policy = None if asked is None else ResumePolicy.model_validate(asked.model_dump(by_alias=True))
        leave = request.contacts_in_workflow is ContactsInWorkflow.EXIT
        is_told = "resume_policy" in request.model_fields_set
        if journey.is_enabled:
            disable_journey(self.session, journey, now, policy)
        elif journey.disabled_at is not None and policy != policy_of(journey) and (leave or is_told):
            set_resume_policy(self.session, journey, now, policy)
        if leave:
            await exit_everyone(self.session, journey.id, ExitReason.JOURNEY_DISABLED, now)
        return journey

    async def copy(self, journey_id: str, request: CopyJourney) -> Journey:
        """A disabled one with the same definition and tags."""
        original = await self.read(journey_id)
        definition, ids = copied(definition_of(original), new_hex_id)
        name = name_of_copy(original.name, request.name, LONGEST_NAME)
        copy = create_journey(self.session, self.program.id, name, definition, datetime.now(UTC))
        copy.utm = {ids[block]: tags for block, tags in original.utm.items() if block in ids}
        return copy

    async def refuse_unfit(self, journey: Journey) -> None:
        """Raises a Refusal (409) with whatever is wrong by now with what was right when it was written."""
        faults = journey_faults(journey.definition, await self.surroundings(journey), _STORED)
        if faults:
            raise conflict("What the automation refers to has changed", "automation-invalid", faults)


async def overdue_of(session: SessionDep, journey: Journey) -> OverdueOut:
    """Who has a step due that has not been taken."""
    now = datetime.now(UTC)
    standing = await standing_in(session, journey.id, now)
    policy = policy_of(journey)
    overdue = sum(each.overdue for each in standing)
    return OverdueOut(
        as_of=now,
        resume_policy=policy,
        inside=sum(each.inside for each in standing),
        overdue=overdue,
        last_step_at=_last_step(policy, overdue, now),
        blocks=[
            StandingOut(block_id=each.block_id, inside=each.inside, overdue=each.overdue) for each in standing
        ],
    )


def _last_step(policy: ResumePolicy | None, overdue: int, now: datetime) -> datetime | None:
    if overdue == 0 or policy is None or policy.mode in (ResumeMode.SHIFT, ResumeMode.DROP):
        return None
    if policy.per_minute is None:
        return now
    return now + (overdue - 1) * timedelta(minutes=1) / policy.per_minute


async def _switching(session: SessionDep, acting: Writing, destinations: Destinations) -> JourneySwitching:
    return JourneySwitching(session, acting.program, destinations)


JourneySwitchingDep = Annotated[JourneySwitching, Depends(_switching, scope="function")]
