from typing import Any

import pytest

from domain.conversation_events import conversation_event_data, noted_event_data

OPEN: dict[str, Any] = {
    "external_id": "ticket-1",
    "contact_id": None,
    "channel_source": "whatsapp",
    "status": "open",
    "assignee": None,
    "priority": None,
    "labels": [],
    "updated_at": 1,
}


def test_a_new_conversation_is_told_with_the_fields_it_came_with() -> None:
    assert conversation_event_data(None, OPEN) == {
        "type": "conversation.created",
        "changed": ["external_id", "channel_source", "status"],
        "status": "open",
    }


def test_a_change_names_the_fields() -> None:
    after = OPEN | {"assignee": "bo", "labels": ["refund"], "status": "pending"}
    assert conversation_event_data(OPEN, after) == {
        "type": "conversation.updated",
        "changed": ["status", "assignee", "labels"],
        "status": "pending",
    }


@pytest.mark.parametrize(
    ("before", "after", "type_"),
    [
        ("open", "resolved", "conversation.resolved"),
        ("resolved", "resolved", "conversation.updated"),
        ("resolved", "open", "conversation.updated"),
    ],
)
def test_only_the_change_that_resolves_it_is_told_as_that(before: str, after: str, type_: str) -> None:
    data = conversation_event_data(OPEN | {"status": before}, OPEN | {"status": after, "priority": "low"})
    assert data is not None
    assert data["type"] == type_


def test_what_changed_nothing_is_no_event() -> None:
    assert conversation_event_data(OPEN, OPEN | {"updated_at": 2}) is None


def test_a_note_is_an_update_that_tells_nothing_of_it() -> None:
    assert noted_event_data(OPEN) == {"type": "conversation.updated", "changed": ["notes"], "status": "open"}
