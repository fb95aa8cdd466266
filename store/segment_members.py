"""Who is in which segment, as expressions and lists ask for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store.paging import Page, PageRequest, page_newest_first
from store.tables import Participant, SegmentMember

SEGMENTS_OF_P = (
    "ARRAY(SELECT CAST(m.segment_id AS text) FROM segment_member AS m "
    "WHERE m.participant_id = p.id ORDER BY m.segment_id)"
)
"""The ids of the segments that `p`, which has a participant's `id`, is in."""


@dataclass(frozen=True, slots=True)
class Member:
    participant_id: UUID
    external_id: str
    entered_at: datetime


async def with_segments(
    session: AsyncSession, rows: Sequence[Mapping[str, Any] | RowMapping]
) -> list[dict[str, Any]]:
    """Rows of participants by column, which hold `id`, each with the `segments` that the participant is in."""
    found = await session.execute(
        text(f"SELECT p.id, {SEGMENTS_OF_P} AS segments FROM unnest(CAST(:ids AS uuid[])) AS p(id)"),  # noqa: S608
        {"ids": [row["id"] for row in rows]},
    )
    segments = {row["id"]: row["segments"] for row in found.mappings()}
    return [{**row, "segments": segments[row["id"]]} for row in rows]


async def list_members(session: AsyncSession, segment_id: UUID, request: PageRequest) -> Page[Member]:
    """Who entered last, first. Raises InvalidCursorError."""
    statement = select(SegmentMember).where(col(SegmentMember.segment_id) == segment_id)
    page = await page_newest_first(
        session, statement, SegmentMember.entered_at, SegmentMember.participant_id, request
    )
    people = await session.exec(
        select(Participant.id, Participant.external_id).where(
            col(Participant.id).in_([row.participant_id for row in page.rows])
        )
    )
    names = dict(people.all())
    # Who was erased between the two statements is left out.
    members = [
        Member(row.participant_id, names[row.participant_id], row.entered_at)
        for row in page.rows
        if row.participant_id in names
    ]
    return Page(members, page.next_cursor)


async def forget_memberships(session: AsyncSession, participant_id: UUID) -> None:
    """Delete the memberships of a participant whom this transaction has deleted."""
    await session.execute(
        text("DELETE FROM segment_member WHERE participant_id = :participant"),
        {"participant": participant_id},
    )
