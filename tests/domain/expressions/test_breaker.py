"""A condition that is slow on the rows it meets is stopped, and says how slow it was."""

from collections.abc import Callable, Iterator

import pytest

from domain.expressions import SlowConditionError, Verdict, compile_condition, with_breaker
from domain.expressions.breaker import SECONDS_BEFORE_JUDGING, SECONDS_PER_ROW

from .values import values

CONDITION = compile_condition('"vip" in participant.tags')


def clock_of(durations: Iterator[float]) -> Callable[[], float]:
    """A clock by which each evaluation takes the next of these durations."""

    def readings() -> Iterator[float]:
        now = 0.0
        for duration in durations:
            yield now
            now += duration
            yield now

    return readings().__next__


def always(seconds: float) -> Iterator[float]:
    while True:
        yield seconds


def rows_until_stopped(seconds: float, most: int) -> int | None:
    condition = with_breaker(CONDITION, clock_of(always(seconds)))
    for row in range(1, most + 1):
        try:
            assert condition.evaluate(values()) == Verdict(True)
        except SlowConditionError:
            return row
    return None


@pytest.mark.parametrize("seconds", [0.000_02, SECONDS_PER_ROW * 0.99])
def test_what_is_fast_enough_goes_on(seconds: float) -> None:
    assert rows_until_stopped(seconds, 2_000) is None


def test_what_is_slow_is_stopped_once_it_had_its_time() -> None:
    seconds = SECONDS_PER_ROW * 2
    stopped = rows_until_stopped(seconds, 2_000)
    assert stopped is not None
    assert 0 <= stopped * seconds - SECONDS_BEFORE_JUDGING <= seconds


def test_a_few_slow_rows_among_many_fast_ones_are_no_reason() -> None:
    mostly_fast = (0.04 if row % 20 == 0 else 0.0 for row in range(10_000))
    condition = with_breaker(CONDITION, clock_of(mostly_fast))
    assert all(condition.evaluate(values()).matched for _ in range(2_000))


def test_the_error_tells_the_average_and_the_limit() -> None:
    condition = with_breaker(CONDITION, clock_of(always(3.0)))
    with pytest.raises(
        SlowConditionError, match=r"takes 3000\.0 ms a participant on average, after 1; at most 5 ms"
    ):
        condition.evaluate(values())


def test_nothing_else_about_the_condition_changes() -> None:
    condition = with_breaker(CONDITION, clock_of(always(0.0)))
    assert condition == CONDITION
    assert condition.evaluate({}) == CONDITION.evaluate({})
