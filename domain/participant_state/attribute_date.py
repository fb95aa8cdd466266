"""The dates that attributes hold, and the instants at which they come round."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.participant_state.schedule_config import AttributeDateConfig, Feb29, Recurrence, wall_time
from domain.schedules import DstPolicy, instant_of

FIRST_YEAR, LAST_YEAR = 1800, 2200
DEFAULT_TIME = time(9)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LEAP_YEAR = 2000
# The first one that can still come, one that came already, one that a gap swallows, and the one after.
_YEARS_TO_TRY = 4
# Zones differ by up to 26 hours, and a 29 February is moved by a day.
_MARGIN = timedelta(days=3)
_DAY = re.compile(r"(?:--)?([0-9]{2})-([0-9]{2})")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATE_AND_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.,][0-9]{1,9})?)?([Zz]|[+-][0-9]{2}(:?[0-9]{2})?)?"
)


class NotADateError(ValueError):
    """An attribute's value is no date; the value itself is never told."""


@dataclass(frozen=True, slots=True)
class BaseDate:
    """What an attribute says: a day, of a year unless it is a mere anniversary, and perhaps a time of it.

    `instant` is set when the value was an exact one; `at` is then what the participant's clock shows.
    """

    year: int | None
    month: int
    day: int
    at: time | None = None
    instant: datetime | None = None


def read_date(value: object, config: AttributeDateConfig, zone: ZoneInfo) -> BaseDate:
    """The date that an attribute's value names, as seen in the participant's zone. Raises NotADateError."""
    found: BaseDate | None = None
    if isinstance(value, str):
        found = _from_text(value, zone)
    elif isinstance(value, int | float) and not isinstance(value, bool) and value != 0:
        found = _from_seconds(value, zone)
    if found is None or (found.year is None and config.recurrence is Recurrence.ONCE):
        raise NotADateError(f'attribute "{config.attribute}" is no date: expected {_expected(config)}')
    return found


def next_date(
    base: BaseDate, config: AttributeDateConfig, zone: ZoneInfo, policy: DstPolicy, after: datetime
) -> datetime | None:
    """The first instant after `after` at which the date comes round; None when none is left."""
    if config.recurrence is Recurrence.ONCE:
        assert base.year is not None
        once = _instant_in(base, base.year, config, zone, policy)
        return once if once is not None and once > after else None
    offset = timedelta(days=config.offset_days, hours=config.offset_hours)
    first = max((after - offset - _MARGIN).year, base.year or 0)
    for year in range(first, first + _YEARS_TO_TRY):
        instant = _instant_in(base, year, config, zone, policy)
        if instant is not None and instant > after:
            return instant
    return None


def anniversary(base: BaseDate, year: int, feb_29: Feb29) -> date:
    """The day of `year` on which the date is kept."""
    if (base.month, base.day) == (2, 29) and not _is_leap(year):
        return date(year, 2, 28) if feb_29 is Feb29.FEB_28 else date(year, 3, 1)
    return date(year, base.month, base.day)


def _instant_in(
    base: BaseDate, year: int, config: AttributeDateConfig, zone: ZoneInfo, policy: DstPolicy
) -> datetime | None:
    hours = timedelta(hours=config.offset_hours)
    exact = base.year == year and config.offset_days == 0 and config.time_of_day is None
    if exact and base.instant is not None:
        return base.instant + hours
    day = anniversary(base, year, config.feb_29) + timedelta(days=config.offset_days)
    at = base.at or DEFAULT_TIME if config.time_of_day is None else wall_time(config.time_of_day)
    instant = instant_of(datetime.combine(day, at), zone, policy)
    return None if instant is None else instant + hours


def _from_text(value: str, zone: ZoneInfo) -> BaseDate | None:
    if (match := _DAY.fullmatch(value)) is not None:
        month, day = int(match[1]), int(match[2])
        return BaseDate(None, month, day) if _exists(_LEAP_YEAR, month, day) else None
    try:
        if _DATE.fullmatch(value):
            read = date.fromisoformat(value)
            return _within(read.year, BaseDate(read.year, read.month, read.day))
        if _DATE_AND_TIME.fullmatch(value):
            return _from_datetime(datetime.fromisoformat(value.upper()), zone)
    except ValueError:
        return None
    return None


def _from_seconds(value: float, zone: ZoneInfo) -> BaseDate | None:
    try:
        return _from_datetime(_EPOCH + timedelta(seconds=value), zone)
    except (OverflowError, ValueError):
        return None


def _from_datetime(read: datetime, zone: ZoneInfo) -> BaseDate | None:
    if not FIRST_YEAR <= read.year <= LAST_YEAR:
        return None
    wall = read if read.tzinfo is None else read.astimezone(zone).replace(tzinfo=None, fold=0)
    instant = None if read.tzinfo is None else read.astimezone(UTC)
    return BaseDate(wall.year, wall.month, wall.day, wall.time(), instant)


def _within(year: int, base: BaseDate) -> BaseDate | None:
    return base if FIRST_YEAR <= year <= LAST_YEAR else None


def _exists(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def _is_leap(year: int) -> bool:
    return _exists(year, 2, 29)


def _expected(config: AttributeDateConfig) -> str:
    shapes = "YYYY-MM-DD, an ISO date and time, or seconds since 1970 as a number"
    return shapes if config.recurrence is Recurrence.ONCE else f"{shapes}, or MM-DD"
