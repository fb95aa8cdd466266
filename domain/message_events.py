"""The events that tell what became of a message."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any
from uuid import UUID

from domain.actions import Channel
from domain.messages import MessageStatus


class MessageEventType(StrEnum):
    SENT = "message.sent"
    FAILED = "message.failed"
    DELIVERED = "message.delivered"
    BOUNCED = "message.bounced"
    OPENED = "message.opened"
    CLICKED = "message.clicked"
    COMPLAINED = "message.complained"
    REPLIED = "message.replied"
    UNSUBSCRIBED = "message.unsubscribed"


TYPE_OF_STATUS = {
    MessageStatus.SENT: MessageEventType.SENT,
    MessageStatus.FAILED: MessageEventType.FAILED,
}


def message_event_data(
    type_: MessageEventType,
    message_id: UUID | None,
    channel: Channel,
    rule_id: UUID | None,
    said: Mapping[str, Any],
) -> dict[str, Any]:
    """`{type, message_id, channel, rule_id}` and what else is to be said: `error`, `bounce`, `url`, `text` ...

    `error` says in a word what went wrong, and never what a provider answered: that may quote an address.
    """
    return {
        "type": type_.value,
        "message_id": None if message_id is None else str(message_id),
        "channel": channel.value,
        "rule_id": None if rule_id is None else str(rule_id),
        **said,
    }
