"""Writing events, many in one statement."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Table, text
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.events import EventKind, EventStatus, payload_hash_of
from store.tables import Event
from store.tables.event import MADE_BY_THE_DATABASE

_TABLE: Table = Event.__table__  # type: ignore[attr-defined]
_GIVEN = ", ".join(column.name for column in _TABLE.columns if column.name not in MADE_BY_THE_DATABASE)
# Numbered in the order in which they are given, and written in that of their keys: two requests that share several
# keys then wait for each other in one direction only.
_INSERT = text(
    f"""
    INSERT INTO event ({_GIVEN}, seq) OVERRIDING SYSTEM VALUE
    SELECT {_GIVEN}, place
    FROM (
        SELECT given.*, nextval(pg_get_serial_sequence('event', 'seq')) AS place
        FROM jsonb_populate_recordset(NULL::event, CAST(:events AS jsonb)) AS given
    ) AS numbered
    ORDER BY idempotency_key, place
    ON CONFLICT (program_id, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING
    RETURNING {", ".join(column.name for column in _TABLE.columns)}
    """  # noqa: S608
).columns(*_TABLE.columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """An event to be stored. `data`: its event_data, with its `type`; the others as in the table."""

    program_id: UUID
    kind: EventKind
    data: dict[str, Any]
    source: str
    event_timestamp: datetime
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    participant_id: UUID | None = None
    conversation_id: UUID | None = None
    channel_source: str | None = None
    idempotency_key: str | None = None
    request_hash: str | None = None
    automation_id: UUID | None = None
    run_id: UUID | None = None
    causation_id: UUID | None = None
    rule_chain: Sequence[UUID] = ()
    status: EventStatus = EventStatus.RECEIVED
    processed_at: datetime | None = None
    id: UUID = field(default_factory=uuid4)


async def insert_events(session: AsyncSession, events: Sequence[NewEvent]) -> list[Event]:
    """The events as stored, in their order: it is the order in which those of one subject are processed.

    Without those of whose idempotency key the program has another event. Waits for transactions that are adding
    one with the same key, so of several at once one adds it.
    """
    if not events:
        return []
    rows = json.dumps([_row(event) for event in events], default=str)
    stored = await session.scalars(select(Event).from_statement(_INSERT), {"events": rows})
    by_id = {event.id: event for event in stored}
    return [by_id[event.id] for event in events if event.id in by_id]


def _row(event: NewEvent) -> dict[str, Any]:
    return {
        "id": event.id,
        "program_id": event.program_id,
        "participant_id": event.participant_id,
        "kind": event.kind.value,
        "type": event.data["type"],
        "event_data": event.data,
        "payload_hash": payload_hash_of(event.data),
        "idempotency_key": event.idempotency_key,
        "request_hash": event.request_hash,
        "source": event.source,
        "automation_id": event.automation_id,
        "run_id": event.run_id,
        "conversation_id": event.conversation_id,
        "channel_source": event.channel_source,
        "causation_id": event.causation_id,
        "rule_chain": list(event.rule_chain),
        "status": event.status.value,
        "event_timestamp": event.event_timestamp,
        "created_at": event.created_at,
        "available_at": event.created_at,
        "processed_at": event.processed_at,
        "attempts": 0,
    }
