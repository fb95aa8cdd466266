"""Schedules of rules at odd times of odd clocks, and what they mean by a clock watched minute by minute."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

from hypothesis import strategies as st

from cli.clock.oracle import MINUTE, Clock, transitions, utc, watch_clock
from domain.rules.active_intervals import Interval
from domain.rules.schedule_settings import DateRange, ScheduleSettings, Weekday, WeeklyWindow
from domain.schedules import validate_timezone

DAY = timedelta(days=1)
ODD_YEARS = (
    ("Europe/Berlin", 2026),
    ("Australia/Lord_Howe", 2026),
    ("Africa/Casablanca", 2026),
    ("Antarctica/Troll", 2026),
    ("America/Havana", 2026),
    ("America/Nuuk", 2026),
    ("America/St_Johns", 2010),
    ("America/Sao_Paulo", 2018),
    ("Pacific/Apia", 2011),
    ("Asia/Kathmandu", 2026),
)
ODD_TIMES = ("00:00", "00:01", "00:30", "01:00", "01:30", "02:00", "02:30", "03:00", "23:00", "23:30")


def schedule(**document: Any) -> ScheduleSettings:
    return ScheduleSettings.model_validate(document)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@lru_cache(maxsize=64)
def clock_changes(timezone: str, year: int) -> tuple[datetime, ...]:
    zone = validate_timezone(timezone)
    return tuple(transitions(zone, utc(year, 1, 1), utc(year + 1, 1, 1))) or (utc(year, 3, 1),)


def _minutes(low: int, high: int) -> st.SearchStrategy[timedelta]:
    return st.integers(low, high).map(lambda minutes: timedelta(minutes=minutes))


_times = st.one_of(st.sampled_from(ODD_TIMES), st.times().map(lambda each: f"{each:%H:%M}"))
_windows = st.fixed_dictionaries(
    {
        "days": st.one_of(st.just([]), st.lists(st.sampled_from(Weekday), unique=True)),
        "start": _times,
        "end": st.one_of(st.just("24:00"), _times),
    }
)


@st.composite
def schedules_and_spans(draw: st.DrawFn) -> tuple[ScheduleSettings, datetime, datetime]:
    """A schedule and a span of whole minutes, both near a change of the schedule's clock."""
    timezone, year = draw(st.sampled_from(ODD_YEARS))
    change = draw(st.sampled_from(clock_changes(timezone, year)))
    start = change - draw(_minutes(0, 2_000))
    end = start + draw(_minutes(1, 4_000))
    days = st.integers(-3, 3).map(lambda count: (change + count * DAY).date())
    ranges = st.tuples(days, days).map(lambda pair: {"from": min(pair), "to": max(pair)})
    start_at = _minutes(0, 2_000).map(lambda before: change - before)
    end_at = _minutes(1, 2_000).map(lambda after: change + after)
    settings = schedule(
        timezone=timezone,
        windows=draw(st.lists(_windows, max_size=3)),
        start_at=draw(st.none() | start_at),
        end_at=draw(st.none() | end_at),
        blackout_dates=draw(st.lists(days | ranges, max_size=2)),
    )
    return settings, start, end


def intervals_by_the_clock(settings: ScheduleSettings, start: datetime, end: datetime) -> list[Interval]:
    """What active_intervals should be, for whole minutes: it shares nothing with them but the settings."""
    clock = watch_clock(validate_timezone(settings.timezone), start - 2 * DAY, end + 2 * DAY)
    active = {instant for instant, _ in clock}
    if settings.windows:
        active &= set[datetime]().union(*(_minutes_of(window, clock) for window in settings.windows))
    for blackout in settings.blackout_dates:
        active -= _minutes_of(blackout, clock)
    first, last = max(start, settings.start_at or start), min(end, settings.end_at or end)
    return list(_runs([instant for instant in sorted(active) if first <= instant < last]))


def _minutes_of(what: WeeklyWindow | DateRange | date, clock: Clock) -> set[datetime]:
    """From the first to the last minute at which the clock shows a time within it, for each day it belongs to."""
    day_of = _day_within(what)
    shown: dict[date, list[datetime]] = {}
    for instant, wall in clock:
        day = day_of(wall)
        if day is not None:
            shown.setdefault(day, []).append(instant)
    hulls = ((minutes[0], minutes[-1]) for minutes in shown.values())
    return {first + count * MINUTE for first, last in hulls for count in range((last - first) // MINUTE + 1)}


def _day_within(what: WeeklyWindow | DateRange | date) -> Callable[[datetime], date | None]:
    """The day to which a time on the wall belongs; None when it lies outside."""
    if isinstance(what, DateRange):
        return lambda wall: what.first if what.first <= wall.date() <= what.last else None
    if isinstance(what, date):
        return lambda wall: what if wall.date() == what else None
    start, end = _time_of(what.start), _time_of(what.end)
    weekdays = {list(Weekday).index(day) for day in what.days} or set(range(7))

    def day_of(wall: datetime) -> date | None:
        shown = wall.time()
        if shown >= start and (end <= start or shown < end):
            day = wall.date()
        elif end <= start and shown < end:
            day = wall.date() - DAY
        else:
            return None
        return day if day.weekday() in weekdays else None

    return day_of


def _time_of(text: str) -> time:
    return time.max if text == "24:00" else time.fromisoformat(text)


def _runs(minutes: list[datetime]) -> Iterator[Interval]:
    start = previous = None
    for minute in minutes:
        if start is None or previous is None:
            start = minute
        elif minute != previous + MINUTE:
            yield Interval(start, previous + MINUTE)
            start = minute
        previous = minute
    if start is not None and previous is not None:
        yield Interval(start.astimezone(UTC), previous + MINUTE)
