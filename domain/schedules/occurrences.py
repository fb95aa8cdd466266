"""The instants at which a cron expression fires in a time zone.

A cron expression names wall-clock minutes. Each is mapped to an instant by the zone's rules, and where the
wall clock jumps, by the automation's policy:

* Gap (the clock moves forward, some minutes do not exist): ``shift`` fires once, at the first instant after
  the gap, however many of its minutes match; ``skip`` does not fire for them.
* Overlap (the clock moves back, some minutes exist twice): ``first`` and ``second`` fire once for each
  wall-clock minute, at its first or its second instant; ``both`` fires at both. So with ``first``,
  ``*/30 * * * *`` is silent throughout the repeated hour.
"""

from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from domain.schedules.cron import Cron
from domain.schedules.errors import ScheduleError

HORIZON_YEARS = 41
"""Longer than the 40 years that can pass between two 29 Februaries on one weekday."""

_FIRST_YEAR, _LAST_YEAR = 2, 9998
_NONE = timedelta(0)


class Gap(StrEnum):
    SHIFT = "shift"
    SKIP = "skip"


class Overlap(StrEnum):
    FIRST = "first"
    SECOND = "second"
    BOTH = "both"


class DstPolicy(BaseModel):
    """What becomes of wall-clock times that do not exist, or exist twice."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    gap: Gap = Gap.SHIFT
    overlap: Overlap = Overlap.FIRST


def next_occurrence(cron: Cron, zone: ZoneInfo, policy: DstPolicy, after: datetime) -> datetime | None:
    """The first instant strictly after ``after`` (aware), in UTC; None if there is none in about 40 years.

    Raises ScheduleError(field="after") if ``after`` is naive or outside the years 2 to 9998.
    """
    moment = _checked(after, "after")
    earliest: datetime | None = None
    for wall in matching_walls(cron, _first_wall_to_try(moment, zone)):
        for fire in _instants(wall, zone, policy):
            if fire > moment and (earliest is None or fire < earliest):
                earliest = fire
        # Within an overlap a later wall-clock minute can have an earlier instant.
        if earliest is not None and (policy.overlap is not Overlap.BOTH or not _repeated(wall, zone)):
            break
    return earliest


def occurrences(
    cron: Cron, zone: ZoneInfo, policy: DstPolicy, start: datetime, end: datetime, limit: int | None = None
) -> Iterator[datetime]:
    """Instants t with start < t <= end, in UTC, ascending, each once; at most ``limit`` of them.

    Raises ScheduleError, when first advanced, if a bound is naive or outside the years 2 to 9998.
    """
    fire, last = _checked(start, "start"), _checked(end, "end")
    count = 0
    while limit is None or count < limit:
        following = next_occurrence(cron, zone, policy, fire)
        if following is None or following > last:
            return
        yield following
        fire = following
        count += 1


def is_occurrence(cron: Cron, zone: ZoneInfo, policy: DstPolicy, instant: datetime) -> bool:
    """Whether the schedule fires at exactly this aware instant."""
    moment = _checked(instant, "instant")
    return next_occurrence(cron, zone, policy, moment - datetime.resolution) == moment


def instant_of(wall: datetime, zone: ZoneInfo, policy: DstPolicy) -> datetime | None:
    """The one instant, in UTC, at which something set for a wall-clock time (naive) happens.

    None in a gap with ``skip``; with ``both`` it happens the first time only.
    """
    return next(iter(_instants(wall, zone, policy)), None)


def _checked(moment: datetime, field: str) -> datetime:
    if moment.utcoffset() is None:
        raise ScheduleError(field, "has no UTC offset", "a date and time with one")
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise ScheduleError(
            field, f"is in the year {moment.year}", f"a year from {_FIRST_YEAR} to {_LAST_YEAR}"
        )
    return moment.astimezone(UTC)


def _first_wall_to_try(moment: datetime, zone: ZoneInfo) -> datetime:
    wall = wall_clock(moment, zone).replace(second=0, microsecond=0)
    before, after = offsets_around(wall, zone)
    # The whole overlap: its earlier wall-clock minutes may yet come round a second time.
    return wall - max(before - after, _NONE)


def matching_walls(cron: Cron, start: datetime) -> Iterator[datetime]:
    """Wall-clock minutes that match, ascending, from ``start`` on."""
    for day in _matching_dates(cron, start.date()):
        earliest = start.time() if day == start.date() else time.min
        for hour in cron.hours:
            for minute in cron.minutes if hour >= earliest.hour else ():
                if hour > earliest.hour or minute >= earliest.minute:
                    yield datetime.combine(day, time(hour, minute))


def _matching_dates(cron: Cron, start: date) -> Iterator[date]:
    for year in range(start.year, min(start.year + HORIZON_YEARS, _LAST_YEAR) + 1):
        for month in cron.months:
            if (year, month) < (start.year, start.month):
                continue
            first_weekday, length = monthrange(year, month)
            first_day = start.day if (year, month) == (start.year, start.month) else 1
            for day in range(first_day, length + 1):
                # monthrange counts weekdays from Monday, cron from Sunday.
                if cron.days.matches(day, (first_weekday + day) % 7, length):
                    yield date(year, month, day)


def _instants(wall: datetime, zone: ZoneInfo, policy: DstPolicy) -> tuple[datetime, ...]:
    before, after = offsets_around(wall, zone)
    if before == after:
        return (_at_offset(wall, before),)
    if before < after:
        return (_end_of_gap(wall, zone, before, after),) if policy.gap is Gap.SHIFT else ()
    first, second = _at_offset(wall, before), _at_offset(wall, after)
    match policy.overlap:
        case Overlap.FIRST:
            return (first,)
        case Overlap.SECOND:
            return (second,)
        case Overlap.BOTH:
            return (first, second)


def _end_of_gap(wall: datetime, zone: ZoneInfo, before: timedelta, after: timedelta) -> datetime:
    """The first instant at which the zone's clock shows ``wall``, which it skips, or later."""
    start = _at_offset(wall, after)
    low, high = 0, int((after - before).total_seconds())
    while low < high:
        middle = (low + high) // 2
        if wall_clock(start + timedelta(seconds=middle), zone) >= wall:
            high = middle
        else:
            low = middle + 1
    return start + timedelta(seconds=high)


def _repeated(wall: datetime, zone: ZoneInfo) -> bool:
    before, after = offsets_around(wall, zone)
    return before > after


def offsets_around(wall: datetime, zone: ZoneInfo) -> tuple[timedelta, timedelta]:
    """UTC offsets around a wall-clock time: equal, unless it lies in a gap (rising) or an overlap (falling)."""
    before = wall.replace(tzinfo=zone, fold=0).utcoffset()
    after = wall.replace(tzinfo=zone, fold=1).utcoffset()
    return before or _NONE, after or _NONE


def _at_offset(wall: datetime, offset: timedelta) -> datetime:
    return (wall - offset).replace(tzinfo=UTC)


def wall_clock(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)
