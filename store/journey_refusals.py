"""Whom journeys did not let in, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.journeys.entering import EntryRefusal
from store.event_retention import ROWS_A_STATEMENT
from store.paging import Page, PageRequest, page_newest_first
from store.tables import JourneyRefusal

_RECORD = text(
    "INSERT INTO journey_refusal (entry_key, id, journey_id, program_id, participant_id, event_id, reason, refused_at) "
    "SELECT r.key, uuidv7(), r.journey_id, r.program_id, r.participant_id, r.event_id, r.reason, :now "
    "FROM unnest(CAST(:keys AS text[]), CAST(:journeys AS text[]), CAST(:programs AS uuid[]), "
    "CAST(:people AS uuid[]), CAST(:events AS uuid[]), CAST(:reasons AS text[])) "
    "AS r(key, journey_id, program_id, participant_id, event_id, reason) ORDER BY r.key "
    "ON CONFLICT (entry_key) DO NOTHING"
)
_DISCARD = text(
    "DELETE FROM journey_refusal WHERE entry_key = ANY(ARRAY("
    "SELECT entry_key FROM journey_refusal WHERE refused_at < :before ORDER BY refused_at LIMIT :rows))"
)


@dataclass(frozen=True, slots=True)
class NewRefusal:
    """`entry_key`: of the enrollment that would have been."""

    entry_key: str
    journey_id: str
    program_id: UUID
    participant_id: UUID
    reason: EntryRefusal
    event_id: UUID | None = None


async def record_refusals(session: AsyncSession, refusals: Sequence[NewRefusal], now: datetime) -> None:
    """The caller has locked the people, so that an erasure finds these too."""
    if refusals:
        await session.execute(
            _RECORD,
            {
                "keys": [one.entry_key for one in refusals],
                "journeys": [one.journey_id for one in refusals],
                "programs": [one.program_id for one in refusals],
                "people": [one.participant_id for one in refusals],
                "events": [one.event_id for one in refusals],
                "reasons": [one.reason.value for one in refusals],
                "now": now,
            },
        )


async def list_refusals(
    session: AsyncSession,
    journey_id: str,
    request: PageRequest,
    *,
    reason: EntryRefusal | None = None,
    participant_id: UUID | None = None,
) -> Page[JourneyRefusal]:
    """Newest first. Raises InvalidCursorError."""
    statement = select(JourneyRefusal).where(col(JourneyRefusal.journey_id) == journey_id)
    if reason is not None:
        statement = statement.where(col(JourneyRefusal.reason) == reason.value)
    if participant_id is not None:
        statement = statement.where(col(JourneyRefusal.participant_id) == participant_id)
    return await page_newest_first(session, statement, JourneyRefusal.refused_at, JourneyRefusal.id, request)


async def discard_refusals(session: AsyncSession, refused_before: datetime) -> int:
    """Answers how many. ROWS_A_STATEMENT: there may be more."""
    gone = await session.execute(_DISCARD, {"before": refused_before, "rows": ROWS_A_STATEMENT})
    return int(gone.rowcount)  # type: ignore[attr-defined]


async def erase_refusals_of(session: AsyncSession, participant_id: UUID) -> None:
    """Delete the refusals of a participant whom this transaction has deleted."""
    await session.execute(
        text("DELETE FROM journey_refusal WHERE participant_id = :participant"),
        {"participant": participant_id},
    )
