from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.participant_state import Person, Standing, SubscriptionStatus, cancelled, fire, follow

from .rhythms import ANYONE, HOUR, SECOND, at, spent, subscribed, threshold

NOON = at("2026-06-01T12:00Z")
LATER = NOON + HOUR


def is_crossed(value: object, limit: float = 1000, operator: str = ">=") -> bool:
    """Whether going from nothing known to `value` fires."""
    of = threshold(value=limit, operator=operator)
    return subscribed(of, spent(value), NOON, before=ANYONE).is_due(NOON)


def test_a_threshold_fires_when_it_is_crossed() -> None:
    of = threshold()
    held = subscribed(of, spent(999), NOON)
    assert held.next_trigger_at is None
    crossed = follow(of, held, spent(1000), LATER)
    assert crossed.next_trigger_at == LATER
    assert (crossed.status, crossed.satisfied) == ("active", True)


def test_who_is_above_when_first_seen_does_not_cross() -> None:
    of = threshold()
    held = subscribed(of, spent(5000), NOON)
    assert (held.next_trigger_at, held.satisfied) == (None, True)
    assert follow(of, held, spent(6000), LATER) == held
    below = follow(of, held, spent(10), LATER)
    assert follow(of, below, spent(2000), LATER).next_trigger_at == LATER


def test_who_begins_to_match_by_the_change_that_crosses_is_judged_from_before_it() -> None:
    of = threshold()
    assert subscribed(of, spent(1000), NOON, before=spent(900)).next_trigger_at == NOON
    assert subscribed(of, spent(1000), NOON, before=spent(1100)).next_trigger_at is None
    assert subscribed(of, spent(900), NOON, before=spent(800)).next_trigger_at is None


def test_once_fired_it_is_completed_and_no_later_crossing_matters() -> None:
    of = threshold()
    held = subscribed(of, spent(1000), NOON, before=spent(0))
    done = fire(of, held, spent(1000), NOON).standing
    assert (done.status, done.next_trigger_at, done.trigger_count) == ("completed", None, 1)
    assert follow(of, follow(of, done, spent(0), LATER), spent(2000), LATER) == done


def test_with_repeat_it_is_armed_again_for_the_next_crossing() -> None:
    of = threshold(repeat=True)
    held = subscribed(of, spent(1000), NOON, before=spent(0))
    fired = fire(of, held, spent(1000), NOON).standing
    assert (fired.status, fired.next_trigger_at) == ("active", None)
    assert follow(of, fired, spent(1500), LATER) == fired
    again = follow(of, follow(of, fired, spent(0), LATER), spent(1200), LATER)
    assert again.next_trigger_at == LATER
    assert fire(of, again, spent(1200), LATER).standing.trigger_count == 2


def test_a_crossing_not_fired_yet_is_not_moved_by_what_the_counter_does_next() -> None:
    of = threshold()
    crossed = subscribed(of, spent(1000), NOON, before=spent(0))
    below = follow(of, crossed, spent(0), NOON + SECOND)
    assert below == replace(crossed, satisfied=False)
    assert follow(of, below, spent(3000), LATER) == crossed


@pytest.mark.parametrize(
    ("value", "crosses"),
    [
        (1000, True),
        (1000.0, True),
        ("1000", True),
        ("1000.00", True),
        ("1e3", True),
        (999.99, False),
        ("999.99", False),
        (None, False),
        (True, False),
        ("", False),
        ("lots", False),
        (" 1000", False),
        ("1_000", False),
        ("٢٠٠٠", False),
        ("NaN", False),
        ("Infinity", False),
        ("9" * 65, False),
        ([2000], False),
    ],
)
def test_a_counter_is_a_number_or_the_text_of_one(value: object, crosses: bool) -> None:
    assert is_crossed(value) is crosses


@pytest.mark.parametrize(
    ("operator", "at_limit", "beyond"), [(">=", True, 11), (">", False, 11), ("<=", True, 9), ("<", False, 9)]
)
def test_an_operator_says_which_side_satisfies(operator: str, at_limit: bool, beyond: int) -> None:
    assert is_crossed(10, 10, operator) is at_limit
    assert is_crossed(beyond, 10, operator)
    assert not is_crossed(20 - beyond, 10, operator)


def test_amounts_compare_as_decimals() -> None:
    assert is_crossed("0.3", 0.3)
    assert is_crossed(0.3, 0.3)
    assert not is_crossed("0.29999999999999999999", 0.3)


def test_a_changed_threshold_is_armed_from_the_level_of_now() -> None:
    done = fire(threshold(), subscribed(threshold(), spent(1000), NOON, before=ANYONE), ANYONE, NOON).standing
    raised = follow(threshold(value=2000), done, spent(1500), LATER)
    assert (raised.status, raised.satisfied, raised.next_trigger_at) == ("active", False, None)
    assert follow(threshold(value=2000), raised, spent(2000), LATER).next_trigger_at == LATER
    lowered = follow(threshold(value=500), done, spent(1500), LATER)
    assert (lowered.status, lowered.satisfied, lowered.next_trigger_at) == ("active", True, None)


def test_who_returns_does_not_get_a_single_trigger_again() -> None:
    of = threshold()
    done = fire(of, subscribed(of, spent(1000), NOON, before=spent(0)), spent(1000), NOON).standing
    back = subscribed(of, spent(1100), LATER, before=spent(0), earlier=cancelled(done))
    assert back.status is SubscriptionStatus.COMPLETED
    assert (back.next_trigger_at, back.trigger_count, back.subscribed_at) == (None, 1, LATER)


def test_who_returns_before_the_trigger_was_fired_still_gets_it() -> None:
    of = threshold()
    gone = cancelled(subscribed(of, spent(1000), NOON, before=spent(0)))
    assert gone.next_trigger_at is None
    back = subscribed(of, spent(1000), LATER, before=spent(900), earlier=gone)
    assert back.next_trigger_at == LATER


counts = st.one_of(st.none(), st.integers(-3, 8), st.integers(-3, 8).map(str), st.just("none"))


@given(counts, st.lists(st.tuples(counts, st.booleans())), st.booleans(), st.integers(-2, 6))
def test_over_any_walk_it_fires_where_a_naive_model_does(
    start: Any, walk: list[tuple[Any, bool]], repeat: bool, limit: int
) -> None:
    """Each step changes the counter; some are followed by the timer, which fires what is due."""
    of = threshold(value=limit, repeat=repeat)

    def level(value: Any) -> bool:
        return value not in (None, "none") and int(value) >= limit

    held: Standing = subscribed(of, spent(start), NOON)
    above, waiting, expected, fired = level(start), False, 0, 0
    for step, (value, timer_runs) in enumerate(walk):
        now, person = NOON + step * SECOND, Person({}, {"spend": value})
        waiting = waiting or (level(value) and not above and (repeat or expected == 0))
        above = level(value)
        held = follow(of, held, person, now)
        assert held.is_due(now) is waiting
        if timer_runs and waiting:
            held = fire(of, held, person, now).standing
            waiting, expected, fired = False, expected + 1, fired + 1
        assert held.trigger_count == fired
