from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from api.schemas.text import Label
from domain.instants import Instant
from domain.message_news import MessageNews, NewsKind
from domain.storable_text import storable

Url = Annotated[str, StringConstraints(min_length=1, max_length=2_000), AfterValidator(storable)]
ReplyText = Annotated[str, StringConstraints(max_length=1_600), AfterValidator(storable)]


class _About(BaseModel):
    """`message_id`: Carillon's own, as in the header `X-Carillon-Message` of a mail."""

    model_config = ConfigDict(extra="forbid")

    message_id: UUID
    provider_id: Label | None = None
    reason: Label | None = Field(default=None, description="A word or a code, and nobody's data")


class _AboutBounce(_About):
    """`hard`: no message will ever reach this address. `soft`: this one did not yet."""

    bounce: Literal["hard", "soft"]


class _AboutClick(_About):
    url: Url | None = None


class _AboutReply(_About):
    text: ReplyText = ""


class _Callback(BaseModel):
    model_config = ConfigDict(extra="forbid")

    timestamp: Instant | None = Field(default=None, description="When it happened; when absent, just now")


class PlainCallback(_Callback):
    type: Literal[
        "message.sent",
        "message.failed",
        "message.delivered",
        "message.opened",
        "message.complained",
        "message.unsubscribed",
    ]
    data: _About

    def news(self, at: datetime) -> MessageNews:
        kind = NewsKind(self.type.removeprefix("message."))
        return MessageNews(kind, at, provider_id=self.data.provider_id, reason=self.data.reason)


class BounceCallback(_Callback):
    type: Literal["message.bounced"]
    data: _AboutBounce

    def news(self, at: datetime) -> MessageNews:
        kind = NewsKind.BOUNCED if self.data.bounce == "hard" else NewsKind.DEFERRED
        return MessageNews(kind, at, provider_id=self.data.provider_id, reason=self.data.reason)


class ClickCallback(_Callback):
    type: Literal["message.clicked"]
    data: _AboutClick

    def news(self, at: datetime) -> MessageNews:
        return MessageNews(NewsKind.CLICKED, at, url=self.data.url, provider_id=self.data.provider_id)


class ReplyCallback(_Callback):
    type: Literal["message.replied"]
    data: _AboutReply

    def news(self, at: datetime) -> MessageNews:
        return MessageNews(NewsKind.REPLIED, at, text=self.data.text, provider_id=self.data.provider_id)


MessageCallback = Annotated[
    PlainCallback | BounceCallback | ClickCallback | ReplyCallback, Field(discriminator="type")
]
