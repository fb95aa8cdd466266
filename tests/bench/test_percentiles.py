import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.percentiles import percentile, spread

values = st.lists(st.floats(0, 1e6), min_size=1)
percents = st.integers(1, 100)


@pytest.mark.parametrize(("percent", "expected"), [(1, 1), (50, 50), (99, 99), (99.5, 100), (100, 100)])
def test_of_the_first_hundred_numbers_each_is_its_own_percentile(percent: float, expected: int) -> None:
    assert percentile(range(100, 0, -1), percent) == expected


@given(values, percents)
def test_a_percentile_was_measured_and_enough_do_not_exceed_it(measured: list[float], percent: int) -> None:
    found = percentile(measured, percent)
    assert found in measured
    assert sum(value <= found for value in measured) * 100 >= percent * len(measured)
    assert sum(value < found for value in measured) * 100 < percent * len(measured)


def test_a_spread_tells_the_middle_the_tail_and_the_worst() -> None:
    assert spread([1.0, 2.0, 3.0, 1000.0]) == "p50 2.0, p99 1,000.0, max 1,000.0, 4 measured"
