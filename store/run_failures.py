"""Whom a run did not reach, with the address and the reason."""

from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.actions import Channel
from domain.addresses import address_of
from domain.outcomes import Outcome
from domain.run_report import RunFailure

_FAILURES = text(
    "SELECT rp.participant_id, rp.outcome, rp.reason, rp.error, m.recipient, "
    "r.definition -> 'action' ->> 'channel' AS channel, p.email, p.phone, p.external_id, p.attributes "
    "FROM run_participant rp JOIN automation_run r ON r.id = rp.run_id "
    "LEFT JOIN participant p ON p.id = rp.participant_id "
    "LEFT JOIN message m ON m.run_id = rp.run_id AND m.participant_id = rp.participant_id "
    "WHERE rp.run_id = :run AND rp.outcome IN ('failed', 'unknown') ORDER BY rp.seq LIMIT :limit"
)


async def run_failures(session: AsyncSession, run_id: UUID, limit: int) -> list[RunFailure]:
    """The first of them in the order of enrollment. Of a person who was erased there is no address."""
    rows = (await session.execute(_FAILURES, {"run": run_id, "limit": limit})).mappings()
    return [
        RunFailure(
            row["participant_id"], Outcome(row["outcome"]), _recipient(row), row["error"] or row["reason"]
        )
        for row in rows
    ]


def _recipient(row: RowMapping) -> str | None:
    """Where their message went; of one that was never made, where it would have gone."""
    if row["recipient"] is not None:
        return row["recipient"] or None
    is_there = row["external_id"] is not None
    return address_of(Channel(row["channel"]), row) if row["channel"] is not None and is_there else None
