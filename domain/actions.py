"""What an automation does for each participant it reaches: a tagged union on `type`."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from domain.send_policy import USUAL_POLICY, SendPolicy
from domain.storable_text import storable


class Channel(StrEnum):
    EMAIL = "email"
    SMS = "sms"
    WHATSAPP = "whatsapp"
    PUSH = "push"
    WEBHOOK = "webhook"
    CONSOLE = "console"
    APPRISE = "apprise"


class SendMessage(BaseModel):
    """Send one message per participant. `subject` and `body` are Liquid templates over `participant` and `payload`.

    A mail needs a subject; elsewhere it is the title, where the channel has one. `sending`: what it asks of the gates.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: Literal["send_message"]
    channel: Channel
    subject: Annotated[str, Field(max_length=1_000, validate_default=True), AfterValidator(storable)] = ""
    body: Annotated[str, Field(min_length=1, max_length=65_536), AfterValidator(storable)]
    sending: Annotated[SendPolicy, Field(exclude_if=lambda policy: policy == USUAL_POLICY)] = USUAL_POLICY

    @field_validator("subject")
    @classmethod
    def _mails_have_one(cls, value: str, info: ValidationInfo) -> str:
        if info.data.get("channel") is Channel.EMAIL and not value:
            raise PydanticCustomError("missing", "Field required for the channel email")
        return value


Action = SendMessage
