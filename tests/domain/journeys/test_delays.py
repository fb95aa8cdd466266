"""When delays end: on the wall clock of a zone, through changes of it, on allowed days."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.journeys.blocks import Delay, DelayDuration
from domain.journeys.delays import LATEST, end_of_delay, end_of_duration

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = st.sampled_from(
    [
        ZoneInfo(name)
        for name in (
            "UTC",
            "Europe/Berlin",
            "America/Sao_Paulo",
            "Asia/Kolkata",
            "Australia/Lord_Howe",
            "Pacific/Apia",
        )
    ]
)
STARTS = st.integers(0, 25 * 365 * 86_400).map(
    lambda seconds: datetime(2010, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
ALLOWED = st.lists(st.sampled_from(WEEKDAYS), max_size=7, unique=True)
CLOCK_TIMES = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))


def delay(**fields: Any) -> Delay:
    return Delay.model_validate(fields)


def lasting(amount: int, units: str, **fields: Any) -> Delay:
    return delay(mode="duration", duration={"amount": amount, "units": units}, **fields)


def at(clock_time: str, **fields: Any) -> Delay:
    return delay(mode="specificTime", time=clock_time, **fields)


def in_berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


@pytest.mark.parametrize(
    ("start", "amount", "units", "end"),
    [
        ("2026-03-02T12:00", 90, "m", "2026-03-02T13:30"),
        ("2026-03-02T12:00", 36, "h", "2026-03-04T00:00"),
        ("2026-03-02T12:00", 3, "d", "2026-03-05T12:00"),
        ("2026-03-02T12:00", 2, "w", "2026-03-16T12:00"),
        ("2026-03-02T12:00", 1, "M", "2026-04-02T12:00"),
        # Hours are lengths of time, days keep the clock time: this night is an hour short.
        ("2026-03-28T12:00", 24, "h", "2026-03-29T13:00"),
        ("2026-03-28T12:00", 1, "d", "2026-03-29T12:00"),
        # 02:30 does not exist on that day: the first instant after the gap.
        ("2026-03-28T02:30", 1, "d", "2026-03-29T03:00"),
        # 02:30 exists twice on that day: the first time.
        ("2026-10-24T02:30", 1, "d", "2026-10-25T02:30"),
        ("2026-01-31T12:00", 1, "M", "2026-02-28T12:00"),
        ("2028-01-31T12:00", 1, "M", "2028-02-29T12:00"),
        ("2026-11-30T12:00", 3, "M", "2027-02-28T12:00"),
    ],
)
def test_a_duration_ends(start: str, amount: int, units: str, end: str) -> None:
    assert end_of_delay(lasting(amount, units), in_berlin(start), BERLIN) == in_berlin(end)


@pytest.mark.parametrize(
    ("start", "clock_time", "allowed", "end"),
    [
        ("2026-03-02T08:00", "09:00", None, "2026-03-02T09:00"),
        ("2026-03-02T09:00", "09:00", None, "2026-03-02T09:00"),
        ("2026-03-02T09:00:01", "09:00", None, "2026-03-03T09:00"),
        # 2026-03-02 is a Monday.
        ("2026-03-02T08:00", "09:00", ["wednesday", "friday"], "2026-03-04T09:00"),
        ("2026-03-04T09:30", "09:00", ["wednesday"], "2026-03-11T09:00"),
        ("2026-03-28T22:00", "02:30", None, "2026-03-29T03:00"),
        ("2026-10-24T22:00", "02:30", None, "2026-10-25T02:30"),
    ],
)
def test_a_clock_time_comes(start: str, clock_time: str, allowed: list[str] | None, end: str) -> None:
    given_days = {} if allowed is None else {"allowedWeekdays": allowed}
    assert end_of_delay(at(clock_time, **given_days), in_berlin(start), BERLIN) == in_berlin(end)


def test_allowed_weekdays_move_an_end_ahead_at_the_same_clock_time() -> None:
    monday = in_berlin("2026-03-02T12:34")
    assert end_of_delay(lasting(1, "d", allowedWeekdays=["monday"]), monday, BERLIN) == in_berlin(
        "2026-03-09T12:34"
    )
    now = delay(mode="immediate")
    assert end_of_delay(now, monday, BERLIN) == monday
    assert end_of_delay(delay(mode="immediate", allowedWeekdays=["friday"]), monday, BERLIN) == in_berlin(
        "2026-03-06T12:34"
    )


def test_a_clock_time_is_one_of_the_zone() -> None:
    start = datetime(2026, 3, 2, 12, tzinfo=UTC)
    tokyo, new_york = ZoneInfo("Asia/Tokyo"), ZoneInfo("America/New_York")
    assert end_of_delay(at("09:00"), start, tokyo) == datetime(2026, 3, 3, 0, tzinfo=UTC)
    assert end_of_delay(at("09:00"), start, new_york) == datetime(2026, 3, 2, 14, tzinfo=UTC)


def test_a_day_that_a_zone_left_out_begins_with_the_next() -> None:
    apia = ZoneInfo("Pacific/Apia")
    start = datetime(2011, 12, 29, 9, tzinfo=apia)
    assert end_of_delay(lasting(1, "d"), start, apia) == datetime(2011, 12, 31, 0, tzinfo=apia)


@given(STARTS, st.integers(1, 10**12), st.sampled_from(["m", "h", "d", "w", "M"]), ALLOWED, ZONES)
def test_a_duration_never_ends_before_it_began_nor_on_another_day_than_allowed(
    start: datetime, amount: int, units: str, allowed: list[str], zone: ZoneInfo
) -> None:
    end = end_of_delay(lasting(amount, units, allowedWeekdays=allowed), start, zone)
    assert start <= end <= LATEST
    if allowed and end < LATEST and not follows_a_gap(end, zone):
        assert WEEKDAYS[end.astimezone(zone).weekday()] in allowed


@given(STARTS, st.integers(1, 400), st.sampled_from(["d", "w", "M"]), ZONES)
def test_days_weeks_and_months_keep_the_clock_time(
    start: datetime, amount: int, units: str, zone: ZoneInfo
) -> None:
    duration = DelayDuration.model_validate({"amount": amount, "units": units})
    end = end_of_duration(duration, start, zone)
    if not follows_a_gap(end, zone):
        assert end.astimezone(zone).time() == start.astimezone(zone).time()


@given(STARTS, CLOCK_TIMES, ALLOWED, ZONES)
def test_a_clock_time_is_the_first_one_ahead(
    start: datetime, clock_time: str, allowed: list[str], zone: ZoneInfo
) -> None:
    end = end_of_delay(at(clock_time, allowedWeekdays=allowed), start, zone)
    assert end >= start
    for day in range(16):
        wall = start.astimezone(zone).replace(tzinfo=None) + timedelta(days=day)
        named = wall.replace(hour=int(clock_time[:2]), minute=int(clock_time[3:]), second=0, microsecond=0)
        if allowed and WEEKDAYS[named.weekday()] not in allowed:
            continue
        instant = named.replace(tzinfo=zone).astimezone(UTC)
        exists = instant.astimezone(zone).replace(tzinfo=None) == named
        if exists and instant >= start:
            assert end <= instant
            return


def follows_a_gap(instant: datetime, zone: ZoneInfo) -> bool:
    """Whether the clock has just jumped ahead there."""
    earlier = instant - timedelta(seconds=1)
    before, after = (one.astimezone(zone).utcoffset() for one in (earlier, instant))
    assert before is not None
    assert after is not None
    return after > before
