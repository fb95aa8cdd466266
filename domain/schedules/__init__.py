"""The clock of automations: cron expressions, time zones, and the instants they give."""

from domain.schedules.calendars import Calendar, CalendarRange, compile_calendars
from domain.schedules.cron import Cron, parse_cron
from domain.schedules.errors import ScheduleError
from domain.schedules.occurrences import (
    DstPolicy,
    Gap,
    Overlap,
    instant_of,
    is_occurrence,
    next_occurrence,
    occurrences,
)
from domain.schedules.preview import PlannedRun, local_time, planned_runs
from domain.schedules.timezones import timezone_names, validate_timezone

__all__ = [
    "Calendar",
    "CalendarRange",
    "Cron",
    "DstPolicy",
    "Gap",
    "Overlap",
    "PlannedRun",
    "ScheduleError",
    "compile_calendars",
    "instant_of",
    "is_occurrence",
    "local_time",
    "next_occurrence",
    "occurrences",
    "parse_cron",
    "planned_runs",
    "timezone_names",
    "validate_timezone",
]
