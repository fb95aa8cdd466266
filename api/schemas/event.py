from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.text import Label
from domain.events import EventKind, EventStatus
from domain.instants import Instant

PURCHASE: dict[str, Any] = {
    "program_id": "6f1c2a52-9a4e-4d3b-8c3f-0d7a54a3a1b7",
    "external_id": "customer-1042",
    "idempotency_key": "order-88213",
    "event_timestamp": "2026-12-01T09:00:00Z",
    "event_data": {"type": "purchase", "amount": "42.50", "currency": "EUR"},
}
PURCHASES: dict[str, Any] = {
    "program_id": PURCHASE["program_id"],
    "events": [{name: value for name, value in PURCHASE.items() if name != "program_id"}],
}


class EventData(BaseModel):
    """`type`, and whatever else the event says."""

    model_config = ConfigDict(extra="allow")

    type: Label

    def document(self) -> dict[str, Any]:
        return {"type": self.type, **(self.model_extra or {})}


class EventFields(BaseModel):
    """What a client says of an event. Of `external_id` and `participant_id` at most one; with neither the event is that of
    its conversation's contact, if it has such, and of the program otherwise."""

    model_config = ConfigDict(extra="forbid")

    external_id: Label | None = None
    participant_id: UUID | None = None
    conversation_id: Annotated[
        UUID | None, Field(description="The conversation in which it happened, one of the program's")
    ] = None
    channel_source: Annotated[Label | None, Field(description="Where it came in, such as `whatsapp`")] = None
    idempotency_key: Label | None = None
    event_timestamp: Annotated[
        Instant | None, Field(description="When it happened: 1900 to 2100; now when absent")
    ] = None
    event_data: EventData


class CreateEvent(EventFields):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [PURCHASE]})

    program_id: UUID | None = Field(
        default=None, description="Required, unless the key is bound to a program"
    )


class CreateEvents(BaseModel):
    """Events of one program: all are stored, or none."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [PURCHASES]})

    program_id: UUID | None = Field(
        default=None, description="Required, unless the key is bound to a program"
    )
    events: list[EventFields] = Field(min_length=1, max_length=1_000)


class EventOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    program_id: UUID
    participant_id: UUID | None
    conversation_id: UUID | None
    channel_source: str | None
    idempotency_key: str | None
    kind: EventKind
    type: str
    source: str
    status: EventStatus
    event_data: dict[str, Any]
    payload_hash: str
    automation_id: UUID | None
    run_id: UUID | None
    causation_id: UUID | None = Field(description="The event to which a rule reacted by making this one")
    event_timestamp: datetime
    created_at: datetime
    attempts: int = Field(description="How often it has been processed, or its processing has failed")
    available_at: datetime = Field(description="Not processed before then")
    processed_at: datetime | None
    error: str | None


class AcceptedEvents(BaseModel):
    accepted: list[EventOut] = Field(description="In the order of the request")
