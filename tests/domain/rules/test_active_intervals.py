from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.clock.oracle import HOUR, MINUTE
from domain.rules.active_intervals import END_OF_TIME, Interval, active_intervals, is_active, next_active
from domain.rules.schedule_settings import ScheduleSettings

from .schedules import DAY, at, intervals_by_the_clock, schedule, schedules_and_spans

NOW = at("2026-06-01T12:00Z")
MOMENT = timedelta.resolution

Case = tuple[ScheduleSettings, datetime, datetime]
fractions = st.floats(0, 0.999)


def shown(intervals: list[Interval]) -> list[tuple[str, str]]:
    return [(f"{each.start:%d %H:%M}", f"{each.end:%d %H:%M}") for each in intervals]


def between(of: ScheduleSettings, start: str, end: str) -> list[tuple[str, str]]:
    """In UTC, as day of the month and time of day."""
    return shown(list(active_intervals(of, at(start), at(end))))


@settings(max_examples=150, deadline=None)
@given(schedules_and_spans())
def test_the_intervals_are_those_of_a_clock_watched_minute_by_minute(case: Case) -> None:
    of, start, end = case
    assert list(active_intervals(of, start, end)) == intervals_by_the_clock(of, start, end)


@settings(max_examples=200, deadline=None)
@given(schedules_and_spans(), st.lists(fractions, min_size=1, max_size=8))
def test_the_rule_is_active_at_the_instants_of_its_intervals_and_at_no_other(
    case: Case, fractions: list[float]
) -> None:
    of, start, end = case
    intervals = list(active_intervals(of, start, end))
    bounds = [bound for each in intervals for bound in (each.start, each.end)]
    instants = [start + fraction * (end - start) for fraction in fractions]
    for instant in [*instants, *bounds, *(bound - MOMENT for bound in bounds)]:
        if start <= instant < end:
            assert is_active(of, instant) is any(each.start <= instant < each.end for each in intervals)


@settings(max_examples=200, deadline=None)
@given(schedules_and_spans(), fractions)
def test_the_intervals_of_two_spans_are_those_of_both_together(case: Case, fraction: float) -> None:
    of, start, end = case
    middle = start + fraction * (end - start)
    parts = [*active_intervals(of, start, middle), *active_intervals(of, middle, end)]
    joined: list[Interval] = []
    for part in parts:
        if joined and joined[-1].end == part.start:
            part = Interval(joined.pop().start, part.end)
        joined.append(part)
    assert joined == list(active_intervals(of, start, end))


@settings(max_examples=200, deadline=None)
@given(schedules_and_spans(), st.lists(fractions, max_size=8))
def test_the_next_active_instant_is_active_and_none_before_it_is(case: Case, fractions: list[float]) -> None:
    of, start, end = case
    found = next_active(of, start, end)
    intervals = list(active_intervals(of, start, end))
    assert found == (intervals[0].start if intervals else None)
    if found is not None:
        assert is_active(of, found)
    idle = (found or end) - start
    for instant in (start + fraction * idle for fraction in fractions):
        assert not is_active(of, instant) or instant == found


@settings(max_examples=100, deadline=None)
@given(schedules_and_spans())
def test_intervals_are_ascending_apart_and_in_utc(case: Case) -> None:
    of, start, end = case
    intervals = list(active_intervals(of, start, end))
    assert all(start <= each.start < each.end <= end for each in intervals)
    assert all(earlier.end < later.start for earlier, later in pairwise(intervals))
    assert all(each.start.utcoffset() == each.end.utcoffset() == timedelta(0) for each in intervals)


def test_without_windows_a_rule_is_active_all_the_time() -> None:
    whole = Interval(NOW, NOW + 5_000 * DAY)
    assert list(active_intervals(schedule(), whole.start, whole.end)) == [whole]


def test_a_window_over_midnight_belongs_to_the_day_on_which_it_starts() -> None:
    friday_night = schedule(windows=[{"days": ["friday"], "start": "22:00", "end": "02:00"}])
    assert between(friday_night, "2026-06-01T00:00Z", "2026-06-15T00:00Z") == [
        ("05 22:00", "06 02:00"),
        ("12 22:00", "13 02:00"),
    ]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("00:00", "24:00", ("02 00:00", "03 00:00")),
        ("00:00", "00:00", ("02 00:00", "03 00:00")),
        ("09:00", "09:00", ("02 09:00", "03 09:00")),
        ("09:00", "24:00", ("02 09:00", "03 00:00")),
        ("23:59", "24:00", ("02 23:59", "03 00:00")),
    ],
)
def test_a_window_may_last_until_midnight_or_for_a_day(
    start: str, end: str, expected: tuple[str, str]
) -> None:
    tuesdays = schedule(windows=[{"days": ["tuesday"], "start": start, "end": end}])
    assert between(tuesdays, "2026-06-01T00:00Z", "2026-06-08T00:00Z") == [expected]


