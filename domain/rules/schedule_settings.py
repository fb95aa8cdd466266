"""When a rule may act, as a client states it."""

import re
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationInfo,
    field_validator,
)

from domain.instants import Instant
from domain.schedules import validate_timezone

MAX_WINDOWS = 50
MAX_BLACKOUT_DATES = 366

_START = "^([01][0-9]|2[0-3]):[0-5][0-9]$"
_END = "^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"
_DATE = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DAY = timedelta(days=1)


class Weekday(StrEnum):
    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"

    @classmethod
    def of(cls, day: date) -> "Weekday":
        return tuple(cls)[day.weekday()]


def _start_of_window(text: str) -> str:
    if not re.fullmatch(_START, text):
        raise ValueError("is not a time of day; expected HH:MM, from 00:00 to 23:59")
    return text


def _end_of_window(text: str) -> str:
    if not re.fullmatch(_END, text):
        raise ValueError("is not a time of day; expected HH:MM, from 00:00 to 24:00")
    return text


def _known_timezone(name: str) -> str:
    validate_timezone(name)
    return name


def _calendar_date(value: Any) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise ValueError(f"{value} is on no calendar; expected a date that exists") from None
    raise ValueError("is not a date; expected YYYY-MM-DD, such as 2026-12-24")


WindowStart = Annotated[
    str, Field(strict=True, json_schema_extra={"pattern": _START}), AfterValidator(_start_of_window)
]
WindowEnd = Annotated[
    str, Field(strict=True, json_schema_extra={"pattern": _END}), AfterValidator(_end_of_window)
]
TimezoneName = Annotated[str, Field(strict=True), AfterValidator(_known_timezone)]
CalendarDate = Annotated[date, BeforeValidator(_calendar_date)]


class WeeklyWindow(BaseModel):
    """From `start` to `end` on each of `days`, or on every day without any.

    An `end` before `start` is on the next day; the window belongs to the day on which it starts. An `end` equal to
    `start` is a day later.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    days: tuple[Weekday, ...] = ()
    start: WindowStart
    end: WindowEnd

    @field_validator("days")
    @classmethod
    def _each_once(cls, days: tuple[Weekday, ...]) -> tuple[Weekday, ...]:
        twice = next((day for day in days if days.count(day) > 1), None)
        if twice is not None:
            raise ValueError(f"{twice} is there twice; expected each day once")
        return days

    def is_on(self, day: date) -> bool:
        return not self.days or Weekday.of(day) in self.days

    def walls(self, day: date) -> tuple[datetime, datetime]:
        """The wall-clock times, naive, between which the window of `day` lies."""
        midnight = datetime.combine(day, time.min)
        start, end = _since_midnight(self.start), _since_midnight(self.end)
        return midnight + start, midnight + (end if end > start else end + _DAY)


class DateRange(BaseModel):
    """`from` to `to`, both included."""

    model_config = ConfigDict(frozen=True, extra="forbid", serialize_by_alias=True)

    first: CalendarDate = Field(alias="from")
    last: CalendarDate = Field(alias="to")

    @field_validator("last")
    @classmethod
    def _in_order(cls, last: date, info: ValidationInfo) -> date:
        first = info.data.get("first")
        if first is not None and last < first:
            raise ValueError(f"{last} is before {first}; expected {first} or later")
        return last


def _kind_of_blackout(value: Any) -> str:
    return "range" if isinstance(value, DateRange | dict) else "date"


Blackout = Annotated[
    Annotated[CalendarDate, Tag("date")] | Annotated[DateRange, Tag("range")],
    Discriminator(_kind_of_blackout),
]


class ScheduleSettings(BaseModel):
    """A rule is active within [`start_at`, `end_at`), in its windows, and on no blackout date.

    Windows and blackout dates are read on the clock and calendar of `timezone`. Without windows: all the time.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    timezone: TimezoneName = "UTC"
    windows: tuple[WeeklyWindow, ...] = Field(default=(), max_length=MAX_WINDOWS)
    start_at: Instant | None = None
    end_at: Instant | None = None
    blackout_dates: tuple[Blackout, ...] = Field(default=(), max_length=MAX_BLACKOUT_DATES)

    @field_validator("end_at")
    @classmethod
    def _in_order(cls, end_at: datetime | None, info: ValidationInfo) -> datetime | None:
        start_at = info.data.get("start_at")
        if start_at is not None and end_at is not None and end_at <= start_at:
            raise ValueError(f"is not after start_at; expected an instant after {start_at.isoformat()}")
        return end_at

    @property
    def blackouts(self) -> list[tuple[date, date]]:
        """First and last day of each blackout."""
        return [
            (each.first, each.last) if isinstance(each, DateRange) else (each, each)
            for each in self.blackout_dates
        ]


def _since_midnight(time_of_day: str) -> timedelta:
    hours, minutes = time_of_day.split(":")
    return timedelta(hours=int(hours), minutes=int(minutes))
