"""Whether a schedule is active, asked about many instants of few days."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

from domain.rules.active_intervals import Interval, active_intervals
from domain.rules.schedule_settings import ScheduleSettings

_DAY = timedelta(days=1)


class ActiveDays:
    """Agrees with is_active, which takes a hundred times as long as finding an instant in a day that is known."""

    def __init__(self, settings: ScheduleSettings) -> None:
        self._settings = settings
        self._days: dict[date, Sequence[Interval]] = {}

    def is_active(self, at: datetime) -> bool:
        """At an aware instant of the years 2 to 9998."""
        day = at.astimezone(UTC).date()
        if day not in self._days:
            start = datetime.combine(day, time(), UTC)
            self._days[day] = list(active_intervals(self._settings, start, start + _DAY))
        return any(interval.start <= at < interval.end for interval in self._days[day])