def test_windows_that_touch_or_overlap_are_one_interval() -> None:
    of = schedule(
        windows=[
            {"start": "12:00", "end": "15:00"},
            {"start": "09:00", "end": "12:00"},
            {"start": "10:00", "end": "11:00"},
        ]
    )
    assert between(of, "2026-06-01T00:00Z", "2026-06-02T00:00Z") == [("01 09:00", "01 15:00")]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("01:00", "04:00", [("29 00:00", "29 02:00")]),
        ("02:30", "04:00", [("29 01:00", "29 02:00")]),
        ("01:00", "02:30", [("29 00:00", "29 01:00")]),
        ("02:15", "02:45", []),
    ],
)
def test_in_a_gap_a_bound_is_the_first_instant_after_it(
    start: str, end: str, expected: list[tuple[str, str]]
) -> None:
    of = schedule(timezone="Europe/Berlin", windows=[{"start": start, "end": end}])
    assert between(of, "2026-03-28T23:00Z", "2026-03-29T22:00Z") == expected


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("02:30", "04:00", ("25 00:30", "25 03:00")),
        ("01:00", "02:30", ("24 23:00", "25 01:30")),
        ("02:15", "02:45", ("25 00:15", "25 01:45")),
        ("02:00", "03:00", ("25 00:00", "25 02:00")),
        ("03:00", "04:00", ("25 02:00", "25 03:00")),
    ],
)
def test_in_an_overlap_a_window_starts_the_first_time_and_ends_the_second(
    start: str, end: str, expected: tuple[str, str]
) -> None:
    of = schedule(timezone="Europe/Berlin", windows=[{"start": start, "end": end}])
    assert between(of, "2026-10-24T22:00Z", "2026-10-25T23:00Z") == [expected]


def test_a_window_that_ends_where_the_repeated_hour_begins_is_over_before_that_hour_comes_again() -> None:
    evening = schedule(timezone="Europe/Berlin", windows=[{"start": "22:00", "end": "02:00"}])
    assert between(evening, "2026-10-24T12:00Z", "2026-10-25T12:00Z") == [("24 20:00", "25 00:00")]
    saturday = schedule(
        timezone="America/Havana", windows=[{"days": ["saturday"], "start": "00:00", "end": "24:00"}]
    )
    assert between(saturday, "2026-10-30T00:00Z", "2026-11-03T00:00Z") == [("31 04:00", "01 04:00")]


def test_a_window_of_two_days_ago_goes_on_where_the_clock_is_set_back_over_midnight() -> None:
    of = schedule(
        timezone="America/St_Johns", windows=[{"days": ["friday"], "start": "23:30", "end": "23:30"}]
    )
    assert between(of, "2010-11-07T02:30Z", "2010-11-08T00:00Z") == [("07 02:30", "07 03:00")]


def test_a_day_that_a_zone_left_out_has_no_windows() -> None:
    fridays = schedule(
        timezone="Pacific/Apia", windows=[{"days": ["friday"], "start": "08:00", "end": "12:00"}]
    )
    assert between(fridays, "2011-12-24T00:00Z", "2012-01-05T00:00Z") == []
    assert next_active(fridays, at("2011-12-24T00:00Z"), END_OF_TIME) == at("2012-01-05T18:00Z")


def test_a_rule_rests_on_local_blackout_dates() -> None:
    of = schedule(
        timezone="Asia/Kathmandu", blackout_dates=["2026-06-02", {"from": "2026-06-04", "to": "2026-06-05"}]
    )
    assert between(of, "2026-06-01T00:00Z", "2026-06-07T00:00Z") == [
        ("01 00:00", "01 18:15"),
        ("02 18:15", "03 18:15"),
        ("05 18:15", "07 00:00"),
    ]


def test_a_blackout_takes_its_part_of_the_windows_over_both_its_midnights() -> None:
    of = schedule(windows=[{"start": "22:00", "end": "02:00"}], blackout_dates=["2026-06-03"])
    assert between(of, "2026-06-02T12:00Z", "2026-06-04T12:00Z") == [
        ("02 22:00", "03 00:00"),
        ("04 00:00", "04 02:00"),
    ]


def test_a_rule_is_active_from_its_first_instant_until_before_its_last() -> None:
    of = schedule(start_at=NOW, end_at=NOW + HOUR)
    assert [is_active(of, NOW + after) for after in (-MOMENT, timedelta(0), HOUR - MOMENT, HOUR)] == [
        False,
        True,
        True,
        False,
    ]
    assert list(active_intervals(of, NOW - DAY, NOW + DAY)) == [Interval(NOW, NOW + HOUR)]


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (schedule(windows=[{"start": "00:00", "end": "24:00"}]), NOW),
        (schedule(start_at="2525-01-01T00:00:00Z"), at("2525-01-01T00:00Z")),
        (
            schedule(
                windows=[{"days": ["monday"], "start": "09:00", "end": "10:00"}],
                blackout_dates=[{"from": "2026-06-01", "to": "8026-06-01"}],
            ),
            at("8026-06-08T09:00Z"),
        ),
        (
            schedule(
                windows=[{"days": ["tuesday"], "start": "09:00", "end": "10:00"}],
                blackout_dates=[
                    str((at("2026-06-02T00:00Z") + count * 7 * DAY).date()) for count in range(366)
                ],
            ),
            at("2026-06-02T09:00Z") + 366 * 7 * DAY,
        ),
    ],
)
def test_the_next_active_instant_is_found_however_far_it_is(of: ScheduleSettings, expected: datetime) -> None:
    assert next_active(of, NOW, END_OF_TIME) == expected
    assert next_active(of, NOW, expected) is None or expected == NOW
    assert next_active(of, NOW, expected + MINUTE) == expected


@pytest.mark.parametrize(
    "of",
    [
        schedule(end_at="2026-06-01T12:00:00Z"),
        schedule(end_at="0001-01-01T00:00:00+14:00"),
        schedule(start_at="9999-12-31T23:59:59-12:00"),
        schedule(blackout_dates=[{"from": "0001-01-01", "to": "9999-12-31"}]),
        schedule(
            windows=[{"days": ["monday"], "start": "09:00", "end": "10:00"}], end_at="2026-06-08T09:00:00Z"
        ),
    ],
)
def test_a_rule_that_is_never_active_again_has_no_next_active_instant(of: ScheduleSettings) -> None:
    assert next_active(of, NOW, END_OF_TIME) is None
    assert not is_active(of, NOW)
