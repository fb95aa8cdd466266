"""Reading and writing segments. Who is in them: store/segment_members.py; how that is found out: store/segment_refresh.py."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, or_, text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store.paging import Page, PageRequest, page_newest_first
from store.tables import Segment


async def get_segment(session: AsyncSession, program_id: UUID, segment_id: UUID) -> Segment | None:
    segment = await session.get(Segment, segment_id)
    return segment if segment and segment.program_id == program_id else None


async def lock_segment(session: AsyncSession, program_id: UUID, segment_id: UUID) -> Segment | None:
    """Nobody else changes the segment or who is in it until the transaction ends."""
    segment = await session.get(Segment, segment_id, with_for_update=True, populate_existing=True)
    return segment if segment and segment.program_id == program_id else None


async def list_segments(session: AsyncSession, program_id: UUID, request: PageRequest) -> Page[Segment]:
    """Newest first. Raises InvalidCursorError."""
    statement = select(Segment).where(col(Segment.program_id) == program_id)
    return await page_newest_first(session, statement, Segment.created_at, Segment.id, request)


async def all_segments(session: AsyncSession, program_id: UUID) -> list[Segment]:
    """In no order; a program has at most MOST_SEGMENTS_OF_A_PROGRAM."""
    return list((await session.exec(select(Segment).where(col(Segment.program_id) == program_id))).all())


async def count_segments(session: AsyncSession, program_id: UUID) -> int:
    statement = select(func.count()).where(col(Segment.program_id) == program_id)
    return (await session.exec(statement)).one()


async def segment_name_is_taken(
    session: AsyncSession, program_id: UUID, name: str, besides: UUID | None = None
) -> bool:
    statement = select(Segment.id).where(col(Segment.program_id) == program_id, col(Segment.name) == name)
    if besides is not None:
        statement = statement.where(col(Segment.id) != besides)
    return (await session.exec(statement)).first() is not None


async def delete_segment(session: AsyncSession, segment: Segment) -> None:
    """Delete a segment that this transaction has locked, with its members."""
    await session.delete(segment)
    await session.execute(
        text("DELETE FROM segment_member WHERE segment_id = :segment"), {"segment": segment.id}
    )


async def due_segments(session: AsyncSession, attempted_before: datetime) -> list[UUID]:
    """Those that a refresh was asked for, who waits longest first, then those that were last evaluated before."""
    statement = (
        select(Segment.id)
        .where(
            or_(col(Segment.refresh_requested_at).is_not(None), col(Segment.attempted_at) < attempted_before)
        )
        .order_by(
            col(Segment.refresh_requested_at).asc().nulls_last(), col(Segment.attempted_at), col(Segment.id)
        )
    )
    return list((await session.exec(statement)).all())
