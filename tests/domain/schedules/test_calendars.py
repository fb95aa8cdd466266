from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from croniter import croniter
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cli.clock.oracle import utc
from domain.schedules import Calendar, CalendarRange, Cron, ScheduleError, compile_calendars, parse_cron

from .expressions import expressions

EVERY_DAY = (CalendarRange(1, 31),)
EVERY_MONTH = (CalendarRange(1, 12),)
EVERY_WEEKDAY = (CalendarRange(0, 6),)


def within(value: int, ranges: tuple[CalendarRange, ...]) -> bool:
    return any(value in range(each.start, each.end + 1, each.step) for each in ranges)


def shows(calendar: Calendar, wall: datetime) -> bool:
    return (
        within(wall.second, calendar.second)
        and within(wall.minute, calendar.minute)
        and within(wall.hour, calendar.hour)
        and within(wall.day, calendar.day_of_month)
        and within(wall.month, calendar.month)
        and within(wall.isoweekday() % 7, calendar.day_of_week)
        and (not calendar.year or within(wall.year, calendar.year))
    )


def shown(calendars: tuple[Calendar, ...], wall: datetime) -> bool:
    return any(shows(calendar, wall) for calendar in calendars)


def parsed(text: str) -> Cron:
    try:
        return parse_cron(text)
    except ScheduleError:
        assume(False)
        raise


def compare_with_croniter(text: str, seed: int, fires: int) -> None:
    """Walk croniter's fires from a random moment: each is shown, and no day between shows anything."""
    calendars = compile_calendars(parsed(text))
    random = Random(seed)
    moment = utc(2000, 1, 1) + timedelta(minutes=random.randrange(60 * 365 * 24 * 60))
    reader = croniter(text, moment)
    for _ in range(fires):
        following = reader.get_next(datetime)
        if following.year > 2100:
            return
        assert shown(calendars, following)
        minutes = int((following - moment) / timedelta(minutes=1))
        for skipped in {1, minutes - 1, *(random.randrange(1, minutes + 1) for _ in range(10))}:
            wall = moment + timedelta(minutes=skipped)
            if moment < wall < following:
                assert not shown(calendars, wall)
        moment = following


def compare_days(text: str, year: int) -> None:
    """Every day of a year, at one hour and minute the expression has."""
    cron = parsed(text)
    calendars = compile_calendars(cron)
    at = datetime(year, 1, 1, cron.hours[-1], cron.minutes[0], tzinfo=UTC)
    days = [day for day in (at + timedelta(days=count) for count in range(366)) if day.year == year]
    fired = set()
    reader = croniter(
        f"{cron.minutes[0]} {cron.hours[-1]} {' '.join(text.split()[2:])}", at - timedelta(minutes=1)
    )
    while (following := reader.get_next(datetime)) <= days[-1]:
        fired.add(following)
    assert {day for day in days if shown(calendars, day)} == fired


@settings(max_examples=600, deadline=None)
@given(expressions, st.integers(0, 2**32))
def test_the_calendars_show_what_croniter_fires(text: str, seed: int) -> None:
    compare_with_croniter(text, seed, fires=4)


@settings(max_examples=150, deadline=None)
@given(expressions, st.sampled_from((2027, 2028, 2099, 2100)))
def test_the_calendars_show_the_same_days_of_a_whole_year(text: str, year: int) -> None:
    compare_days(text, year)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@settings(max_examples=4_000, deadline=None)
@given(expressions, st.integers(2000, 2100), st.integers(0, 2**32))
def test_many_more_calendars_show_what_croniter_fires(text: str, year: int, seed: int) -> None:
    compare_with_croniter(text, seed, fires=8)
    compare_days(text, year)


@settings(max_examples=300, deadline=None)
@given(expressions)
def test_every_range_is_one_the_server_accepts(text: str) -> None:
    for calendar in compile_calendars(parsed(text)):
        for ranges, low, high in (
            (calendar.second, 0, 0),
            (calendar.minute, 0, 59),
            (calendar.hour, 0, 23),
            (calendar.day_of_month, 1, 31),
            (calendar.month, 1, 12),
            (calendar.day_of_week, 0, 6),
            (calendar.year, 2000, 2100),
        ):
            assert ranges or ranges is calendar.year
            assert all(low <= each.start <= each.end <= high and each.step >= 1 for each in ranges)


def test_a_plain_expression_is_one_calendar() -> None:
    assert compile_calendars(parse_cron("*/15 9-17,20 * * mon-fri")) == (
        Calendar(
            minute=(CalendarRange(0, 45, 15),),
            hour=(CalendarRange(9, 17), CalendarRange(20, 20)),
            day_of_month=EVERY_DAY,
            month=EVERY_MONTH,
            day_of_week=(CalendarRange(1, 5),),
        ),
    )


def test_day_of_month_or_day_of_week_is_two_calendars() -> None:
    by_month_day, by_weekday = compile_calendars(parse_cron("0 9 13 * 5"))
    assert (by_month_day.day_of_month, by_month_day.day_of_week) == ((CalendarRange(13, 13),), EVERY_WEEKDAY)
    assert (by_weekday.day_of_month, by_weekday.day_of_week) == (EVERY_DAY, (CalendarRange(5, 5),))


def test_the_second_monday_is_a_monday_from_the_8th_to_the_14th() -> None:
    (calendar,) = compile_calendars(parse_cron("0 9 * * mon#2"))
    assert calendar.day_of_month == (CalendarRange(8, 14),)
    assert calendar.day_of_week == (CalendarRange(1, 1),)


def test_the_last_day_is_a_calendar_for_each_length_of_month() -> None:
    calendars = compile_calendars(parse_cron("0 0 L * *"))
    assert [calendar.day_of_month[0].start for calendar in calendars] == [31, 30, 28, 29]
    assert [len(calendar.year) for calendar in calendars] == [0, 0, 4, 1]


@pytest.mark.parametrize("text", ["0 0 1-31 * 1", "0 9 * * 1-7", "0 9 1,15 * 0-6", "0 9 ? * ?", "0 9 * * *"])
def test_every_day_is_one_open_calendar(text: str) -> None:
    (calendar,) = compile_calendars(parse_cron(text))
    assert (calendar.day_of_month, calendar.month, calendar.day_of_week, calendar.year) == (
        EVERY_DAY,
        EVERY_MONTH,
        EVERY_WEEKDAY,
        (),
    )
