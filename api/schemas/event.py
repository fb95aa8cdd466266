from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.text import Instant, Label
from domain.events import EventKind, EventStatus

PURCHASE: dict[str, Any] = {
    "program_id": "6f1c2a52-9a4e-4d3b-8c3f-0d7a54a3a1b7",
    "external_id": "customer-1042",
    "idempotency_key": "order-88213",
    "event_timestamp": "2026-12-01T09:00:00Z",
    "event_data": {"type": "purchase", "amount": "42.50", "currency": "EUR"},
}


class EventData(BaseModel):
    """`type`, and whatever else the event says."""

    model_config = ConfigDict(extra="allow")

    type: Label

    def document(self) -> dict[str, Any]:
        return {"type": self.type, **(self.model_extra or {})}


class CreateEvent(BaseModel):
    """Of `external_id` and `participant_id` at most one; with neither the event is the program's."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [PURCHASE]})

    program_id: UUID | None = Field(
        default=None, description="Required, unless the key is bound to a program"
    )
    external_id: Label | None = None
    participant_id: UUID | None = None
    idempotency_key: Label | None = None
    event_timestamp: Annotated[
        Instant | None, Field(description="When it happened: 1900 to 2100; now when absent")
    ] = None
    event_data: EventData


class EventOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    program_id: UUID
    participant_id: UUID | None
    idempotency_key: str | None
    kind: EventKind
    type: str
    source: str
    status: EventStatus
    event_data: dict[str, Any]
    payload_hash: str
    automation_id: UUID | None
    run_id: UUID | None
    event_timestamp: datetime
    created_at: datetime
    processed_at: datetime | None
    error: str | None
