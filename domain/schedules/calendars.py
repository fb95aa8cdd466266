"""Compile a cron expression to calendar specs with exactly its meaning.

A cron string given to the Temporal server would mean something else (it joins day-of-month and day-of-week
with "and", and reads `1#2` as every Monday), so the server is given calendars instead. Where the length of
the month matters (the last day, the last Friday, the nearest weekday), months are split by length and
February by year.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from domain.schedules.cron import Cron, DayRule, month_lengths


@dataclass(frozen=True)
class CalendarRange:
    """Every ``step``-th value from ``start`` to ``end``, both included."""

    start: int
    end: int
    step: int = 1


Ranges = tuple[CalendarRange, ...]

LAST_YEAR = 2100
"""The Temporal server's calendars end with this year."""

_ALL_DAYS = frozenset(range(1, 32))
_LEAP_YEARS = (CalendarRange(2000, 2096, 4),)
_COMMON_YEARS = (
    CalendarRange(2001, 2097, 4),
    CalendarRange(2002, 2098, 4),
    CalendarRange(2003, 2099, 4),
    CalendarRange(LAST_YEAR, LAST_YEAR),
)


@dataclass(frozen=True)
class Calendar:
    """A wall-clock time matches when every field does; field by field a ``ScheduleCalendarSpec``.

    ``day_of_week`` counts from 0, Sunday. An empty ``year`` matches every year.
    """

    minute: Ranges
    hour: Ranges
    day_of_month: Ranges
    month: Ranges
    day_of_week: Ranges
    year: Ranges = ()
    second: Ranges = (CalendarRange(0, 0),)


@dataclass(frozen=True)
class _MonthClass:
    """Months in which a day's number and weekday decide alone whether it matches."""

    months: tuple[int, ...]
    length: int
    years: Ranges = ()


def compile_calendars(cron: Cron) -> tuple[Calendar, ...]:
    """Calendars whose union matches the same wall-clock minutes as ``cron``, up to the year 2100.

    One for most expressions, two for a day-of-month "or" day-of-week, more where month lengths differ.
    """
    return tuple(
        Calendar(
            minute=_ranges(cron.minutes),
            hour=_ranges(cron.hours),
            day_of_month=_ranges(days),
            month=_ranges(group.months),
            day_of_week=_ranges(weekdays),
            year=group.years,
        )
        for group in _month_classes(cron)
        for days, weekdays in _rectangles(cron.days, group.length)
    )


def _month_classes(cron: Cron) -> tuple[_MonthClass, ...]:
    if not _depends_on_length(cron.days):
        return (_MonthClass(cron.months, 31),)
    classes = (
        _MonthClass(_of_length(cron.months, 31), 31),
        _MonthClass(_of_length(cron.months, 30), 30),
        _MonthClass(_of_length(cron.months, 28), 28, _COMMON_YEARS),
        _MonthClass(_of_length(cron.months, 29), 29, _LEAP_YEARS),
    )
    return tuple(group for group in classes if group.months)


def _of_length(months: tuple[int, ...], length: int) -> tuple[int, ...]:
    return tuple(month for month in months if length in month_lengths(month))


def _depends_on_length(rule: DayRule) -> bool:
    return any(
        rule.matches(day, weekday, length) != rule.matches(day, weekday, 31)
        for length in (28, 29, 30)
        for day in range(1, length + 1)
        for weekday in range(7)
    )


def _rectangles(rule: DayRule, length: int) -> list[tuple[frozenset[int], frozenset[int]]]:
    """Pairs of (days, weekdays) that together cover exactly the days the rule matches."""
    rows = {
        day: frozenset(weekday for weekday in range(7) if rule.matches(day, weekday, length))
        for day in range(1, length + 1)
    }
    widths = sorted({row for row in rows.values() if row}, key=lambda row: (-len(row), sorted(row)))
    covers = [(frozenset(day for day in rows if rows[day] >= width), width) for width in widths]
    return [
        (_ALL_DAYS if len(days) == length else days, weekdays)
        for days, weekdays in covers
        if not _covered_by_wider(days, weekdays, covers)
    ]


def _covered_by_wider(
    days: frozenset[int],
    weekdays: frozenset[int],
    covers: list[tuple[frozenset[int], frozenset[int]]],
) -> bool:
    return any(days <= others and weekdays < wider for others, wider in covers)


def _ranges(values: Iterable[int]) -> Ranges:
    """The fewest plain ranges, or one stepped range when the values are evenly spaced."""
    ordered = sorted(values)
    gaps = {later - earlier for earlier, later in pairwise(ordered)}
    if len(gaps) == 1 and len(ordered) > 2:
        return (CalendarRange(ordered[0], ordered[-1], gaps.pop()),)
    runs: list[CalendarRange] = []
    for value in ordered:
        if runs and value == runs[-1].end + 1:
            runs[-1] = CalendarRange(runs[-1].start, value)
        else:
            runs.append(CalendarRange(value, value))
    return tuple(runs)
