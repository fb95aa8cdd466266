from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.messages import FIRST_RETRY, GIVE_UP_AFTER, LONGEST_RETRY, retry_at

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
