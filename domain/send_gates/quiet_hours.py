"""Quiet hours on a person's own clock."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.schedules import DstPolicy, Overlap, ScheduleError, instant_of, validate_timezone
from domain.schedules.occurrences import wall_clock
from domain.send_gates.rules import QuietHours

_DAY = timedelta(days=1)
_PASSES = (DstPolicy(overlap=Overlap.FIRST), DstPolicy(overlap=Overlap.SECOND))


def zone_of(person: str | None, program: str) -> ZoneInfo:
    """The person's zone, or the program's where theirs is none."""
    try:
        return validate_timezone(person or program)
    except ScheduleError:
        return validate_timezone(program)


def end_of_quiet(quiet: QuietHours, zone: ZoneInfo, now: datetime) -> datetime | None:
    """The first instant after `now`, in UTC, at which the clock is not in the quiet hours; None where it is not in them.

    An end that the clock skips is the instant at which it is put forward. An hour shown twice is quiet twice.
    """
    start, end = time.fromisoformat(quiet.start), time.fromisoformat(quiet.end)
    if not _is_within(wall_clock(now, zone).time(), start, end):
        return None
    over = now
    # Where the clock skips all of the hours that are not quiet, the next day has some.
    while _is_within(wall_clock(over, zone).time(), start, end):
        over = _next_end(end, zone, over)
    return over


def _is_within(at: time, start: time, end: time) -> bool:
    return start <= at < end if start < end else at >= start or at < end


def _next_end(end: time, zone: ZoneInfo, after: datetime) -> datetime:
    wall = wall_clock(after, zone)
    day = wall.date() if wall.time() < end else wall.date() + _DAY
    while True:
        for policy in _PASSES:
            found = instant_of(datetime.combine(day, end), zone, policy)
            if found is not None and found > after:
                return found
        day += _DAY
