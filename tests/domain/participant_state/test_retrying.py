from datetime import timedelta

import pytest

from domain.participant_state import Standing, after_failure, after_success, cancelled, fire, follow

from .rhythms import ANYONE, DAY, HOUR, MINUTE, at, born, dated, every, spent, subscribed, threshold

NOON = at("2026-06-01T12:00Z")
ONCE, PERSON = dated(recurrence="once"), born("2026-06-01T12:00:00Z")


def fired_once() -> Standing:
    held = subscribed(ONCE, PERSON, NOON - DAY)
    return fire(ONCE, held, PERSON, NOON).standing


def test_a_failure_is_retried_after_five_minutes_and_then_twice_as_long_each_time() -> None:
    held, now, waits = fired_once(), NOON, []
    for _ in range(3):
        held = after_failure(held, "no answer", now)
        assert held.next_trigger_at is not None
        assert (held.status, held.last_error) == ("active", "no answer")
        waits.append(held.next_trigger_at - now)
        now = held.next_trigger_at
        fired = fire(ONCE, held, PERSON, now)
        held = fired.standing
        assert (fired.missed, held.trigger_count, held.last_triggered_at) == (False, 1, now)
        assert held.status == "completed"
    assert waits == [5 * MINUTE, 10 * MINUTE, 20 * MINUTE]
    given_up = after_failure(held, "still none", now)
    assert (given_up.status, given_up.next_trigger_at) == ("failed", None)
    assert (given_up.retry_count, given_up.last_error) == (0, "still none")
    assert after_failure(given_up, "again", now) == given_up


def test_a_retry_that_succeeds_leaves_no_trace_of_the_failure() -> None:
    failed = after_failure(fired_once(), "no answer", NOON)
    assert failed.next_trigger_at is not None
    retried = fire(ONCE, failed, PERSON, failed.next_trigger_at).standing
    sent = after_success(retried)
    assert (sent.status, sent.retry_count, sent.last_error, sent.trigger_count) == ("completed", 0, None, 1)


def test_however_late_a_retry_is_not_missed() -> None:
    failed = after_failure(fired_once(), "no answer", NOON)
    fired = fire(ONCE, failed, PERSON, NOON + 90 * DAY)
    assert (fired.missed, fired.standing.trigger_count) == (False, 1)


def test_after_retries_the_rhythm_goes_on_where_it_would_have() -> None:
    of = every(interval_hours=1)
    held = fire(of, subscribed(of, ANYONE, NOON), ANYONE, NOON + HOUR).standing
    now = NOON + HOUR
    for _ in range(3):
        held = after_failure(held, "no answer", now)
        assert held.next_trigger_at is not None
        now = held.next_trigger_at
        held = fire(of, held, ANYONE, now).standing
        assert held.next_trigger_at == NOON + 2 * HOUR
    given_up = after_failure(held, "no answer", now)
    assert (given_up.status, given_up.next_trigger_at, given_up.retry_count) == ("active", NOON + 2 * HOUR, 0)
    following = fire(of, given_up, ANYONE, NOON + 2 * HOUR).standing
    assert (following.trigger_count, following.next_trigger_at) == (2, NOON + 3 * HOUR)


def test_a_retry_never_comes_later_than_the_next_trigger_which_takes_its_place() -> None:
    of = every(interval_minutes=3)
    failed = after_failure(
        fire(of, subscribed(of, ANYONE, NOON), ANYONE, NOON + 3 * MINUTE).standing, "no", NOON + 3 * MINUTE
    )
    assert failed.next_trigger_at == NOON + 6 * MINUTE
    fired = fire(of, failed, ANYONE, NOON + 6 * MINUTE).standing
    assert (fired.trigger_count, fired.retry_count, fired.next_trigger_at) == (2, 0, NOON + 9 * MINUTE)


def test_a_retry_that_comes_after_the_next_trigger_is_that_trigger() -> None:
    of = every(interval_hours=1)
    now = NOON + HOUR
    failed = after_failure(fire(of, subscribed(of, ANYONE, NOON), ANYONE, now).standing, "no", now)
    fired = fire(of, failed, ANYONE, now + HOUR + MINUTE).standing
    assert (fired.trigger_count, fired.retry_count, fired.next_trigger_at) == (2, 0, NOON + 3 * HOUR)


def test_a_retry_that_nobody_settled_is_forgotten_by_the_next_trigger() -> None:
    of = every(interval_hours=1)
    now = NOON + HOUR
    failed = after_failure(fire(of, subscribed(of, ANYONE, NOON), ANYONE, now).standing, "no", now)
    retried = fire(of, failed, ANYONE, now + 5 * MINUTE).standing
    fired = fire(of, retried, ANYONE, NOON + 2 * HOUR).standing
    assert (fired.trigger_count, fired.retry_count, fired.next_trigger_at) == (2, 0, NOON + 3 * HOUR)


@pytest.mark.parametrize("delay", [timedelta(0), 90 * MINUTE])
def test_a_repeating_threshold_stays_armed_when_its_retries_are_used_up(delay: timedelta) -> None:
    of = threshold(repeat=True)
    held = fire(of, subscribed(of, spent(1000), NOON, before=ANYONE), spent(1000), NOON).standing
    for _ in range(3):
        held = after_failure(held, "no", NOON)
        assert held.next_trigger_at is not None
        held = fire(of, held, spent(1000), held.next_trigger_at + delay).standing
    held = after_failure(held, "no", NOON)
    assert (held.status, held.next_trigger_at, held.trigger_count) == ("active", None, 1)
    again = follow(of, follow(of, held, spent(0), NOON), spent(1000), NOON + DAY)
    assert again.next_trigger_at == NOON + DAY


def test_a_new_crossing_takes_the_place_of_a_retry() -> None:
    of = threshold(repeat=True)
    failed = after_failure(
        fire(of, subscribed(of, spent(1000), NOON, before=ANYONE), spent(1000), NOON).standing, "no", NOON
    )
    crossed = follow(of, follow(of, failed, spent(0), NOON), spent(1000), NOON + MINUTE)
    assert (crossed.next_trigger_at, crossed.retry_count) == (NOON + MINUTE, 0)
    assert fire(of, crossed, spent(1000), NOON + MINUTE).standing.trigger_count == 2


def test_who_is_no_longer_watched_gets_no_retry() -> None:
    gone = cancelled(fired_once())
    assert after_failure(gone, "no answer", NOON) == gone
