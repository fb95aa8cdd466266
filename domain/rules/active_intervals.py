"""The instants at which a rule is active by its schedule.

Windows and blackout dates are wall-clock times. Each lasts from the first instant at which the clock of the zone
shows a time within it until the last one, so:

* Gap (the clock moves forward): a bound that does not exist is the first instant after the gap; what lies wholly
  within a gap never is.
* Overlap (the clock moves back): a start that comes twice is the first of the two, an end the second. No window loses
  time. A window that ends just where the repeated hour begins is over before that hour comes again.

A blackout takes its days from whatever lies on them. So of a window over midnight into a blackout date only the part
before it is left, and of one that starts on the blackout date only the part after it.

Nothing is active outside the years 2 to 9998.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.rules.schedule_settings import ScheduleSettings, WeeklyWindow
from domain.schedules import DstPolicy, Gap, Overlap, instant_of, validate_timezone
from domain.schedules.occurrences import wall_clock

BEGINNING = datetime(2, 1, 1, tzinfo=UTC)
END_OF_TIME = datetime(9998, 12, 31, tzinfo=UTC)

_FIRST_TIME = DstPolicy(gap=Gap.SHIFT, overlap=Overlap.FIRST)
_SECOND_TIME = DstPolicy(gap=Gap.SHIFT, overlap=Overlap.SECOND)
_DAY = timedelta(days=1)
# A window reaches into the next day, and a clock set back over midnight takes it a day further.
_REACH = 2 * _DAY


@dataclass(frozen=True, slots=True)
class Interval:
    """Half open, [start, end), in UTC; never empty."""

    start: datetime
    end: datetime


def active_intervals(settings: ScheduleSettings, start: datetime, end: datetime) -> Iterator[Interval]:
    """When the rule is active within [start, end), both aware: ascending, apart from one another."""
    pieces = _pieces(settings, start, end)
    joined = next(pieces, None)
    if joined is None:
        return
    for piece in pieces:
        if piece.start > joined.end:
            yield joined
            joined = piece
        else:
            joined = Interval(joined.start, max(joined.end, piece.end))
    yield joined


def is_active(settings: ScheduleSettings, at: datetime) -> bool:
    """Whether the rule is active at the aware instant."""
    return next_active(settings, at, at + datetime.resolution) is not None


def next_active(settings: ScheduleSettings, at: datetime, horizon: datetime) -> datetime | None:
    """The first instant from `at` on, in UTC, at which the rule is active; None when there is none before `horizon`.

    With END_OF_TIME as its horizon, None says never again.
    """
    first = next(_pieces(settings, at, horizon), None)
    return None if first is None else first.start


def _pieces(settings: ScheduleSettings, start: datetime, end: datetime) -> Iterator[Interval]:
    """What active_intervals joins: ascending by start, and each computed only when it is asked for."""
    first = max(start, settings.start_at or start, BEGINNING)
    last = min(end, settings.end_at or end, END_OF_TIME)
    if first >= last:
        return
    zone = validate_timezone(settings.timezone)
    span = Interval(first.astimezone(UTC), last.astimezone(UTC))
    for free in _free_of_blackouts(settings.blackouts, zone, span):
        if settings.windows:
            yield from _in_windows(settings.windows, zone, free)
        else:
            yield free


def _free_of_blackouts(
    blackouts: Sequence[tuple[date, date]], zone: ZoneInfo, span: Interval
) -> Iterator[Interval]:
    free_from = span.start
    for rest in _rests(blackouts, zone, span):
        if free_from < rest.start:
            yield Interval(free_from, rest.start)
        free_from = max(free_from, rest.end)
    if free_from < span.end:
        yield Interval(free_from, span.end)


def _rests(blackouts: Sequence[tuple[date, date]], zone: ZoneInfo, span: Interval) -> Iterator[Interval]:
    """The blackouts that touch `span`, ascending by start."""
    earliest = wall_clock(span.start, zone).date() - _REACH
    latest = wall_clock(span.end, zone).date() + _REACH
    for first, last in sorted(blackouts):
        if first <= latest and last >= earliest:
            start, end = _midnight(max(first, earliest)), _midnight(min(last, latest) + _DAY)
            rest = _overlap(_start(start, zone), _end(end, zone), span)
            if rest is not None:
                yield rest


def _in_windows(windows: Sequence[WeeklyWindow], zone: ZoneInfo, span: Interval) -> Iterator[Interval]:
    ordered = sorted(windows, key=lambda window: window.start)
    day = wall_clock(span.start, zone).date() - _REACH
    while _start(_midnight(day), zone) < span.end:
        for window in ordered:
            if window.is_on(day):
                start, end = window.walls(day)
                piece = _overlap(_start(start, zone), _end(end, zone), span)
                if piece is not None:
                    yield piece
        day += _DAY


def _overlap(start: datetime, end: datetime, span: Interval) -> Interval | None:
    start, end = max(start, span.start), min(end, span.end)
    return Interval(start, end) if start < end else None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min)


def _start(wall: datetime, zone: ZoneInfo) -> datetime:
    """The first instant at which the clock shows `wall` or later."""
    instant = instant_of(wall, zone, _FIRST_TIME)
    assert instant is not None
    return instant


def _end(wall: datetime, zone: ZoneInfo) -> datetime:
    """The instant from which on the clock never again shows less than `wall`."""
    instant = instant_of(wall, zone, _SECOND_TIME)
    assert instant is not None
    # Where the clock is set back to `wall` itself, all before it was over when it was shown the first time.
    shown_just_before = wall_clock(instant - datetime.resolution, zone)
    return instant if shown_just_before < wall else _start(wall, zone)
