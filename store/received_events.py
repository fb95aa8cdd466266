"""Events that clients send, and reading every event back."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, Text, any_, bindparam, text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store.paging import Page, PageRequest, page_newest_first
from store.tables import Event, Participant


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Periods include their beginning and exclude their end."""

    type: str | None = None
    status: str | None = None
    participant_id: UUID | None = None
    external_id: str | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None
    event_from: datetime | None = None
    event_to: datetime | None = None


async def events_by_idempotency_key(
    session: AsyncSession, program_id: UUID, keys: Collection[str]
) -> dict[str, Event]:
    """Those of these keys under which the program has an event."""
    if not keys:
        return {}
    wanted = bindparam(None, list(keys), ARRAY(Text))
    statement = select(Event).where(
        col(Event.program_id) == program_id, col(Event.idempotency_key) == any_(wanted)
    )
    return {event.idempotency_key: event for event in await session.exec(statement) if event.idempotency_key}


async def get_event(session: AsyncSession, event_id: UUID) -> Event | None:
    return await session.get(Event, event_id)


async def lock_event(session: AsyncSession, event_id: UUID) -> Event | None:
    return await session.get(Event, event_id, with_for_update=True)


async def erase_events_of(session: AsyncSession, participant_id: UUID) -> None:
    """Leave of the events that clients sent for a participant only that they happened.

    Their keys and hashes stay: an event sent again is known as a repeat, and brings nobody back.
    """
    await session.execute(
        text(
            "UPDATE event SET event_data = jsonb_build_object('type', type, 'erased', true), error = NULL "
            "WHERE participant_id = :participant_id AND kind = 'EXTERNAL'"
        ),
        {"participant_id": participant_id},
    )


async def list_events(
    session: AsyncSession, program_id: UUID, wanted: EventFilter, request: PageRequest
) -> Page[Event]:
    """Newest first: received and generated ones alike."""
    statement = select(Event).where(col(Event.program_id) == program_id)
    for name in ("type", "status", "participant_id"):
        value = getattr(wanted, name)
        if value is not None:
            statement = statement.where(col(getattr(Event, name)) == value)
    if wanted.external_id is not None:
        person = select(Participant.id).where(
            col(Participant.program_id) == program_id, col(Participant.external_id) == wanted.external_id
        )
        statement = statement.where(col(Event.participant_id) == person.scalar_subquery())
    for column, start, end in (
        (col(Event.created_at), wanted.created_from, wanted.created_to),
        (col(Event.event_timestamp), wanted.event_from, wanted.event_to),
    ):
        if start is not None:
            statement = statement.where(column >= start)
        if end is not None:
            statement = statement.where(column < end)
    return await page_newest_first(session, statement, Event.created_at, Event.id, request)
