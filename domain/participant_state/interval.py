"""The instants of an interval, counted from one of them."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from domain.participant_state.schedule_config import IntervalConfig, wall_time
from domain.schedules import DstPolicy, instant_of

# The gap of a clock change can swallow one wall time; several in a row on the same days, none ever did.
_STEPS = 8


def next_interval(
    config: IntervalConfig, zone: ZoneInfo, policy: DstPolicy, counted_from: datetime, after: datetime
) -> datetime | None:
    """The first instant after `after` that is a whole number of intervals, at least one, from `counted_from`."""
    if config.time_of_day is None:
        length = _length(config)
        return counted_from + max(1, (after - counted_from) // length + 1) * length
    days = config.interval_days
    assert days is not None
    start = counted_from.astimezone(zone).date()
    passed = (after.astimezone(zone).date() - start).days // days
    first = max(1, passed)
    for count in range(first, first + _STEPS):
        wall = datetime.combine(start + timedelta(days=count * days), wall_time(config.time_of_day))
        instant = instant_of(wall, zone, policy)
        if instant is not None and instant > after:
            return instant
    return None


def _length(config: IntervalConfig) -> timedelta:
    return timedelta(
        days=config.interval_days or 0,
        hours=config.interval_hours or 0,
        minutes=config.interval_minutes or 0,
    )
