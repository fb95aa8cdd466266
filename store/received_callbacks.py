"""Callbacks that were taken in: a repeat of one is not taken for another."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

REMEMBERED = timedelta(days=365)
ROWS_A_STATEMENT = 10_000

_FIRST_TIME = text(
    "INSERT INTO received_callback (source, callback_id, received_at) VALUES (:source, :id, :now) "
    "ON CONFLICT DO NOTHING RETURNING TRUE"
)
_FORGET = text(
    "DELETE FROM received_callback WHERE ctid = ANY(ARRAY("
    "SELECT ctid FROM received_callback WHERE received_at < :before ORDER BY received_at LIMIT :rows))"
)


async def is_first_time(session: AsyncSession, source: str, callback_id: str) -> bool:
    """Whether this callback of the source was not taken in before. Waits for a transaction that is just doing so."""
    given = {"source": source, "id": callback_id, "now": datetime.now(UTC)}
    return (await session.execute(_FIRST_TIME, given)).scalar_one_or_none() is not None


async def forget_old_callbacks(session: AsyncSession, now: datetime) -> None:
    """A bounded number of those older than REMEMBERED."""
    await session.execute(_FORGET, {"before": now - REMEMBERED, "rows": ROWS_A_STATEMENT})
