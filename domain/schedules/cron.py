"""Cron text: five fields in croniter's grammar, checked and read into sets of numbers."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from croniter import croniter

from domain.schedules.errors import ScheduleError

FIELD = "cron_expression"
MAX_LENGTH = 255
LAST = -1
"""The ``n`` of the month's last weekday (``L5``) where ``#`` would give 1 to 5."""

ALIASES = ("@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually")
_FIVE_FIELDS = "five fields: minute hour day-of-month month day-of-week"
_FIELDS = (
    ("minute", "0-59"),
    ("hour", "0-23"),
    ("day-of-month", "1-31, L for the last day, or one nearest weekday such as 15W"),
    ("month", "1-12 or jan-dec"),
    ("day-of-week", "0-7 (0 and 7 are Sunday) or sun-sat, the second Monday as mon#2, the last Friday as L5"),
)
_MINUTE, _HOUR, _DAY, _MONTH, _WEEKDAY = range(5)
_WORD = re.compile(r"\S+", re.ASCII)
_TIMEZONE_PREFIX = re.compile(r"(CRON_)?TZ=", re.IGNORECASE)
_HASHED = re.compile(r"[hr](\(.*\))?(/.*)?", re.IGNORECASE)
_MONTH_LENGTHS = {2: (28, 29), 4: (30,), 6: (30,), 9: (30,), 11: (30,)}


@dataclass(frozen=True)
class DayRule:
    """Which days match, from the day-of-month and day-of-week fields. Weekdays count from 0, Sunday.

    ``None`` in ``month_days`` or ``weekdays`` is a field left open (`*`). ``nth_weekdays`` holds
    (weekday, n) pairs, n from 1 to 5 or LAST.
    """

    month_days: frozenset[int] | None
    last_day: bool
    nearest_weekday: int | None
    weekdays: frozenset[int] | None
    nth_weekdays: frozenset[tuple[int, int]]

    def matches(self, day: int, weekday: int, length: int) -> bool:
        """Whether a day matches, given its number, its weekday and the number of days in its month."""
        return any(self.sides(day, weekday, length))

    def sides(self, day: int, weekday: int, length: int) -> tuple[bool, ...]:
        """The alternatives a day can match by: two when both fields are restricted, else one."""
        by_month = self._by_month(day, weekday, length)
        by_week = self._by_week(day, weekday, length)
        if self.month_days is None or self.weekdays is None:
            return (by_month and by_week,)
        # croniter keeps `#` and `L5`, and likewise `15W`, in force on both sides of its "or".
        return (
            by_month and (by_week or not self.nth_weekdays),
            by_week and (by_month or self.nearest_weekday is None),
        )

    def possible_in(self, months: tuple[int, ...]) -> bool:
        """Whether any date of these months matches in any year."""
        lengths = {length for month in months for length in month_lengths(month)}
        found = [
            self.sides(day, weekday, length)
            for length in lengths
            for day in range(1, length + 1)
            for weekday in range(7)
        ]
        ever = [any(side) for side in zip(*found, strict=True)]
        # croniter gives up, rather than follow the other side, when `#`, `L5` or `15W` empties one.
        return all(ever) if self.nth_weekdays or self.nearest_weekday else any(ever)

    def _by_month(self, day: int, weekday: int, length: int) -> bool:
        if self.nearest_weekday is not None:
            target = min(self.nearest_weekday, length)
            return day == _nearest_working_day(target, (weekday + target - day) % 7, length)
        if self.month_days is None:
            return True
        return day in self.month_days or (self.last_day and day == length)

    def _by_week(self, day: int, weekday: int, length: int) -> bool:
        if self.nth_weekdays:
            nth = (day - 1) // 7 + 1
            return (weekday, nth) in self.nth_weekdays or (
                day + 7 > length and (weekday, LAST) in self.nth_weekdays
            )
        return self.weekdays is None or weekday in self.weekdays


@dataclass(frozen=True)
class Cron:
    """A valid expression: its text as written, and the wall-clock values it matches, each ascending."""

    text: str
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    months: tuple[int, ...]
    days: DayRule


