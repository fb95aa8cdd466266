from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool

from api.schemas.text import Name, Text
from domain.destinations import LONGEST_URL
from domain.webhooks import DisabledReason, WebhookDeliveryStatus, WebhookType


def _wanted(types: list[WebhookType]) -> list[WebhookType]:
    if WebhookType.TEST in types:
        raise ValueError("webhook.test is sent to whom it tests; it cannot be subscribed to")
    return [type_ for type_ in WebhookType if type_ in types]


Url = Annotated[Text, Field(min_length=1, max_length=LONGEST_URL)]
EventTypes = Annotated[
    list[WebhookType],
    AfterValidator(_wanted),
    Field(max_length=len(WebhookType), description="What to be told; all types when empty"),
]


class CreateWebhook(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"url": "https://example.com/carillon", "event_types": ["run.completed", "run.failed"]}
            ]
        },
    )

    url: Url
    event_types: EventTypes = Field(default_factory=list)
    description: Name | None = None
    enabled: StrictBool = True


class PatchWebhook(BaseModel):
    """What is absent is left as it is. `enabled: true` also takes back what Carillon switched off."""

    model_config = ConfigDict(extra="forbid")

    url: Url | None = None
    event_types: EventTypes | None = None
    description: Name | None = None
    enabled: StrictBool | None = None


class WebhookOut(BaseModel):
    """An endpoint without its secret."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    program_id: UUID
    url: str
    description: str | None
    event_types: list[WebhookType]
    enabled: bool
    disabled_reason: DisabledReason | None = Field(
        description="Why Carillon switched it off: it answered 410, or nothing arrived for three days"
    )
    failing_since: datetime | None = Field(description="Since when no message has arrived any more")
    previous_secret_until: datetime | None = Field(
        description="Until when messages are signed with the secret before the last rotation, too"
    )
    created_at: datetime
    updated_at: datetime


class WebhookWithSecret(WebhookOut):
    """The only answers that hold the secret."""

    secret: str | None = Field(description="`whsec_...`; null when the answer is a repetition")


class WebhookDeliveryOut(BaseModel):
    """A message for this endpoint; `message_id` is its `webhook-id`, the same in each attempt."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    message_id: UUID
    type: WebhookType
    status: WebhookDeliveryStatus
    attempts: int
    next_attempt_at: datetime | None
    last_attempt_at: datetime | None
    last_response_status: int | None
    last_response_excerpt: str | None = Field(
        description="The beginning of the body, at most 1 KiB, of an answer that was no success"
    )
    last_error: str | None
    data: dict[str, Any]
    created_at: datetime
