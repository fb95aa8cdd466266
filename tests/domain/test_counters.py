"""Adding to counters: exact, bounded, and never by what is no number."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.counters import CounterError, add_to_counter, as_decimal
from domain.json_limits import MAX_INT64, MAX_ITEMS, MIN_INT64, check_json_limits

integers = st.integers(MIN_INT64, MAX_INT64)
doubles = st.floats(-(2.0**62), 2.0**62)
cents = st.decimals(-1_000_000, 1_000_000, places=2)


def added(stored: object, change: object) -> Any:
    number = as_decimal(change)
    assert number is not None
    return add_to_counter({"points": stored}, "points", number)["points"]


@pytest.mark.parametrize(
    ("stored", "change", "total"),
    [
        (3, 4, 7),
        (3, -4, -1),
        (0.1, 0.2, 0.3),
        (1.5, 1.5, 3),
        (9_007_199_254_740_993, 1, 9_007_199_254_740_994),
        (MAX_INT64 - 1, 1, MAX_INT64),
        (12, "42.50", 54.5),
        (2**53, 0.75, 2**53 + 1),
        (MAX_INT64 - 2, 1.5, MAX_INT64 - 1),
        (5, 0, 5),
    ],
)
def test_a_change_is_added(stored: object, change: object, total: object) -> None:
    assert added(stored, change) == total
    assert type(added(stored, change)) is type(total)


def test_a_counter_that_is_absent_counts_from_zero_and_the_others_stay() -> None:
    before = {"orders": 2}
    assert add_to_counter(before, "points", Decimal(5)) == {"orders": 2, "points": 5}
    assert before == {"orders": 2}


@given(st.lists(cents, max_size=50))
def test_sums_of_amounts_are_exact(amounts: list[Decimal]) -> None:
    counters: dict[str, Any] = {}
    for amount in amounts:
        counters = add_to_counter(counters, "spend", amount)
    assert counters.get("spend", 0) == float(sum(amounts))


@given(integers, integers)
def test_integers_are_exact_or_refused(stored: int, change: int) -> None:
    if MIN_INT64 <= stored + change <= MAX_INT64:
        assert added(stored, change) == stored + change
    else:
        with pytest.raises(CounterError) as refused:
            added(stored, change)
        assert refused.value.counter == "points"


@given(st.one_of(integers, doubles), st.one_of(integers, doubles))
def test_a_sum_can_always_be_stored_and_added_to(stored: float, change: float) -> None:
    try:
        total = added(stored, change)
    except CounterError:
        return
    assert check_json_limits(total) == []
    assert add_to_counter({"points": total}, "points", Decimal(0))


@pytest.mark.parametrize("stored", ["5", None, True, [], {}, float("nan")])
def test_a_stored_value_that_is_no_number_is_refused_by_name(stored: object) -> None:
    with pytest.raises(CounterError) as refused:
        added(stored, 1)
    assert (refused.value.counter, refused.value.reason) == (
        "points",
        "the stored counter is not a number",
    )


def test_there_is_an_end_to_how_many_counters_there_are() -> None:
    full = {str(number): number for number in range(MAX_ITEMS)}
    assert add_to_counter(full, "0", Decimal(1))["0"] == 1
    with pytest.raises(CounterError):
        add_to_counter(full, "one more", Decimal(1))


@pytest.mark.parametrize(
    ("value", "number"),
    [(7, "7"), (0.1, "0.1"), ("42.50", "42.50"), ("-3", "-3"), ("1e3", "1E+3"), (1e18, "1E+18")],
)
def test_numbers_and_their_texts_count(value: object, number: str) -> None:
    assert as_decimal(value) == Decimal(number)


@pytest.mark.parametrize(
    "value",
    [
        *("", " 5", "5 ", "+5", "5,0", ".5", "5.", "0x5", "1_000", "٥", "NaN", "Infinity", "5\n"),
        *("9" * 65, "1e999999999999999999", "1e19", 2**63, 1e300),
        *(None, True, False, [5], {"amount": 5}, float("nan"), float("inf")),
    ],
    ids=repr,
)
def test_nothing_else_counts(value: object) -> None:
    assert as_decimal(value) is None


@given(st.text(max_size=70))
def test_any_text_is_a_number_within_bounds_or_none(text: str) -> None:
    number = as_decimal(text)
    assert number is None or MIN_INT64 <= number <= MAX_INT64


def test_a_fraction_beyond_all_digits_leaves_the_sum_as_it_is() -> None:
    assert added(5, "1e-999999999999") == 5
