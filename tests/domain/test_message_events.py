"""The events that tell of messages."""

from uuid import uuid4

from domain.actions import Channel
from domain.message_events import TYPE_OF_STATUS, MessageEventType, message_event_data
from domain.messages import MessageStatus


def test_what_became_of_a_message_is_told_in_ids_and_words() -> None:
    message, rule = uuid4(), uuid4()
    said = {"bounce": "hard", "reason": "5.1.1"}
    assert message_event_data(MessageEventType.BOUNCED, message, Channel.EMAIL, rule, said) == {
        "type": "message.bounced",
        "message_id": str(message),
        "channel": "email",
        "rule_id": str(rule),
        "bounce": "hard",
        "reason": "5.1.1",
    }
    unknown = message_event_data(MessageEventType.REPLIED, None, Channel.SMS, None, {"text": "hi"})
    assert (unknown["message_id"], unknown["rule_id"], unknown["text"]) == (None, None, "hi")


def test_only_what_was_sent_or_has_failed_is_told_when_it_is_settled() -> None:
    assert set(TYPE_OF_STATUS) == {MessageStatus.SENT, MessageStatus.FAILED}
