"""Vocabulary of events, the event that an automation generates, and the identity of one that a client sends."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from domain.automation import Definition
from domain.canonical_json import fingerprint
from domain.json_limits import normalise_json


class EventKind(StrEnum):
    EXTERNAL = "EXTERNAL"
    SYSTEM = "SYSTEM"


class EventStatus(StrEnum):
    RECEIVED = "RECEIVED"
    PENDING = "PENDING"
    PROCESSING = "PROCESSING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"


AUTOMATION_SOURCE = "automation"
API_SOURCE = "api"
AUTOMATION_STOPPED = "automation.stopped"


def event_source(event_type: str) -> str:
    """Who changes a participant when an event of this type does."""
    return f"event:{event_type}"


def generated_event_data(definition: Definition) -> dict[str, Any]:
    """`payload` merged under `type`: the automation's event_name wins over a `type` in the payload."""
    return {**definition.payload, "type": definition.event_name}


def payload_hash_of(
    data: Mapping[str, Any],
    external_id: str | None,
    participant_id: UUID | None,
    event_timestamp: datetime | None,
) -> str:
    """The fingerprint of all that a client says in an event; equal for requests that say the same."""
    said = {
        "event_data": data,
        "external_id": external_id,
        "participant_id": participant_id,
        "event_timestamp": event_timestamp,
    }
    return fingerprint(normalise_json(said))
