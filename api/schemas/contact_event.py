"""Events of contacts, as Omnisend's clients send them, and what is asked of the types of events."""

from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from api.schemas.participant import MailAddress, Tag
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


UpTo50 = Annotated[str, StringConstraints(max_length=50), AfterValidator(storable)]
CountryCode = Annotated[str, StringConstraints(max_length=3), AfterValidator(storable)]
UpTo20 = Annotated[str, StringConstraints(max_length=20), AfterValidator(storable)]
UpTo100 = Annotated[str, StringConstraints(max_length=100), AfterValidator(storable)]
UpTo500 = Annotated[str, StringConstraints(max_length=500), AfterValidator(storable)]
Origin = Annotated[
    str,
    StringConstraints(min_length=1, max_length=100),
    AfterValidator(storable),
    AfterValidator(_is_a_clients),
]
Birthdate = Annotated[str, StringConstraints(pattern=r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class OptIn(_Shape):
    """The contact said yes on this channel."""

    channel: Literal["email", "sms"]
    createdAt: Instant | None = None  # noqa: N815
    source: UpTo100 | None = None


class OptOut(OptIn):
    """The contact said no on this channel."""

    reason: UpTo100 | None = None


class Contact(_Shape):
    """Whose event it is: known by `id` (ours, or the client's own), else by `email`, else by `phone`.

    What is said of them is written down; whoever is not known yet becomes a participant.
    """

    id: Label | None = None
    email: MailAddress | None = None
    phone: Annotated[str, StringConstraints(max_length=64), AfterValidator(storable)] | None = None
    firstName: UpTo50 | None = None  # noqa: N815
    lastName: UpTo50 | None = None  # noqa: N815
    gender: Literal["m", "f"] | None = None
    birthdate: Birthdate | None = None
    address: UpTo500 | None = None
    city: UpTo100 | None = None
    state: UpTo100 | None = None
    country: UpTo100 | None = None
    countryCode: CountryCode | None = None  # noqa: N815
    postalCode: UpTo20 | None = None  # noqa: N815
    tags: list[Tag] = Field(default=[], max_length=100, description="Added to those that they have")
    customProperties: dict[str, Any] = {}  # noqa: N815
    optIns: list[OptIn] = Field(default=[], max_length=10)  # noqa: N815
    optOuts: list[OptOut] = Field(default=[], max_length=10)  # noqa: N815


class ContactEvent(_Shape):
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

    eventName: Label  # noqa: N815
    origin: Origin = "api"
    contact: Contact
    eventID: UUID | None = None  # noqa: N815
    eventTime: Instant | None = Field(default=None, description="Now when absent")  # noqa: N815
    eventVersion: UpTo20 = ""  # noqa: N815
    properties: dict[str, Any] = {}


class MetadataCategory(StrEnum):
    AUTOMATIONS = "automations"
    EVENTS = "events"
    SEGMENTS = "segments"


class QueryMetadata(_Shape):
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
    includeProperties: bool = False  # noqa: N815
    excludeCustomEvents: bool = Field(  # noqa: N815
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
