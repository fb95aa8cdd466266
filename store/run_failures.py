"""Whom a run did not reach, with the address and the reason."""

from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.outcomes import Outcome
from domain.run_report import RunFailure

_FAILURES = text(
    "SELECT rp.participant_id, rp.outcome, rp.reason, rp.error, m.recipient FROM run_participant rp "
    "LEFT JOIN message m ON m.run_id = rp.run_id AND m.participant_id = rp.participant_id "
    "WHERE rp.run_id = :run AND rp.outcome IN ('failed', 'unknown') ORDER BY rp.seq LIMIT :limit"
)


async def run_failures(session: AsyncSession, run_id: UUID, limit: int) -> list[RunFailure]:
    """The first of them in the order of enrollment. Of a person who was erased there is no address."""
    rows = await session.execute(_FAILURES, {"run": run_id, "limit": limit})
    return [
        RunFailure(row.participant_id, Outcome(row.outcome), row.recipient or None, row.error or row.reason)
        for row in rows
    ]
