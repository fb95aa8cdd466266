"""Adding to a participant's counters: by decimal arithmetic, so 0.1 ten times is 1."""

import re
from collections.abc import Mapping
from decimal import Context, Decimal
from typing import Any

from domain.json_limits import MAX_INT64, MAX_ITEMS, MIN_INT64

# An integer of 64 bits and all digits of any double beside it.
_EXACTLY = Context(prec=40)
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_LONGEST_NUMBER = 64
# From here on doubles have no fractions.
_WHOLE_FROM = 2**53


class CounterError(ValueError):
    """A counter cannot be changed: `counter` names it; the change of no other is at fault."""

    def __init__(self, counter: str, reason: str, expected: str) -> None:
        super().__init__(f"{counter}: {reason}")
        self.counter = counter
        self.reason = reason
        self.expected = expected


def as_decimal(value: object) -> Decimal | None:
    """The number that `value` is, or that its text is in JSON's notation; None for anything else.

    A double is the shortest decimal that stands for it. Numbers beyond 64 bits are None.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    text = value if isinstance(value, str) else repr(value)
    if len(text) > _LONGEST_NUMBER or _NUMBER.fullmatch(text) is None:
        return None
    number = Decimal(text)
    return number if MIN_INT64 <= number <= MAX_INT64 else None


def add_to_counter(counters: Mapping[str, Any], counter: str, change: Decimal) -> dict[str, Any]:
    """`counters` with `change` added to one of them; one that is absent counts from 0.

    Whole sums, and those beyond 2**53, are integers; others, the nearest double. Raises CounterError when the stored value is no
    number, when the sum does not fit in 64 bits, or when there are too many counters.
    """
    stored = counters.get(counter, 0)
    number = None if isinstance(stored, str) else as_decimal(stored)
    if number is None:
        raise CounterError(counter, "the stored counter is not a number", "a counter that holds a number")
    total = _EXACTLY.add(number, change)
    if not MIN_INT64 <= total <= MAX_INT64:
        raise CounterError(counter, "the sum is out of range", f"{MIN_INT64} to {MAX_INT64}")
    if counter not in counters and len(counters) >= MAX_ITEMS:
        raise CounterError(counter, "too many counters", f"at most {MAX_ITEMS}")
    return {**counters, counter: _as_json(total)}


def _as_json(total: Decimal) -> int | float:
    whole = total.to_integral_value()
    return int(whole) if total == whole or abs(total) >= _WHOLE_FROM else float(total)
