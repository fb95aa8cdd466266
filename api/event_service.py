"""What the event routes do: take an event in once, find it again, put a failed one back."""

from datetime import UTC, datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from api.auth import program_named
from api.documents import refuse_beyond_limits
from api.errors import ErrorDetails, Refusal, invalid, not_found
from api.paging import valid_page
from api.schemas.event import CreateEvent, EventOut
from api.schemas.paging import Listing, listing
from domain.definition_rules import END_OF_TIME
from domain.events import API_SOURCE, EventKind, EventStatus, event_source, payload_hash_of
from domain.program_settings import UnknownParticipant, on_unknown_participant
from store.counters import count_event
from store.paging import PageRequest
from store.participants import Lock, get_participant, participant_by_external_id, upsert_participant
from store.received_events import (
    EventFilter,
    add_event,
    event_by_idempotency_key,
    get_event,
    list_events,
    lock_event,
)
from store.tables import ApiKey, Event, Program
from store.webhook_announcing import announce_event

EARLIEST_EVENT = datetime(1900, 1, 1, tzinfo=UTC)
NOBODY = "no such participant in this program"


class EventService:
    """One per request, in the request's transaction, on behalf of a key."""

    def __init__(self, session: AsyncSession, key: ApiKey) -> None:
        self._session = session
        self._key = key

    async def receive(self, request: CreateEvent) -> EventOut:
        """Store the event, or answer the one stored under the same idempotency key."""
        program = await program_named(self._session, self._key, request.program_id)
        data = request.event_data.document()
        _refuse_contradictions(request)
        refuse_beyond_limits(event_data=data)
        payload_hash = payload_hash_of(
            data, request.external_id, request.participant_id, request.event_timestamp
        )
        earlier = await self._earlier(program, request.idempotency_key, payload_hash)
        if earlier is not None:
            return earlier
        now = datetime.now(UTC)
        event = Event(
            program_id=program.id,
            participant_id=await self._participant_id(program, request),
            kind=EventKind.EXTERNAL.value,
            type=request.event_data.type,
            event_data=data,
            payload_hash=payload_hash,
            idempotency_key=request.idempotency_key,
            source=API_SOURCE,
            status=EventStatus.RECEIVED.value,
            event_timestamp=request.event_timestamp or now,
            created_at=now,
        )
        added = await add_event(self._session, event)
        if added is not None:
            await count_event(self._session, program, added)
            await announce_event(self._session, added)
            return EventOut.model_validate(added)
        overtaken = await self._earlier(program, request.idempotency_key, payload_hash)
        assert overtaken is not None
        return overtaken

    async def read(self, event_id: UUID) -> EventOut:
        return EventOut.model_validate(self._own(await get_event(self._session, event_id)))

    async def list(
        self, program_id: UUID | None, wanted: EventFilter, page: PageRequest
    ) -> Listing[EventOut]:
        program = await program_named(self._session, self._key, program_id)
        found = await valid_page(list_events(self._session, program.id, wanted, page))
        return listing([EventOut.model_validate(event) for event in found.rows], found.next_cursor)

    async def retry(self, event_id: UUID) -> EventOut:
        event = self._own(await lock_event(self._session, event_id))
        if event.status != EventStatus.FAILED.value:
            raise Refusal(409, f"Only a FAILED event can be retried; this one is {event.status}")
        event.status = EventStatus.RECEIVED.value
        event.error = event.processed_at = None
        return EventOut.model_validate(event)

    def _own(self, event: Event | None) -> Event:
        """An event of a program that is closed to the key is as good as none."""
        if event is None or self._key.program_id not in {None, event.program_id}:
            raise not_found("Event")
        return event

    async def _earlier(
        self, program: Program, idempotency_key: str | None, payload_hash: str
    ) -> EventOut | None:
        if idempotency_key is None:
            return None
        event = await event_by_idempotency_key(self._session, program.id, idempotency_key)
        if event is not None and event.payload_hash != payload_hash:
            raise _conflict()
        return None if event is None else EventOut.model_validate(event)

    async def _participant_id(self, program: Program, request: CreateEvent) -> UUID | None:
        """Whoever it is cannot be erased meanwhile, so erasing them finds this event too."""
        session, lock = self._session, Lock.AGAINST_ERASURE
        if request.participant_id is not None:
            if await get_participant(session, program.id, request.participant_id, lock) is None:
                raise _nobody("participant_id", str(request.participant_id))
            return request.participant_id
        if request.external_id is None:
            return None
        known = await participant_by_external_id(session, program.id, request.external_id, lock)
        if known is not None:
            return known.id
        if on_unknown_participant(program.settings) is UnknownParticipant.REJECT:
            raise _nobody("external_id", request.external_id)
        source = event_source(request.event_data.type)
        return (await upsert_participant(session, program, request.external_id, {}, source)).after.id


def _refuse_contradictions(request: CreateEvent) -> None:
    if request.external_id is not None and request.participant_id is not None:
        raise invalid("participant_id", "given together with external_id", "only one of the two")
    at = request.event_timestamp
    if at is not None and not EARLIEST_EVENT <= at < END_OF_TIME:
        years = f"{EARLIEST_EVENT.year} to {END_OF_TIME.year - 1}"
        raise invalid("event_timestamp", "is out of range", f"an instant in the years {years}")


def _nobody(field: str, received: str) -> Refusal:
    return Refusal(404, f"{field}: {NOBODY}", ErrorDetails(field=field, reason=NOBODY, received=received))


def _conflict() -> Refusal:
    details = ErrorDetails(
        field="idempotency_key", reason="already used with another payload", expected="a new key"
    )
    message = "This idempotency key was used with another payload"
    return Refusal(409, message, details, code="idempotency_conflict")
