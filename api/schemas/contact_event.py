"""Events of contacts, as Omnisend's clients send them, and what is asked of the types of events."""

from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, StringConstraints

from api.schemas.contact import Contact, NeighbourShape, UpTo20
from api.schemas.text import Label
from domain.event_metadata import MetadataType
from domain.events import (
    AUTOMATION_SOURCE,
    CONVERSATION_SOURCE,
    MESSAGE_SOURCE,
    PARTICIPANT_SOURCE,
    RULE_SOURCE,
)
from domain.instants import Instant
from domain.journeys.definition import NOT_FROM_CLIENTS
from domain.segment_events import SEGMENT_SOURCE
from domain.storable_text import storable

# Events of these origins are made here.
_OWN_ORIGINS = frozenset(
    {
        *(AUTOMATION_SOURCE, RULE_SOURCE, PARTICIPANT_SOURCE, MESSAGE_SOURCE),
        *(CONVERSATION_SOURCE, SEGMENT_SOURCE),
    }
)


def _is_a_clients(origin: str) -> str:
    if origin in _OWN_ORIGINS:
        raise ValueError("an origin of events that are made here; expected the client's own")
    return origin


def _is_for_clients(name: str) -> str:
    if name in NOT_FROM_CLIENTS:
        raise ValueError("a name of events that are made here; expected another name")
    return name


EventName = Annotated[Label, AfterValidator(_is_for_clients)]
Origin = Annotated[
    str,
    StringConstraints(min_length=1, max_length=100),
    AfterValidator(storable),
    AfterValidator(_is_a_clients),
]


class ContactEvent(NeighbourShape):
    """`eventID` makes a repeated event one. `eventVersion` is taken, and makes no difference."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "eventName": "placed order",
                    "origin": "api",
                    "eventTime": "2026-11-28T09:00:00Z",
                    "contact": {"email": "noor@example.com", "firstName": "Noor"},
                    "properties": {"orderID": "88213", "totalPrice": 42.5},
                }
            ]
        },
    )

    eventName: EventName  # noqa: N815
    origin: Origin = "api"
    contact: Contact
    eventID: UUID | None = None  # noqa: N815
    eventTime: Instant | None = Field(default=None, description="Now when absent")  # noqa: N815
    eventVersion: UpTo20 = ""  # noqa: N815
    properties: dict[str, Any] = Field(default_factory=dict)


class MetadataCategory(StrEnum):
    AUTOMATIONS = "automations"
    EVENTS = "events"
    SEGMENTS = "segments"


class QueryMetadata(NeighbourShape):
    """`automations` also tells the events that there are without anybody sending them."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"category": "automations", "includeProperties": True}]},
    )

    category: MetadataCategory
    events: list[Label] | None = Field(default=None, max_length=500, description="Only those of these names")
    origins: list[Label] | None = Field(
        default=None, max_length=100, description="Only those of these origins"
    )
    includeProperties: StrictBool = False  # noqa: N815
    excludeCustomEvents: StrictBool = Field(  # noqa: N815
        default=False, description="Only events by the names that shops have in common"
    )


class PropertyOut(BaseModel):
    """`properties`: of a struct, or of each struct in a list."""

    displayName: str  # noqa: N815
    type: str = Field(examples=[MetadataType.STRING, "integerList"])
    explicitlyDefined: Literal[False] = False  # noqa: N815
    properties: "dict[str, PropertyOut] | None" = None


class EventMetadataOut(BaseModel):
    """A type of event. `properties` are learned from the events that came."""

    name: str
    displayName: str  # noqa: N815
    origins: list[str]
    explicitlyDefined: Literal[False] = False  # noqa: N815
    properties: dict[str, PropertyOut] | None = None


class EventsMetadataOut(BaseModel):
    events: list[EventMetadataOut]
