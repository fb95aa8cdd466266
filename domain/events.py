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
RULE_SOURCE = "rule"
PARTICIPANT_SOURCE = "participant"
MESSAGE_SOURCE = "message"
CONVERSATION_SOURCE = "conversation"
# Events are dealt to so many shards by their subject; the events of a shard are processed by one worker at a time.
SHARDS = 8
AUTOMATION_STOPPED = "automation.stopped"


def shards_of(pump: int, pumps: int) -> list[int]:
    """The shards that one of so many pumps processes: each shard is one pump's."""
    return [shard for shard in range(SHARDS) if shard % pumps == pump]


def event_source(event_type: str) -> str:
    """Who changes a participant when an event of this type does."""
    return f"event:{event_type}"


def generated_event_data(definition: Definition) -> dict[str, Any]:
    """`payload` merged under `type`: the automation's event_name wins over a `type` in the payload."""
    return {**definition.payload, "type": definition.event_name}


def payload_hash_of(data: Mapping[str, Any]) -> str:
    """The SHA-256 of the canonical JSON of `event_data`: equal for payloads that say the same."""
    return fingerprint(data)


def request_hash_of(
    data: Mapping[str, Any],
    *,
    external_id: str | None,
    participant_id: UUID | None,
    event_timestamp: datetime | None,
    conversation_id: UUID | None = None,
    channel_source: str | None = None,
) -> str:
    """The fingerprint of all that a client says in an event; equal for requests that say the same."""
    said: dict[str, Any] = {
        "external_id": external_id,
        "participant_id": participant_id,
        "event_timestamp": event_timestamp,
    }
    # Left out where nothing is said, as in the hashes of events from before there were conversations.
    about = {"conversation_id": conversation_id, "channel_source": channel_source}
    said |= {name: value for name, value in about.items() if value is not None}
    return fingerprint({"event_data": data, **normalise_json(said)})
