"""What an automation does for each participant it reaches: a tagged union on `type`."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from domain.occasions import OncePer
from domain.send_policy import USUAL_POLICY, SendPolicy
from domain.storable_text import storable

JourneyId = Annotated[str, Field(pattern=r"^[0-9a-f]{24}$", description="24 hexadecimal digits")]
Body = Annotated[str, Field(min_length=1, max_length=65_536), AfterValidator(storable)]


class Channel(StrEnum):
    EMAIL = "email"
    SMS = "sms"
    WHATSAPP = "whatsapp"
    PUSH = "push"
    WEBHOOK = "webhook"
    CONSOLE = "console"
    APPRISE = "apprise"


class SendMessage(BaseModel):
    """Send one message per participant: a message template, by its id, or else `subject` and `body`.

    Those are Liquid templates over `participant` and `payload`. A mail needs a subject; elsewhere it is the title,
    where the channel has one. `sending`: what it asks of the gates. `once_per`: for what a person is sent one message
    of the automation.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: Literal["send_message"]
    channel: Channel
    template_id: UUID | None = None
    subject: Annotated[str, Field(max_length=1_000, validate_default=True), AfterValidator(storable)] = ""
    body: Annotated[Body | None, Field(validate_default=True)] = None
    sending: Annotated[SendPolicy, Field(exclude_if=lambda policy: policy == USUAL_POLICY)] = USUAL_POLICY
    once_per: Annotated[OncePer | None, Field(exclude_if=lambda once: once is None)] = None

    @field_validator("subject")
    @classmethod
    def _mails_have_a_subject(cls, value: str, info: ValidationInfo) -> str:
        if _has_template(info):
            _refuse_beside_template(value)
        elif info.data.get("channel") is Channel.EMAIL and not value:
            raise PydanticCustomError("missing", "Field required for the channel email")
        return value

    @field_validator("body")
    @classmethod
    def _there_is_a_body_or_a_template(cls, value: str | None, info: ValidationInfo) -> str | None:
        if _has_template(info):
            _refuse_beside_template(value)
        elif value is None:
            raise PydanticCustomError("missing", "Field required without template_id")
        return value

    def sources(self) -> Iterator[tuple[str, str]]:
        """Its own templates, each with the field that holds it."""
        yield "subject", self.subject
        if self.body is not None:
            yield "body", self.body


def _has_template(info: ValidationInfo) -> bool:
    """Also one that is none: that is told of its own field."""
    return info.data.get("template_id", "") is not None


def _refuse_beside_template(value: str | None) -> None:
    if value:
        raise PydanticCustomError("given_beside_template", "given beside template_id, which says it already")


class EnrollJourney(BaseModel):
    """Have the participant enter a journey, if it is enabled and its audience and limits let them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: Literal["enroll_journey"]
    journey_id: JourneyId


Action = Annotated[SendMessage | EnrollJourney, Field(discriminator="type")]
