"""When delays end: lengths of time, clock times and allowed weekdays, on the wall clock of a zone.

Minutes and hours are lengths of time. Days, weeks and months are moves in the calendar that keep the clock time; a
month that is too short gives its last day. A clock time that the zone skips happens at the first instant after the
gap, one that it has twice happens the first time.
"""

from calendar import monthrange
from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.journeys.blocks import Delay, DelayDuration, DelayMode, DelayUnit, Weekday
from domain.schedules import DstPolicy, instant_of
from domain.schedules.occurrences import wall_clock

_POLICY = DstPolicy()
_DAY = timedelta(days=1)
_LENGTHS = {DelayUnit.MINUTES: timedelta(minutes=1), DelayUnit.HOURS: timedelta(hours=1)}
_DAYS = {DelayUnit.DAYS: 1, DelayUnit.WEEKS: 7}
# As `date.weekday` counts.
_WEEKDAYS = (
    Weekday.MONDAY,
    Weekday.TUESDAY,
    Weekday.WEDNESDAY,
    Weekday.THURSDAY,
    Weekday.FRIDAY,
    Weekday.SATURDAY,
    Weekday.SUNDAY,
)
LATEST = datetime(9000, 1, 1, tzinfo=UTC)
"""What would end later ends then."""


def end_of_delay(delay: Delay, start: datetime, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, at which a delay that began at `start` (aware) is over: never before `start`.

    `zone`: of the program or of the participant, as the delay says. A clock time that is right now is over at once.
    """
    start = start.astimezone(UTC)
    allowed = frozenset(_WEEKDAYS.index(day) for day in delay.allowed_weekdays or _WEEKDAYS)
    if delay.mode is DelayMode.SPECIFIC_TIME:
        return _at_clock_time(time.fromisoformat(delay.time or "00:00"), start, zone, allowed)
    end = start
    if delay.mode is DelayMode.DURATION and delay.duration is not None:
        end = end_of_duration(delay.duration, start, zone)
    return _on_allowed_day(end, zone, allowed)


def end_of_duration(duration: DelayDuration, start: datetime, zone: ZoneInfo) -> datetime:
    """`start` and so much time, in UTC."""
    start = start.astimezone(UTC)
    try:
        if duration.units in _LENGTHS:
            return min(start + duration.amount * _LENGTHS[duration.units], LATEST)
        wall = wall_clock(start, zone)
        if duration.units in _DAYS:
            moved = wall + timedelta(days=duration.amount * _DAYS[duration.units])
        else:
            moved = _months_later(wall, duration.amount)
    except (OverflowError, ValueError):
        return LATEST
    # In the second pass of a repeated hour the calendar would lead back to the first.
    return max(start, _instant(moved, zone))


def _months_later(wall: datetime, months: int) -> datetime:
    year, month = divmod(wall.year * 12 + wall.month - 1 + months, 12)
    return wall.replace(year=year, month=month + 1, day=min(wall.day, monthrange(year, month + 1)[1]))


def _at_clock_time(at: time, start: datetime, zone: ZoneInfo, allowed: Collection[int]) -> datetime:
    """The first instant from `start` on at which the clock shows `at` on an allowed day."""
    day = wall_clock(start, zone).date()
    while True:
        instant = _instant(datetime.combine(day, at), zone)
        if day.weekday() in allowed and instant >= start:
            return instant
        day += _DAY


def _on_allowed_day(instant: datetime, zone: ZoneInfo, allowed: Collection[int]) -> datetime:
    """The same clock time on the nearest allowed day, this one or one ahead."""
    wall = wall_clock(instant, zone)
    day = _next_allowed(wall.date(), allowed)
    if day == wall.date():
        return instant
    return _instant(datetime.combine(day, wall.time()), zone)


def _next_allowed(day: date, allowed: Collection[int]) -> date:
    return next(moved for ahead in range(7) if (moved := day + ahead * _DAY).weekday() in allowed)


def _instant(wall: datetime, zone: ZoneInfo) -> datetime:
    if wall.year >= LATEST.year:
        return LATEST
    found = instant_of(wall, zone, _POLICY)
    assert found is not None
    return found
