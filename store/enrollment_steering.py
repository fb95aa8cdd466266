"""Moving, restarting and ending one pass through a journey, by hand."""

from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from domain.journeys.enrolling import EnrollmentStatus, ExitReason
from domain.journeys.stepping import Decision
from store.enrollments import EndedPass, end_passes
from store.journeys import wake_journey
from store.tables import Enrollment, EnrollmentStep


async def lock_enrollment(session: AsyncSession, journey_id: str, enrollment_id: UUID) -> Enrollment | None:
    """Whoever is taking a step just now takes it first."""
    found = await session.get(Enrollment, enrollment_id, with_for_update=True, populate_existing=True)
    return found if found is not None and found.journey_id == journey_id else None


def move_enrollment(session: AsyncSession, enrollment: Enrollment, block_id: str, now: datetime) -> None:
    """Have somebody inside go on at another block of the version they walk; what it sends, they are sent anew."""
    _go_on(session, enrollment, block_id, Decision.MOVED, now)


def restart_enrollment(session: AsyncSession, enrollment: Enrollment, now: datetime) -> None:
    """Send somebody through the version they walked from its beginning, also if they had left it. A goal that they have
    reached stays reached."""
    enrollment.entered_at = now
    enrollment.reason = enrollment.exit_event_id = enrollment.finished_at = None
    _go_on(session, enrollment, None, Decision.RESTARTED, now)


async def end_enrollment(session: AsyncSession, enrollment: Enrollment, now: datetime) -> None:
    """Have somebody leave. What was queued for them and has not left is cancelled."""
    await end_passes(session, [EndedPass(enrollment.entry_key, ExitReason.BY_OPERATOR)], now)
    await session.refresh(enrollment)


def _go_on(
    session: AsyncSession, enrollment: Enrollment, block_id: str | None, how: Decision, now: datetime
) -> None:
    enrollment.steps += 1
    session.add(
        EnrollmentStep(
            enrollment_id=enrollment.id,
            number=enrollment.steps,
            journey_id=enrollment.journey_id,
            content_hash=enrollment.content_hash,
            block_id=block_id,
            decision=how.value,
            reason=f"from {enrollment.block_id}" if enrollment.block_id else None,
            at=now,
        )
    )
    enrollment.status = EnrollmentStatus.ACTIVE.value
    # What a block has sent in this pass it would not send again.
    enrollment.pass_number += 1
    enrollment.block_id = block_id
    enrollment.waiting_since = enrollment.awaited_event_id = None
    enrollment.wake_at = now
    wake_journey(session, enrollment.journey_id)