def parse_cron(text: str) -> Cron:
    """Read a five-field expression, or one of croniter's ``@daily``-like aliases.

    Raises ScheduleError(field="cron_expression") for anything croniter rejects, and for what it accepts but
    an automation cannot keep to: seconds and years, a time zone prefix, hashed or random values, and days
    that no calendar has.
    """
    _refuse_unreadable(text)
    words = _WORD.findall(text)
    is_alias = text.lower() in ALIASES
    if not is_alias:
        _refuse_unsupported(words)
    try:
        # A fixed start: without one croniter would read the clock.
        read = croniter(text, 0.0)
    except ValueError as error:
        raise _rejection(words) from error
    cron = _from_croniter(text, read)
    if not cron.days.possible_in(cron.months):
        raise ScheduleError(
            FIELD, "never matches: no date fits its day-of-month, month and day-of-week", "dates that exist"
        )
    return cron


def month_lengths(month: int) -> tuple[int, ...]:
    """The number of days a month can have."""
    return _MONTH_LENGTHS.get(month, (31,))


def _nearest_working_day(day: int, weekday: int, length: int) -> int:
    """The Monday-to-Friday day nearest to ``day`` without leaving its month."""
    if weekday == 6:
        return day - 1 if day > 1 else day + 2
    if weekday == 0:
        return day + 1 if day < length else day - 2
    return day


def _refuse_unreadable(text: str) -> None:
    if len(text) > MAX_LENGTH:
        raise ScheduleError(FIELD, f"has {len(text)} characters", f"at most {MAX_LENGTH}")
    if "\0" in text:
        raise ScheduleError(FIELD, "contains a NUL character", _FIVE_FIELDS)
    if not text.strip():
        raise ScheduleError(FIELD, "is empty", _FIVE_FIELDS)


def _refuse_unsupported(words: list[str]) -> None:
    if any(_TIMEZONE_PREFIX.match(word) for word in words):
        raise ScheduleError(FIELD, "has a time zone prefix: use timezone instead", _FIVE_FIELDS)
    if words[0].startswith("@"):
        raise ScheduleError(
            FIELD, f"{words[0]!r} is not supported", f"{', '.join(ALIASES)} or {_FIVE_FIELDS}"
        )
    if len(words) in (6, 7):
        extra = "seconds" if len(words) == 6 else "seconds and years"
        raise ScheduleError(FIELD, f"has {len(words)} fields: {extra} are not supported", _FIVE_FIELDS)
    if len(words) != 5:
        raise ScheduleError(FIELD, f"has {len(words)} field{'s' if len(words) > 1 else ''}", _FIVE_FIELDS)
    for word, (name, allowed) in zip(words, _FIELDS, strict=True):
        if any(_HASHED.fullmatch(part) for part in word.split(",")):
            reason = f"has {word!r} as {name}: hashed (H) and random (R) values are not supported"
            raise ScheduleError(FIELD, reason, allowed)


def _rejection(words: list[str]) -> ScheduleError:
    """Name the first field that croniter rejects even with every other field left open."""
    for index, (word, (name, allowed)) in enumerate(zip(words, _FIELDS, strict=True)):
        alone = ["*"] * 5
        alone[index] = word
        if not croniter.is_valid(" ".join(alone)):
            return ScheduleError(FIELD, f"has {word!r} as {name}", allowed)
    return ScheduleError(FIELD, "is not a valid cron expression", _FIVE_FIELDS)


def _from_croniter(text: str, read: Any) -> Cron:
    expanded = read.expanded
    month_days, weekdays = expanded[_DAY], expanded[_WEEKDAY]
    return Cron(
        text=text,
        minutes=_values(expanded[_MINUTE], range(60)),
        hours=_values(expanded[_HOUR], range(24)),
        months=_values(expanded[_MONTH], range(1, 13)),
        days=DayRule(
            month_days=None if "*" in month_days else frozenset(day for day in month_days if day != "l"),
            last_day="l" in month_days,
            nearest_weekday=min(read.nearest_weekday, default=None),
            weekdays=None if "*" in weekdays else frozenset(weekdays),
            nth_weekdays=frozenset(_nth_pairs(read.nth_weekday_of_month)),
        ),
    )


def _values(expanded: list[Any], whole: range) -> tuple[int, ...]:
    return tuple(whole if "*" in expanded else expanded)


def _nth_pairs(nth_weekday_of_month: dict[int, set[Any]]) -> Iterator[tuple[int, int]]:
    for weekday, ordinals in nth_weekday_of_month.items():
        for nth in ordinals:
            yield weekday, LAST if nth == "l" else nth
