import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from domain.automation import CohortSize
from domain.cohorts import (
    AUTO_COHORT_SIZE,
    MAX_WINDOW,
    MIN_WINDOW,
    PARTICIPANTS_IN_FLIGHT,
    cohort_bounds,
    resolve_cohort_size,
    window,
)
from domain.contract import RunPlan

sizes = st.integers(1, 1_000)
totals = st.integers(0, 3_000)


@given(total=totals, size=sizes)
def test_every_ledger_row_is_in_exactly_one_cohort(total: int, size: int) -> None:
    cohorts = RunPlan(total=total, cohort_size=size, window=window(size)).cohorts
    rows = [row for cohort in range(cohorts) for row in range(*cohort_bounds(cohort, size, total))]
    assert rows == list(range(total))


@given(total=st.integers(0, 10**7), size=sizes)
def test_no_cohort_is_empty_or_larger_than_asked(total: int, size: int) -> None:
    cohorts = RunPlan(total=total, cohort_size=size, window=1).cohorts
    for cohort in {0, cohorts // 2, cohorts - 1} if cohorts else ():
        first, last = cohort_bounds(cohort, size, total)
        assert 0 < last - first <= size
    if cohorts:
        assert cohort_bounds(cohorts - 1, size, total)[1] == total


@pytest.mark.parametrize(
    ("total", "size"),
    [(0, 1), (1, 1), (199, 1), (200, 1), (201, AUTO_COHORT_SIZE), (10**6, AUTO_COHORT_SIZE)],
)
def test_auto_gives_one_child_each_up_to_two_hundred_people_and_hundreds_beyond(
    total: int, size: int
) -> None:
    assert resolve_cohort_size("auto", total) == size


@given(setting=sizes, total=totals)
def test_a_size_that_was_asked_for_is_kept(setting: int, total: int) -> None:
    assert resolve_cohort_size(setting, total) == setting


@given(total=st.integers(0, 5_000_000))
def test_auto_stays_far_from_the_history_limits(total: int) -> None:
    size = resolve_cohort_size("auto", total)
    assert size in {1, AUTO_COHORT_SIZE}
    assert RunPlan(total=total, cohort_size=size, window=window(size)).cohorts <= 10_000


@given(sizes)
def test_the_window_is_bounded_in_children_and_in_participants(size: int) -> None:
    children = window(size)
    assert MIN_WINDOW <= children <= MAX_WINDOW
    assert children * size <= PARTICIPANTS_IN_FLIGHT


@given(sizes, sizes)
def test_larger_cohorts_never_widen_the_window(one: int, other: int) -> None:
    assert window(max(one, other)) <= window(min(one, other))


@pytest.mark.parametrize("wrong", [0, -1, 1_001, 2.0, True, "12", "Auto", None])
def test_a_size_outside_one_to_a_thousand_is_refused(wrong: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(CohortSize).validate_python(wrong)
