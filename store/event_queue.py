"""The queue of events: who may take which, in which order, and what becomes of them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.rules.processing import EventFacts

CHANNEL = "carillon_events"
_SHARD_LOCKS = 7_201

# A lane is what a program has queued in a shard. Lanes are found by leaps along the index, and take turns, so that
# neither a paused program's backlog nor a busy one's keeps others waiting. An event waits for those before it of
# its subject, also while one of them waits to be tried again.
_CLAIM = text(
    """
    WITH RECURSIVE lane AS (
        (SELECT shard, program_id FROM event
         WHERE status IN ('RECEIVED', 'PENDING') AND shard = ANY(CAST(:shards AS smallint[]))
         ORDER BY shard, program_id LIMIT 1)
        UNION ALL
        SELECT after.shard, after.program_id FROM lane CROSS JOIN LATERAL (
            SELECT shard, program_id FROM event
            WHERE status IN ('RECEIVED', 'PENDING') AND shard = ANY(CAST(:shards AS smallint[]))
              AND (shard, program_id) > (lane.shard, lane.program_id)
            ORDER BY shard, program_id LIMIT 1
        ) AS after
    )
    SELECT next.* FROM lane CROSS JOIN LATERAL (
        SELECT e.id, e.program_id, e.type, e.source, e.event_data, e.participant_id, e.conversation_id,
               e.channel_source, e.subject_id, e.rule_chain, e.attempts, e.seq,
               row_number() OVER (ORDER BY e.seq) AS turn
        FROM event AS e
        WHERE e.status IN ('RECEIVED', 'PENDING') AND e.shard = lane.shard AND e.program_id = lane.program_id
          AND e.available_at <= now()
          AND NOT EXISTS (
              SELECT 1 FROM event AS before
              WHERE before.status = 'PENDING' AND before.subject_id = e.subject_id
                AND before.seq < e.seq AND before.available_at > now()
          )
        ORDER BY e.seq LIMIT :limit
    ) AS next
    WHERE NOT EXISTS (
        SELECT 1 FROM automation_control AS control
        WHERE control.program_id = lane.program_id AND control.is_paused
          AND (control.paused_until IS NULL OR control.paused_until > now())
    )
    ORDER BY turn, seq LIMIT :limit
    """
)


@dataclass(frozen=True, slots=True)
class QueuedEvent:
    """`attempts`: how often processing it has failed."""

    facts: EventFacts
    attempts: int


async def hold_shards(session: AsyncSession, shards: Collection[int]) -> list[int]:
    """Those of `shards` that nobody else is processing, kept from others until the transaction ends."""
    held = await session.execute(
        text(
            "SELECT shard FROM unnest(CAST(:shards AS integer[])) AS shard "
            "WHERE pg_try_advisory_xact_lock(:lock, shard)"
        ),
        {"shards": list(shards), "lock": _SHARD_LOCKS},
    )
    return list(held.scalars())


async def next_events(session: AsyncSession, shards: Sequence[int], limit: int) -> list[QueuedEvent]:
    """Up to `limit` events of held shards whose turn it is; those of one subject in their order."""
    found = await session.execute(_CLAIM, {"shards": list(shards), "limit": limit})
    return [
        QueuedEvent(
            EventFacts(
                id=row["id"],
                program_id=row["program_id"],
                type=row["type"],
                source=row["source"],
                data=row["event_data"],
                participant_id=row["participant_id"],
                conversation_id=row["conversation_id"],
                channel_source=row["channel_source"],
                subject_id=row["subject_id"],
                chain=tuple(row["rule_chain"]),
            ),
            row["attempts"],
        )
        for row in found.mappings()
    ]


async def complete_events(session: AsyncSession, ids: Collection[UUID], now: datetime) -> None:
    if ids:
        await session.execute(
            text(
                "UPDATE event SET status = 'COMPLETED', processed_at = :now, error = NULL, "
                "attempts = attempts + 1 WHERE id = ANY(CAST(:ids AS uuid[]))"
            ),
            {"ids": list(ids), "now": now},
        )


async def put_back_event(session: AsyncSession, event_id: UUID, error: str, available_at: datetime) -> None:
    """To be tried again at `available_at`; the later events of its subject wait for it."""
    await session.execute(
        text(
            "UPDATE event SET status = 'PENDING', attempts = attempts + 1, available_at = :at, error = :error "
            "WHERE id = :id"
        ),
        {"id": event_id, "error": error, "at": available_at},
    )


async def give_up_event(session: AsyncSession, event_id: UUID, error: str, now: datetime) -> None:
    await session.execute(
        text(
            "UPDATE event SET status = 'FAILED', attempts = attempts + 1, processed_at = :now, error = :error "
            "WHERE id = :id"
        ),
        {"id": event_id, "error": error, "now": now},
    )
