from hypothesis import given
from hypothesis import strategies as st

from domain.failure_streak import failures_in_a_row, is_to_be_stopped
from domain.run_status import RunStatus

ENDS = st.sampled_from([RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED])


def test_a_failure_adds_to_the_streak_and_a_success_ends_it() -> None:
    assert failures_in_a_row(2, RunStatus.FAILED) == 3
    assert failures_in_a_row(2, RunStatus.COMPLETED) == 0


def test_a_cancelled_run_neither_adds_nor_ends() -> None:
    assert failures_in_a_row(2, RunStatus.CANCELLED) == 2


@given(st.lists(ENDS))
def test_the_streak_counts_the_failures_since_the_last_success(ends: list[RunStatus]) -> None:
    streak = 0
    for ended in ends:
        streak = failures_in_a_row(streak, ended)
    after_success = (
        ends[::-1][: ends[::-1].index(RunStatus.COMPLETED)] if RunStatus.COMPLETED in ends else ends
    )
    assert streak == after_success.count(RunStatus.FAILED)


def test_an_automation_is_stopped_at_the_limit_and_never_without_one() -> None:
    assert not is_to_be_stopped(4, limit=5)
    assert is_to_be_stopped(5, limit=5)
    assert not is_to_be_stopped(1_000, limit=0)
