"""Taking events in: all of a request or none, each once however often it is sent."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from api.event_entries import Entry, distinct, key_conflict
from api.event_participants import participants_of
from domain.events import EventKind
from store.counters import count_events
from store.event_rows import NewEvent, insert_events
from store.received_events import events_by_idempotency_key
from store.tables import Event, Program
from store.visits import count_visits
from store.webhook_announcing import announce_received_events


async def receive_events(session: AsyncSession, program: Program, entries: Sequence[Entry]) -> list[Event]:
    """The event of each entry: stored now, or the one stored under the same idempotency key. Raises a Refusal.

    A few statements for all of them. Events of one participant are processed in the order of `entries`.
    """
    sent_once = distinct(entries)
    under_keys = await _under_keys(session, program, sent_once)
    fresh = [entry for entry in sent_once if entry.said.idempotency_key not in under_keys]
    by_place = await _stored(session, program, fresh)
    # The others were overtaken by requests with the same keys, which had not ended when the keys were looked for.
    under_keys |= await _under_keys(
        session, program, [entry for entry in fresh if entry.place not in by_place]
    )
    under_keys |= {event.idempotency_key: event for event in by_place.values() if event.idempotency_key}
    return [by_place.get(entry.place) or under_keys[entry.said.idempotency_key or ""] for entry in entries]


async def _under_keys(session: AsyncSession, program: Program, entries: Sequence[Entry]) -> dict[str, Event]:
    """What is stored under the keys of these entries, each of which must say what was said then."""
    by_key = {key: entry for entry in entries if (key := entry.said.idempotency_key)}
    known = await events_by_idempotency_key(session, program.id, by_key.keys())
    for key, event in known.items():
        if event.request_hash != by_key[key].request_hash:
            raise key_conflict(by_key[key])
    return known


async def _stored(session: AsyncSession, program: Program, entries: Sequence[Entry]) -> dict[str, Event]:
    """The events made of these entries, by place; without those under whose key there is another by now."""
    now = datetime.now(UTC)
    people = await participants_of(session, program, entries)
    places: dict[UUID, str] = {}
    made = []
    for entry, participant_id in zip(entries, people, strict=True):
        event = _event(program, entry, participant_id, now)
        places[event.id] = entry.place
        made.append(event)
    stored = await insert_events(session, made)
    if stored:
        await count_events(session, program, stored, now)
        await count_visits(session, program, stored, now)
        await announce_received_events(session, program.id, stored)
    return {places[event.id]: event for event in stored}


def _event(program: Program, entry: Entry, participant_id: UUID | None, now: datetime) -> NewEvent:
    return NewEvent(
        program_id=program.id,
        participant_id=participant_id,
        conversation_id=entry.said.conversation_id,
        channel_source=entry.said.channel_source,
        kind=EventKind.EXTERNAL,
        data=entry.data,
        idempotency_key=entry.said.idempotency_key,
        request_hash=entry.request_hash,
        source=entry.source,
        event_timestamp=entry.said.event_timestamp or now,
        created_at=now,
    )
