from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from domain.actions import Channel
from domain.messages import MessageStatus


class MessageOut(BaseModel):
    """A message, without its text. A viewer sees `recipient` masked, no `subject`, and `error` only as a word.

    `error` of one that is skipped, or waits, is the gate's reason; `gave_way_to`: what took the last room under a limit.
    """

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    program_id: UUID
    participant_id: UUID | None
    automation_id: UUID | None
    run_id: UUID | None
    rule_id: UUID | None
    event_id: UUID | None
    journey_id: str | None
    enrollment_id: UUID | None
    block_id: str | None
    template_id: UUID | None
    channel: Channel
    recipient: str
    subject: str | None
    status: MessageStatus
    error: str | None
    gave_way_to: UUID | None
    priority: int
    attempts: int
    available_at: datetime | None
    provider_id: str | None
    created_at: datetime
    settled_at: datetime | None
    delivered_at: datetime | None
    opened_at: datetime | None
    clicked_at: datetime | None
    bounced_at: datetime | None
    complained_at: datetime | None
    replied_at: datetime | None
    unsubscribed_at: datetime | None


class MessageClickOut(BaseModel):
    """A link that was followed, and when it was first."""

    model_config = ConfigDict(from_attributes=True)

    url: str
    at: datetime


class MessageDetailOut(MessageOut):
    """`clicks`: the links that were followed, the first one first; none for a viewer, as a URL may tell whose it is."""

    clicks: list[MessageClickOut]


class MessageCountsOut(BaseModel):
    """`total` is the sum of `by_status`. `told`: of how many of them it was told, or seen, that they were delivered ..."""

    total: int
    by_status: dict[MessageStatus, int] = Field(description="Every status, also where there is none")
    told: dict[str, int] = Field(
        description="delivered, opened, clicked, bounced, complained, replied, unsubscribed"
    )
