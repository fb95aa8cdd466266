"""Events as Omnisend's clients send them: their contact is a participant, their name a type, their origin a source."""

from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from api.documents import refuse_beyond_limits
from api.errors import invalid
from api.event_entries import entry_of
from api.event_intake import receive_events
from api.schemas.contact_event import (
    Contact,
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
from domain.participant import Consent
from domain.segment_events import SEGMENT_SOURCE
from store.contacts import participant_at
from store.event_samples import known_types, latest_events
from store.participants import (
    Lock,
    change_participant,
    get_participant,
    participant_by_external_id,
    upsert_participant,
)
from store.tables import Participant, Program

_COLUMNS = {"email": "email", "phone": "phone", "firstName": "first_name", "lastName": "last_name"}
# By the names under which filters look for them.
_ATTRIBUTES = {
    "gender": "gender",
    "birthdate": "birthdate",
    "address": "address",
    "city": "city",
    "state": "state",
    "country": "country",
    "countryCode": "country_code",
    "postalCode": "postal_code",
}
MOST_TAGS = 1_000


async def receive_contact_event(session: AsyncSession, program: Program, request: ContactEvent) -> None:
    """Raises a Refusal."""
    refuse_beyond_limits(properties=request.properties)
    refuse_beyond_limits(**{"contact.customProperties": request.contact.customProperties})
    if "type" in request.properties:
        raise invalid("properties.type", "a name that events have for their own", "another name")
    participant_id = await _participant_of(session, program, request.contact, request.eventName)
    said = EventFields(
        participant_id=participant_id,
        idempotency_key=None if request.eventID is None else str(request.eventID),
        event_timestamp=request.eventTime,
        event_data=EventData.model_validate({**request.properties, "type": request.eventName}),
    )
    await receive_events(session, program, [entry_of(said, source=request.origin)])


async def _participant_of(session: AsyncSession, program: Program, contact: Contact, event: str) -> UUID:
    external_id = contact.id or contact.email or contact.phone
    if external_id is None:
        raise invalid("contact", "does not say who it is", "id, email or phone")
    source = event_source(event)
    known = await _known(session, program, contact)
    if known is not None:
        known = await get_participant(session, program.id, known.id, Lock.AGAINST_CHANGE)
    if known is None:
        upserted = await upsert_participant(session, program, external_id, _values(contact, None), source)
        return upserted.after.id
    values = {name: value for name, value in _values(contact, known).items() if getattr(known, name) != value}
    if values:
        await change_participant(session, program, known, values, source)
    return known.id


async def _known(session: AsyncSession, program: Program, contact: Contact) -> Participant | None:
    if contact.id is not None:
        try:
            found = await get_participant(session, program.id, UUID(contact.id))
        except ValueError:
            found = None
        return found or await participant_by_external_id(session, program.id, contact.id)
    return await participant_at(session, program.id, contact.email, contact.phone)


def _values(contact: Contact, known: Participant | None) -> dict[str, Any]:
    """What a contact says, over what is known of the participant."""
    said = contact.model_dump(exclude_none=True)
    attributes = {column: said[name] for name, column in _ATTRIBUTES.items() if name in said}
    consent = {one.channel: Consent.SUBSCRIBED.value for one in contact.optIns}
    consent |= {one.channel: Consent.UNSUBSCRIBED.value for one in contact.optOuts}
    values: dict[str, Any] = {column: said[name] for name, column in _COLUMNS.items() if name in said}
    values["attributes"] = {
        **({} if known is None else known.attributes),
        **attributes,
        **contact.customProperties,
    }
    refuse_beyond_limits(**{"contact.customProperties": values["attributes"]})
    values["consent"] = {**({} if known is None else known.consent), **consent}
    values["tags"] = list(dict.fromkeys([*([] if known is None else known.tags), *contact.tags]))
    if len(values["tags"]) > MOST_TAGS:
        raise invalid("contact.tags", "too many with those that the contact has", f"at most {MOST_TAGS}")
    return values


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
