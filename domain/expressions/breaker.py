"""Stops a condition that turns out slow on the rows it meets: the static cost bounds one evaluation, not a million."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from domain.expressions.engine import Condition

# Ordinary conditions take some 20 us a row; the slowest that may be saved, 40 ms on the largest rows.
SECONDS_PER_ROW = 0.005
SECONDS_BEFORE_JUDGING = 2.0


class SlowConditionError(Exception):
    """Evaluation was stopped. The message tells the average time a row and the condition's length, and no data."""


def with_breaker(condition: Condition, clock: Callable[[], float]) -> Condition:
    """An equal condition whose evaluations are timed, and stopped by SlowConditionError when they are slow.

    Slow is an average of more than SECONDS_PER_ROW, once SECONDS_BEFORE_JUDGING have been spent. `clock` tells
    seconds spent by the thread that calls, so that a busy machine does not count.
    """
    return replace(condition, _program=_TimedProgram(condition._program, clock))


class _TimedProgram:
    def __init__(self, program: Any, clock: Callable[[], float]) -> None:
        self._program = program
        self._clock = clock
        self._rows = 0
        self._spent = 0.0

    def eval(self, data: Mapping[str, object]) -> Any:
        started = self._clock()
        result = self._program.eval(data=data)
        self._spent += self._clock() - started
        self._rows += 1
        if self._spent > max(SECONDS_BEFORE_JUDGING, SECONDS_PER_ROW * self._rows):
            average = self._spent / self._rows * 1_000
            raise SlowConditionError(
                f"evaluating the condition takes {average:.1f} ms a participant on average, after {self._rows}; "
                f"at most {SECONDS_PER_ROW * 1_000:.0f} ms are allowed: use fewer loops, or simpler ones"
            )
        return result
