"""What an automation does for each participant it reaches: a tagged union on `type`."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from domain.storable_text import storable


class Channel(StrEnum):
    EMAIL = "email"


class SendMessage(BaseModel):
    """Send one message per participant. `subject` and `body` are Liquid templates over `participant` and `payload`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: Literal["send_message"]
    channel: Channel
    subject: Annotated[str, Field(min_length=1, max_length=1_000), AfterValidator(storable)]
    body: Annotated[str, Field(min_length=1, max_length=65_536), AfterValidator(storable)]


Action = SendMessage
