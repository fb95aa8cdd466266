"""Evaluating a segment: who is in it now, compared with who was, and the difference written."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.expressions import Condition
from domain.journeys.definition import ENTERED_SEGMENT
from domain.segment_events import SEGMENT_SOURCE, entered_segment_data
from domain.segments import SegmentStatus
from store.audience import Roll, write_matching
from store.generated_events import GeneratedEvent, emit_if_listened, listened_types
from store.participant_values import ParticipantValues
from store.tables import Program, Segment

EVENTS_A_STATEMENT = 5_000
_LOCK_NAMESPACE = 0x5E65
"""Of the advisory locks on segments that are being evaluated."""

_STAGE = "CREATE TEMPORARY TABLE segment_now (participant_id uuid NOT NULL) ON COMMIT DROP"
_STAGED = Roll("INSERT INTO segment_now (participant_id) SELECT found.id")
# Whoever erases one of these people waits for this transaction, and then finds the membership to delete.
_ENTER = """
INSERT INTO segment_member (segment_id, participant_id, entered_at)
SELECT :segment, p.id, :now FROM participant AS p
WHERE p.id IN (
    SELECT participant_id FROM segment_now
    EXCEPT SELECT participant_id FROM segment_member WHERE segment_id = :segment
)
FOR KEY SHARE OF p
RETURNING participant_id
"""
_LEAVE = """
DELETE FROM segment_member AS m WHERE m.segment_id = :segment
AND NOT EXISTS (SELECT FROM segment_now AS n WHERE n.participant_id = m.participant_id)
"""
_COUNT = "SELECT count(*) FROM segment_member WHERE segment_id = :segment"


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A segment's condition as of one instant, to be evaluated by the transaction that began it.

    `requested_at`: the request that this answers, if any.
    """

    segment_id: UUID
    program: Program
    expression: str
    requested_at: datetime | None
    now: datetime


async def begin_evaluation(session: AsyncSession, segment_id: UUID, now: datetime) -> Evaluation | None:
    """None when the segment is gone, or another transaction evaluates it. Nobody is kept from changing it meanwhile."""
    locked = await session.execute(
        text("SELECT pg_try_advisory_xact_lock(:space, :key)"),
        {"space": _LOCK_NAMESPACE, "key": int.from_bytes(segment_id.bytes[-4:], signed=True)},
    )
    if not locked.scalar_one():
        return None
    segment = await session.get(Segment, segment_id)
    if segment is None:
        return None
    program = await session.get_one(Program, segment.program_id)
    return Evaluation(segment_id, program, segment.expression, segment.refresh_requested_at, now)


async def evaluate(
    session: AsyncSession, evaluation: Evaluation, condition: Condition, on_page: Callable[[int], None]
) -> bool:
    """Make those the members for whom `condition`, the segment's own, holds. `on_page`: see `write_matching`.

    False, and nothing written, when the segment was deleted or given another condition meanwhile.
    """
    values = ParticipantValues(condition, evaluation.program, evaluation.now)
    await session.execute(text(_STAGE))
    await write_matching(session, _STAGED, evaluation.program.id, condition, values, on_page)
    segment = await _lock_unchanged(session, evaluation)
    if segment is None:
        return False
    of_segment = {"segment": segment.id}
    await session.execute(text(_LEAVE), of_segment)
    entered = await session.execute(text(_ENTER), {**of_segment, "now": evaluation.now})
    await _tell_of_entering(session, segment, entered.scalars().all(), on_page)
    segment.member_count = (await session.execute(text(_COUNT), of_segment)).scalar_one()
    segment.refreshed_at = evaluation.now
    _settle(segment, evaluation, SegmentStatus.READY, None)
    return True


async def _tell_of_entering(
    session: AsyncSession, segment: Segment, people: Sequence[UUID], on_page: Callable[[int], None]
) -> None:
    """`entered segment`, where a rule or a journey listens."""
    if not people or ENTERED_SEGMENT not in await listened_types(session, segment.program_id):
        return
    data = entered_segment_data(segment.id)
    for start in range(0, len(people), EVENTS_A_STATEMENT):
        page = people[start : start + EVENTS_A_STATEMENT]
        events = [GeneratedEvent(data, SEGMENT_SOURCE, participant_id=one) for one in page]
        await emit_if_listened(session, segment.program_id, events)
        on_page(start + len(page))


async def give_up(session: AsyncSession, evaluation: Evaluation, error: str) -> None:
    """Record that a segment could not be evaluated. Its members stay as they are."""
    segment = await _lock_unchanged(session, evaluation)
    if segment is not None:
        _settle(segment, evaluation, SegmentStatus.FAILED, error)


async def _lock_unchanged(session: AsyncSession, evaluation: Evaluation) -> Segment | None:
    """None when the segment is gone or has another condition by now."""
    segment = await session.get(Segment, evaluation.segment_id, with_for_update=True, populate_existing=True)
    return segment if segment is not None and segment.expression == evaluation.expression else None


def _settle(segment: Segment, evaluation: Evaluation, status: SegmentStatus, error: str | None) -> None:
    segment.status, segment.error, segment.attempted_at = status.value, error, evaluation.now
    # Another request that came meanwhile is left for the next time.
    if segment.refresh_requested_at == evaluation.requested_at:
        segment.refresh_requested_at = None
