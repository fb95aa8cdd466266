"""Windows and buckets of statistics: whole hours and days in UTC, whatever the zone of the clock."""

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.stat_windows import bucket_starts, days_window, hours_window

NOW = datetime(2026, 3, 8, 9, 30, 15, 7, tzinfo=UTC)
instants = st.datetimes(
    datetime(2000, 1, 1),  # noqa: DTZ001
    datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=5.5))]),
)


def test_hours_are_the_last_whole_ones_and_the_running_one() -> None:
    assert hours_window(NOW, 24) == datetime(2026, 3, 7, 9, tzinfo=UTC)


def test_days_are_those_of_utc_with_the_running_one_as_the_last() -> None:
    assert days_window(NOW, 1) == datetime(2026, 3, 8, tzinfo=UTC)
    assert days_window(NOW, 30) == datetime(2026, 2, 7, tzinfo=UTC)
    elsewhere = NOW.astimezone(timezone(timedelta(hours=-10)))
    assert days_window(elsewhere, 1) == datetime(2026, 3, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("window", "bucket", "days"),
    [(1, 1, [8]), (3, 1, [6, 7, 8]), (7, 7, [2]), (7, 3, [2, 5, 8]), (6, 3, [3, 6]), (5, 3, [4, 7])],
)
def test_buckets_begin_with_the_window_and_the_last_may_reach_beyond_today(
    window: int, bucket: int, days: list[int]
) -> None:
    assert [start.day for start in bucket_starts(NOW, window, bucket)] == days


@given(instants, st.integers(1, 365), st.integers(1, 365))
def test_each_instant_of_the_window_is_in_exactly_one_bucket(now: datetime, window: int, bucket: int) -> None:
    starts = bucket_starts(now, window, bucket)
    assert starts[0] == days_window(now, window)
    assert all(after - before == timedelta(days=bucket) for before, after in pairwise(starts))
    assert starts[-1] <= now < starts[-1] + timedelta(days=bucket)
