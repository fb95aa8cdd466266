"""What the routes of a journey's inside do."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends
from sqlmodel.ext.asyncio.session import AsyncSession

from api.dependencies import SessionDep
from api.errors import invalid, not_found
from api.journey_access import Writing
from api.journey_drafts import conflict
from api.journey_service import Destinations, JourneyService
from api.schemas.journey_flow import (
    BlockFlowOut,
    EnrollmentOut,
    EnrollmentsOut,
    FlowOut,
    PathOut,
    StepOut,
)
from api.schemas.journey_out import CursorsOut, PagingOut
from domain.journeys.enrolling import EnrollmentStatus
from domain.journeys.plan import compile_plan, every_block
from domain.journeys.stepping import ENDS_OF_WAITS, Decision
from store.enrollment_steering import end_enrollment, lock_enrollment, move_enrollment, restart_enrollment
from store.journey_crowds import standing_in
from store.journey_flow import flow_of, get_enrollment, list_enrollments, steps_of
from store.journeys import definition_of, get_version
from store.paging import InvalidCursorError, PageRequest
from store.tables import Enrollment, Journey

DISABLED = "A disabled automation lets nobody begin again; enable it first"
INSIDE = (EnrollmentStatus.ACTIVE, EnrollmentStatus.WAITING_INACTIVITY)


async def flow_out(session: AsyncSession, journey: Journey) -> FlowOut:
    """Blocks in their order, then those that are gone."""
    now = datetime.now(UTC)
    flow = await flow_of(session, journey.id)
    standing = {one.block_id: one for one in await standing_in(session, journey.id, now)}
    types = {block.id: block.type for block in every_block(definition_of(journey))}
    named: dict[str | None, None] = dict.fromkeys(types)
    named |= dict.fromkeys([*flow.decisions, *flow.left, *standing])
    blocks = []
    for block_id in named:
        at = standing.get(block_id)
        decisions = {} if block_id is None else dict(flow.decisions.get(block_id, {}))
        blocks.append(
            BlockFlowOut(
                block_id=block_id,
                type=None if block_id is None else types.get(block_id),
                inside=0 if at is None else at.inside,
                overdue=0 if at is None else at.overdue,
                entered=sum(n for decision, n in decisions.items() if decision not in ENDS_OF_WAITS),
                decisions=decisions,
                converted=decisions.get(Decision.CONVERTED, 0),
                left=flow.left.get(block_id, 0),
            )
        )
    passes = {status: flow.statuses.get(status, 0) for status in EnrollmentStatus}
    return FlowOut(
        as_of=now,
        entered=sum(passes.values()),
        inside=sum(passes[status] for status in INSIDE),
        completed=passes[EnrollmentStatus.COMPLETED],
        exited=passes[EnrollmentStatus.EXITED],
        cancelled=passes[EnrollmentStatus.CANCELLED],
        converted=flow.converted,
        blocks=blocks,
    )


async def enrollments_out(
    session: AsyncSession,
    journey: Journey,
    status: EnrollmentStatus | None,
    contact_id: UUID | None,
    request: PageRequest,
) -> EnrollmentsOut:
    """Raises a Refusal for a cursor that is none of this list."""
    try:
        page = await list_enrollments(session, journey.id, status, contact_id, request)
    except InvalidCursorError:
        raise invalid("after", "not a cursor of this list", "a cursor from this list") from None
    cursors = CursorsOut(after=page.next_cursor, before=None)
    paging = PagingOut(limit=request.limit, has_more=page.next_cursor is not None, cursors=cursors)
    return EnrollmentsOut(enrollments=[_shown(one) for one in page.rows], paging=paging)


async def path_out(session: AsyncSession, journey: Journey, enrollment_id: UUID) -> PathOut:
    """Raises a Refusal (404)."""
    enrollment = _found(await get_enrollment(session, journey.id, enrollment_id))
    steps = [
        StepOut(
            number=step.number,
            at=step.at,
            version=step.content_hash,
            block_id=step.block_id,
            decision=step.decision,
            reason=step.reason,
        )
        for step in await steps_of(session, enrollment_id)
    ]
    return PathOut(**_shown(enrollment).model_dump(), steps=steps)


class JourneySteering(JourneyService):
    """On behalf of somebody who may change journeys. One per request, in the request's transaction."""

    async def move(self, journey_id: str, enrollment_id: UUID, block_id: str) -> EnrollmentOut:
        """Raises a Refusal: 409 for a pass that is over, 400 for a block that is none of its version."""
        enrollment = await self._lock(journey_id, enrollment_id)
        if enrollment.finished_at is not None:
            raise conflict("The contact has left; restart the enrollment instead", "enrollment-finished")
        version = await get_version(self.session, journey_id, enrollment.content_hash)
        if version is None or block_id not in compile_plan(version):
            raise invalid("blockID", "no block of the version that the contact walks", "the id of one")
        move_enrollment(self.session, enrollment, block_id, datetime.now(UTC))
        return _shown(enrollment)

    async def exit(self, journey_id: str, enrollment_id: UUID) -> EnrollmentOut:
        """Nothing happens to a pass that is over."""
        enrollment = await self._lock(journey_id, enrollment_id)
        await end_enrollment(self.session, enrollment, datetime.now(UTC))
        return _shown(enrollment)

    async def restart(self, journey_id: str, enrollment_id: UUID) -> EnrollmentOut:
        """Raises a Refusal (409) for a journey that lets nobody in, and whose people do not stand still either."""
        journey = await self.lock(journey_id)
        enrollment = _found(await lock_enrollment(self.session, journey.id, enrollment_id))
        if not journey.is_enabled and journey.resume_policy is None:
            raise conflict(DISABLED, "automation-disabled")
        restart_enrollment(self.session, enrollment, datetime.now(UTC))
        return _shown(enrollment)

    async def _lock(self, journey_id: str, enrollment_id: UUID) -> Enrollment:
        journey = await self.read(journey_id)
        return _found(await lock_enrollment(self.session, journey.id, enrollment_id))


def _shown(enrollment: Enrollment) -> EnrollmentOut:
    return EnrollmentOut(
        id=enrollment.id,
        contact_id=enrollment.participant_id,
        status=EnrollmentStatus(enrollment.status),
        version=enrollment.content_hash,
        entered_at=enrollment.entered_at,
        trigger_event_id=enrollment.trigger_event_id,
        block_id=enrollment.block_id,
        waiting_since=enrollment.waiting_since,
        next_step_at=enrollment.wake_at,
        converted_at=enrollment.goal_at,
        finished_at=enrollment.finished_at,
        reason=enrollment.reason,
        exit_event_id=enrollment.exit_event_id,
    )


def _found(enrollment: Enrollment | None) -> Enrollment:
    if enrollment is None:
        raise not_found("Enrollment")
    return enrollment


async def _steering(session: SessionDep, acting: Writing, destinations: Destinations) -> JourneySteering:
    return JourneySteering(session, acting.program, destinations)


JourneySteeringDep = Annotated[JourneySteering, Depends(_steering, scope="function")]
