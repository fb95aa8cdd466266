from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from api.schemas.text import Label, Name, Text
from domain.participant import Consent, ParticipantStatus
from domain.storable_text import storable

Tag = Annotated[str, StringConstraints(min_length=1, max_length=255), AfterValidator(storable)]
ChannelName = Literal["email", "sms", "whatsapp", "push"]
# Strict: neither true nor "5" is a number.
Number = Annotated[int, Field(strict=True)] | Annotated[float, Field(strict=True, allow_inf_nan=False)]


def _mail_address(value: str) -> str:
    try:
        return validate_email(value, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError as error:
        raise ValueError(str(error)) from None


MailAddress = Annotated[str, StringConstraints(max_length=320), AfterValidator(_mail_address)]


class ParticipantFields(BaseModel):
    """Every field of a participant that a client may write; what is absent is left as it is."""

    model_config = ConfigDict(extra="forbid")

    email: MailAddress | None = None
    phone: Annotated[str, StringConstraints(max_length=64), AfterValidator(storable)] | None = None
    first_name: Name | None = None
    last_name: Name | None = None
    display_name: Name | None = None
    locale: Annotated[str, StringConstraints(max_length=35), AfterValidator(storable)] | None = None
    timezone: Annotated[str, StringConstraints(max_length=64)] | None = None
    attributes: dict[str, Any] | None = None
    counters: dict[str, Number] | None = None
    tags: list[Tag] | None = Field(default=None, max_length=1_000)
    tiers: dict[str, Text] | None = None
    consent: dict[ChannelName, Consent] | None = None
    status: ParticipantStatus | None = None


NOOR: dict[str, Any] = {
    "external_id": "customer-1042",
    "email": "noor@example.com",
    "first_name": "Noor",
    "timezone": "Europe/Amsterdam",
    "attributes": {"birthday": "1992-02-29", "plan": "pro"},
    "counters": {"points": 1200},
    "tags": ["vip"],
    "consent": {"email": "subscribed"},
}


class PutParticipant(ParticipantFields):
    """Create or update by `external_id`: the client's own id of the person."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [NOOR]})

    external_id: Label


class PutParticipantOfProgram(PutParticipant):
    """The same, where the address does not name the program."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"program_id": "6f1c2a52-9a4e-4d3b-8c3f-0d7a54a3a1b7", **NOOR}]},
    )

    program_id: UUID | None = Field(
        default=None, description="Required, unless the key is bound to a program"
    )


class ParticipantOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    program_id: UUID
    external_id: str
    email: str | None
    phone: str | None
    first_name: str | None
    last_name: str | None
    display_name: str | None
    locale: str | None
    timezone: str | None
    attributes: dict[str, Any]
    counters: dict[str, Any]
    tags: list[str]
    tiers: dict[str, Any]
    consent: dict[str, str]
    status: ParticipantStatus
    created_at: datetime
    updated_at: datetime
