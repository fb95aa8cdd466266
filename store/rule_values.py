"""What the conditions of rules see: the event, its participant, its conversation."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from store.participant_values import Row, values_of_everything
from store.tables import Program

CONVERSATION_COLUMNS = (
    "id",
    "external_id",
    "channel_source",
    "status",
    "assignee",
    "priority",
    "labels",
)


def rule_values(
    program: Program,
    now: datetime,
    participant: Row | None,
    conversation: Row | None,
    event_data: Mapping[str, Any],
) -> dict[str, object]:
    """Values by dotted variable of the environment RULE. Of nobody, and of no conversation, there are none."""
    values: dict[str, object] = {
        "now": now,
        "program.id": str(program.id),
        "program.name": program.name,
        "program.timezone": program.timezone,
        "event": event_data,
    }
    if participant is not None:
        values |= values_of_everything(participant)
    if conversation is not None:
        values |= {f"conversation.{column}": conversation[column] for column in CONVERSATION_COLUMNS}
        values["conversation.id"] = str(conversation["id"])
    return values
