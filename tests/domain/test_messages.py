from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.actions import Channel
from domain.message_events import message_event_data
from domain.messages import FIRST_RETRY, GIVE_UP_AFTER, LONGEST_RETRY, MessageStatus, retry_at

QUEUED_AT = datetime(2026, 3, 1, 9, tzinfo=UTC)


@given(st.integers(1, 10_000), st.timedeltas(timedelta(0), GIVE_UP_AFTER - LONGEST_RETRY))
def test_a_message_is_tried_again_within_minutes(attempts: int, waited: timedelta) -> None:
    now = QUEUED_AT + waited
    due = retry_at(attempts, QUEUED_AT, now)
    assert due is not None
    assert FIRST_RETRY <= due - now <= LONGEST_RETRY


@given(st.integers(1, 10_000))
def test_the_more_often_it_failed_the_longer_it_waits(attempts: int) -> None:
    sooner, later = (retry_at(count, QUEUED_AT, QUEUED_AT) for count in (attempts, attempts + 1))
    assert sooner is not None
    assert later is not None
    assert sooner <= later


@given(st.integers(1, 10_000), st.timedeltas(GIVE_UP_AFTER, timedelta(days=400)))
def test_after_a_day_it_is_given_up(attempts: int, waited: timedelta) -> None:
    assert retry_at(attempts, QUEUED_AT, QUEUED_AT + waited) is None


def test_an_outage_that_lasts_ends_every_message() -> None:
    now, attempts = QUEUED_AT, 0
    while (due := retry_at(attempts := attempts + 1, QUEUED_AT, now)) is not None:
        now = due
    assert GIVE_UP_AFTER - LONGEST_RETRY < now - QUEUED_AT <= GIVE_UP_AFTER


@pytest.mark.parametrize(
    ("status", "problem", "type_"),
    [(MessageStatus.SENT, None, "message.sent"), (MessageStatus.FAILED, "refused", "message.failed")],
)
def test_what_became_of_a_message_is_told_in_ids_and_a_word(
    status: MessageStatus, problem: str | None, type_: str
) -> None:
    message, rule = uuid4(), uuid4()
    assert message_event_data(message, status, Channel.EMAIL, rule, problem) == {
        "type": type_,
        "message_id": str(message),
        "channel": "email",
        "rule_id": str(rule),
        "error": problem,
    }


@pytest.mark.parametrize("status", sorted(set(MessageStatus) - {MessageStatus.SENT, MessageStatus.FAILED}))
def test_what_is_not_decided_or_never_left_is_not_told(status: MessageStatus) -> None:
    assert message_event_data(uuid4(), status, Channel.EMAIL, None, None) is None
