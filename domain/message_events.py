"""The events that tell what became of a message."""

from typing import Any
from uuid import UUID

from domain.actions import Channel
from domain.messages import MessageStatus

TYPE_OF_STATUS = {MessageStatus.SENT: "message.sent", MessageStatus.FAILED: "message.failed"}


def message_event_data(
    message_id: UUID, status: MessageStatus, channel: Channel, rule_id: UUID | None, problem: str | None
) -> dict[str, Any] | None:
    """`{type, message_id, channel, rule_id, error}`; None for a status that is not told.

    `error` says in a word what went wrong, and never what a provider answered: that may quote an address.
    """
    type_ = TYPE_OF_STATUS.get(status)
    if type_ is None:
        return None
    return {
        "type": type_,
        "message_id": str(message_id),
        "channel": channel.value,
        "rule_id": None if rule_id is None else str(rule_id),
        "error": problem,
    }
