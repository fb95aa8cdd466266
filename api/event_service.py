"""What the event routes do: take events in, find them again, put a failed one back."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from api.auth import program_named
from api.errors import Refusal, not_found
from api.event_entries import entry_of
from api.event_intake import receive_events
from api.paging import valid_page
from api.schemas.event import CreateEvent, CreateEvents, EventOut
from api.schemas.paging import Listing, listing
from domain.identity import Identity
from store.event_retry import NotFailedError, retry_event
from store.paging import PageRequest
from store.received_events import EventFilter, get_event, list_events, lock_event
from store.tables import Event


class EventService:
    """One per request, in the request's transaction, on behalf of a caller."""

    def __init__(self, session: AsyncSession, caller: Identity) -> None:
        self._session = session
        self._caller = caller

    async def receive(self, request: CreateEvent) -> EventOut:
        """Store the event, or answer the one stored under the same idempotency key."""
        program = await program_named(self._session, self._caller, request.program_id)
        (event,) = await receive_events(self._session, program, [entry_of(request)])
        return EventOut.model_validate(event)

    async def receive_batch(self, request: CreateEvents) -> list[EventOut]:
        """The same for each event, all of them or none."""
        program = await program_named(self._session, self._caller, request.program_id)
        entries = [entry_of(said, f"events.{position}.") for position, said in enumerate(request.events)]
        return _shown(await receive_events(self._session, program, entries))

    async def read(self, event_id: UUID) -> EventOut:
        return EventOut.model_validate(self._own(await get_event(self._session, event_id)))

    async def list(
        self, program_id: UUID | None, wanted: EventFilter, page: PageRequest
    ) -> Listing[EventOut]:
        program = await program_named(self._session, self._caller, program_id)
        found = await valid_page(list_events(self._session, program.id, wanted, page))
        return listing(_shown(found.rows), found.next_cursor)

    async def retry(self, event_id: UUID) -> EventOut:
        event = self._own(await lock_event(self._session, event_id))
        try:
            await retry_event(self._session, event, datetime.now(UTC))
        except NotFailedError:
            message = f"Only a FAILED event can be retried; this one is {event.status}"
            raise Refusal(409, message) from None
        return EventOut.model_validate(event)

    def _own(self, event: Event | None) -> Event:
        """An event of a program that is closed to the key is as good as none."""
        if event is None or self._caller.program_id not in {None, event.program_id}:
            raise not_found("Event")
        return event


def _shown(events: Sequence[Event]) -> list[EventOut]:
    return [EventOut.model_validate(event) for event in events]
