"""Events as Omnisend's clients send them: their contact is a participant, their name a type, their origin a source."""

from sqlmodel.ext.asyncio.session import AsyncSession

from api.contacts import contact_faults, participant_of_contact
from api.documents import faults_beyond_limits
from api.errors import Fault, invalid_fields
from api.event_entries import entry_of, instant_faults
from api.event_intake import receive_events
from api.names_of_request import in_names_of_request
from api.schemas.contact_event import (
    ContactEvent,
    EventMetadataOut,
    MetadataCategory,
    PropertyOut,
    QueryMetadata,
)
from api.schemas.event import EventData, EventFields
from domain.event_metadata import BUILT_IN, STANDARD_EVENTS, display_name, property_tree
from domain.event_properties import PropertyType
from domain.events import event_source
from domain.segment_events import SEGMENT_SOURCE
from store.event_samples import known_types, latest_events
from store.tables import Program

_NAMES = {"idempotency_key": "eventID"}


async def receive_contact_event(session: AsyncSession, program: Program, request: ContactEvent) -> None:
    """Raises a Refusal."""
    data = {**request.properties, "type": request.eventName}
    faults = [
        *contact_faults(request.contact),
        *instant_faults("eventTime", request.eventTime),
        *faults_beyond_limits(properties=data),
    ]
    if "type" in request.properties:
        reason = "a name that events have for their own"
        faults.append(Fault(field="properties.type", reason=reason, expected="another name"))
    if faults:
        raise invalid_fields(faults)
    participant_id = await participant_of_contact(
        session, program, request.contact, event_source(request.eventName)
    )
    said = EventFields(
        participant_id=participant_id,
        idempotency_key=None if request.eventID is None else str(request.eventID),
        event_timestamp=request.eventTime,
        event_data=EventData.model_validate(data),
    )
    received = receive_events(session, program, [entry_of(said, source=request.origin)])
    await in_names_of_request(received, _NAMES)


async def events_metadata(
    session: AsyncSession, program: Program, query: QueryMetadata
) -> list[EventMetadataOut]:
    """Types of events by name: those that the program has had, and for journeys those that are built in."""
    names = None if query.events is None else set(query.events)
    types = await known_types(session, program.id, None if names is None else sorted(names))
    origins: dict[str, list[str]] = {known.type: sorted(known.sources) for known in types}
    if query.category is MetadataCategory.AUTOMATIONS:
        for name in BUILT_IN:
            if names is None or name in names:
                origins.setdefault(name, [SEGMENT_SOURCE])
    examples = await latest_events(session, program.id) if query.includeProperties else {}
    properties = {known.type: known.properties for known in types}
    answer = []
    for name in sorted(origins):
        wanted = [one for one in origins[name] if query.origins is None or one in query.origins]
        if not wanted or (query.excludeCustomEvents and name not in STANDARD_EVENTS):
            continue
        item = EventMetadataOut(name=name, displayName=display_name(name), origins=wanted)
        if query.includeProperties:
            learned = {path: PropertyType(type_) for path, type_ in properties.get(name, {}).items()}
            tree = property_tree(learned, examples.get(name, []))
            item.properties = {key: PropertyOut.model_validate(node) for key, node in tree.items()}
        answer.append(item)
    return answer
