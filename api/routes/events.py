from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from api.auth import Reader, Writer
from api.dependencies import PageDep, SessionDep
from api.event_service import EventService
from api.schemas.event import AcceptedEvents, CreateEvent, CreateEvents, EventOut
from api.schemas.paging import Listing
from api.schemas.text import Name
from domain.events import EventStatus
from domain.instants import Instant
from store.received_events import EventFilter

router = APIRouter(prefix="/v1/events", tags=["events"])


async def _reading(session: SessionDep, key: Reader) -> EventService:
    return EventService(session, key)


async def _writing(session: SessionDep, key: Writer) -> EventService:
    return EventService(session, key)


async def _wanted(
    type_: Annotated[Name | None, Query(alias="type")] = None,
    status: EventStatus | None = None,
    participant_id: UUID | None = None,
    external_id: Annotated[Name | None, Query(description="The client's own id of the participant")] = None,
    created_from: Annotated[Instant | None, Query(alias="from", description="Received from then on")] = None,
    created_to: Annotated[Instant | None, Query(alias="to", description="Received before then")] = None,
    event_from: Annotated[Instant | None, Query(description="Happened from then on")] = None,
    event_to: Annotated[Instant | None, Query(description="Happened before then")] = None,
) -> EventFilter:
    return EventFilter(
        type_, status, participant_id, external_id, created_from, created_to, event_from, event_to
    )


Reading = Annotated[EventService, Depends(_reading)]
Writing = Annotated[EventService, Depends(_writing)]


@router.post("", status_code=202)
async def receive(service: Writing, body: CreateEvent) -> EventOut:
    """Store an event. The same `idempotency_key` with the same payload answers the event that was stored first;
    with another payload, 409 `idempotency_conflict`."""
    return await service.receive(body)


@router.post("/batch", status_code=202)
async def receive_batch(service: Writing, body: CreateEvents) -> AcceptedEvents:
    """Store up to 1,000 events of one program: all of them, or none when one is refused. Each `idempotency_key` is good for
    what it is good for alone. Events of one participant are processed in this order."""
    return AcceptedEvents(accepted=await service.receive_batch(body))


@router.get("")
async def list_(
    service: Reading,
    page: PageDep,
    wanted: Annotated[EventFilter, Depends(_wanted)],
    program_id: Annotated[
        UUID | None, Query(description="Required, unless the key is bound to a program")
    ] = None,
) -> Listing[EventOut]:
    """Events of a program, newest first: those that clients sent and those that automations made."""
    return await service.list(program_id, wanted, page)


@router.get("/{event_id}")
async def get(service: Reading, event_id: UUID) -> EventOut:
    """One event."""
    return await service.read(event_id)


@router.post("/{event_id}/retry", status_code=202)
async def retry(service: Writing, event_id: UUID) -> EventOut:
    """Put a FAILED event back as RECEIVED. 409 for any other."""
    return await service.retry(event_id)
