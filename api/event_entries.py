"""Events of a request, read and found well formed by themselves."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from api.documents import refuse_beyond_limits
from api.errors import ErrorDetails, Fault, Refusal, invalid, invalid_fields
from api.schemas.event import EventFields
from domain.definition_rules import END_OF_TIME
from domain.events import API_SOURCE, request_hash_of

EARLIEST_EVENT = datetime(1900, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Entry:
    """`place`: what stands before the names of its fields, as in `events.3.event_data`; no other entry has it."""

    place: str
    said: EventFields
    data: dict[str, Any]
    request_hash: str
    source: str = API_SOURCE


def entry_of(said: EventFields, place: str = "", source: str = API_SOURCE) -> Entry:
    """Raises a Refusal that names the field."""
    if said.external_id is not None and said.participant_id is not None:
        raise invalid(f"{place}participant_id", "given together with external_id", "only one of the two")
    at = said.event_timestamp
    faults = instant_faults(f"{place}event_timestamp", at)
    if faults:
        raise invalid_fields(faults)
    data = said.event_data.document()
    refuse_beyond_limits(**{f"{place}event_data": data})
    request_hash = request_hash_of(
        data,
        external_id=said.external_id,
        participant_id=said.participant_id,
        event_timestamp=at,
        conversation_id=said.conversation_id,
        channel_source=said.channel_source,
    )
    return Entry(place, said, data, request_hash, source)


def instant_faults(field: str, at: datetime | None) -> list[Fault]:
    """Of the field that says when an event happened."""
    if at is None or EARLIEST_EVENT <= at < END_OF_TIME:
        return []
    years = f"{EARLIEST_EVENT.year} to {END_OF_TIME.year - 1}"
    return [Fault(field=field, reason="is out of range", expected=f"an instant in the years {years}")]


def distinct(entries: Iterable[Entry]) -> list[Entry]:
    """The first of those with the same idempotency key. Raises a Refusal when another says something else."""
    first: dict[str, Entry] = {}
    kept = []
    for entry in entries:
        key = entry.said.idempotency_key
        earlier = entry if key is None else first.setdefault(key, entry)
        if earlier is entry:
            kept.append(entry)
        elif earlier.request_hash != entry.request_hash:
            raise key_conflict(entry)
    return kept


def key_conflict(entry: Entry) -> Refusal:
    """The entry's idempotency key stands for an event that is not this one."""
    details = ErrorDetails(
        field=f"{entry.place}idempotency_key",
        reason="already used with another payload",
        expected="a new key",
    )
    message = f"{details.field}: this idempotency key was used with another payload"
    return Refusal(409, message, details, code="idempotency_conflict")
