"""Segments and who is in them, for the tests of segments."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlmodel import col, select

from domain.expressions import compile_condition
from store.database import Database
from store.segment_refresh import begin_evaluation, evaluate
from store.tables import Segment, SegmentMember

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
VIP = '"vip" in participant.tags'


async def add_segment(database: Database, program_id: UUID, expression: str = VIP, **fields: Any) -> UUID:
    segment = Segment(program_id=program_id, **{"name": f"s-{uuid4()}", "expression": expression} | fields)
    async with database.transaction() as session:
        session.add(segment)
    return segment.id


async def segment_of(database: Database, segment_id: UUID) -> Segment:
    async with database.transaction() as session:
        return await session.get_one(Segment, segment_id)


async def put_in(database: Database, segment_id: UUID, *people: UUID, at: datetime = NOON) -> None:
    """Make people members by hand."""
    async with database.transaction() as session:
        session.add_all(
            SegmentMember(segment_id=segment_id, participant_id=person, entered_at=at) for person in people
        )


async def refresh(database: Database, segment_id: UUID, now: datetime = NOON) -> bool:
    """Evaluate a segment, whether it is due or not."""
    async with database.transaction() as session:
        evaluation = await begin_evaluation(session, segment_id, now)
        if evaluation is None:
            return False
        return await evaluate(session, evaluation, compile_condition(evaluation.expression), lambda _: None)


async def members(database: Database, segment_id: UUID) -> dict[UUID, datetime]:
    """Since when each member is in it."""
    async with database.transaction() as session:
        rows = await session.exec(select(SegmentMember).where(col(SegmentMember.segment_id) == segment_id))
        return {row.participant_id: row.entered_at for row in rows}
