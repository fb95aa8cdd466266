"""Subscriptions as rows: read under a lock, and written many at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.participant_state import Standing, SubscriptionStatus

COLUMNS = (
    "s.automation_id, s.participant_id, s.status, s.next_trigger_at, s.last_triggered_at, s.trigger_count, "
    "s.retry_count, s.last_error, s.regular_trigger_at, s.anchor, s.satisfied, s.created_at"
)
"""What standing_of reads, of a subscription named `s`. Rows are locked in the order of automation and participant."""


@dataclass(frozen=True, slots=True)
class Placed:
    """The standing of one participant with one automation."""

    automation_id: UUID
    participant_id: UUID
    standing: Standing


def standing_of(row: Mapping[str, Any] | RowMapping) -> Standing:
    return Standing(
        status=SubscriptionStatus(row["status"]),
        subscribed_at=row["created_at"],
        anchor=row["anchor"],
        next_trigger_at=row["next_trigger_at"],
        last_triggered_at=row["last_triggered_at"],
        trigger_count=row["trigger_count"],
        retry_count=row["retry_count"],
        last_error=row["last_error"],
        satisfied=row["satisfied"],
        regular_trigger_at=row["regular_trigger_at"],
    )


async def write_standings(session: AsyncSession, placed: Sequence[Placed]) -> None:
    """Insert or overwrite one row each, in one statement. Each pair of automation and participant at most once."""
    if not placed:
        return
    standings = [one.standing for one in placed]
    await session.execute(
        text(
            "INSERT INTO subscription (id, automation_id, participant_id, status, next_trigger_at, last_triggered_at, "
            "trigger_count, retry_count, last_error, regular_trigger_at, anchor, satisfied, created_at) "
            "SELECT gen_random_uuid(), * FROM unnest(CAST(:automations AS uuid[]), CAST(:participants AS uuid[]), "
            "CAST(:statuses AS text[]), CAST(:next AS timestamptz[]), CAST(:last AS timestamptz[]), "
            "CAST(:counts AS integer[]), CAST(:retries AS integer[]), CAST(:errors AS text[]), "
            "CAST(:regular AS timestamptz[]), CAST(:anchors AS text[]), CAST(:satisfied AS boolean[]), "
            "CAST(:created AS timestamptz[])) "
            "ON CONFLICT (automation_id, participant_id) DO UPDATE SET status = excluded.status, "
            "next_trigger_at = excluded.next_trigger_at, last_triggered_at = excluded.last_triggered_at, "
            "trigger_count = excluded.trigger_count, retry_count = excluded.retry_count, "
            "last_error = excluded.last_error, regular_trigger_at = excluded.regular_trigger_at, "
            "anchor = excluded.anchor, satisfied = excluded.satisfied, created_at = excluded.created_at, "
            "updated_at = now()"
        ),
        {
            "automations": [one.automation_id for one in placed],
            "participants": [one.participant_id for one in placed],
            "statuses": [standing.status.value for standing in standings],
            "next": [standing.next_trigger_at for standing in standings],
            "last": [standing.last_triggered_at for standing in standings],
            "counts": [standing.trigger_count for standing in standings],
            "retries": [standing.retry_count for standing in standings],
            "errors": [standing.last_error for standing in standings],
            "regular": [standing.regular_trigger_at for standing in standings],
            "anchors": [standing.anchor for standing in standings],
            "satisfied": [standing.satisfied for standing in standings],
            "created": [standing.subscribed_at for standing in standings],
        },
    )


async def delete_subscriptions(
    session: AsyncSession, automation_id: UUID, participants: Sequence[UUID]
) -> None:
    if participants:
        await session.execute(
            text(
                "DELETE FROM subscription "
                "WHERE automation_id = :automation AND participant_id = ANY(CAST(:participants AS uuid[]))"
            ),
            {"automation": automation_id, "participants": list(participants)},
        )
