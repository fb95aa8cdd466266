from fastapi import APIRouter, Response

from api.contact_events import events_metadata, receive_contact_event
from api.dependencies import SessionDep
from api.journey_access import Writing
from api.omnisend_version import VERSIONED
from api.schemas.contact_event import ContactEvent, EventsMetadataOut, QueryMetadata

router = APIRouter(prefix="/api", tags=["events"], dependencies=VERSIONED)


@router.post("/events", status_code=202, response_class=Response)
async def receive(session: SessionDep, acting: Writing, body: ContactEvent) -> Response:
    """Store an event of a contact, who is created or changed by what is said of them. It takes the way of every event:
    through rules and into journeys."""
    await receive_contact_event(session, acting.program, body)
    return Response(status_code=202)


@router.post("/event-metadata/query", response_model_exclude_none=True)
async def query_metadata(session: SessionDep, acting: Writing, body: QueryMetadata) -> EventsMetadataOut:
    """Types of events, where they come from, and what they hold as far as the events that came have shown."""
    return EventsMetadataOut(events=await events_metadata(session, acting.program, body))
