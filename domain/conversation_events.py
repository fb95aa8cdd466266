"""The events that tell of a conversation's change."""

from collections.abc import Mapping
from typing import Any

from domain.conversation import ConversationStatus

CONVERSATION_CREATED = "conversation.created"
CONVERSATION_UPDATED = "conversation.updated"
CONVERSATION_RESOLVED = "conversation.resolved"
FIELDS = ("external_id", "contact_id", "channel_source", "status", "assignee", "priority", "labels")
NOTES = "notes"

_NEW: dict[str, Any] = {"labels": []}

Row = Mapping[str, Any]


def conversation_event_data(before: Row | None, after: Row) -> dict[str, Any] | None:
    """`{type, changed, status}` for a conversation's columns, `before` None when it is new; None if nothing changed.

    `changed`: names of fields. One that is resolved is told as that and not as updated too.
    """
    earlier = _NEW if before is None else before
    changed = [name for name in FIELDS if earlier.get(name) != after[name]]
    if before is not None and not changed:
        return None
    return {"type": _type_of(before, after), "changed": changed, "status": after["status"]}


def noted_event_data(conversation: Row) -> dict[str, Any]:
    """The same for a conversation to which somebody has added a note."""
    return {"type": CONVERSATION_UPDATED, "changed": [NOTES], "status": conversation["status"]}


def _type_of(before: Row | None, after: Row) -> str:
    if before is None:
        return CONVERSATION_CREATED
    if before["status"] != after["status"] == ConversationStatus.RESOLVED:
        return CONVERSATION_RESOLVED
    return CONVERSATION_UPDATED
