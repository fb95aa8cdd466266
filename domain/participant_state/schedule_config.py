"""What a participant_state automation is told to watch: one shape for each schedule type."""

from collections.abc import Mapping
from datetime import time
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Any, ClassVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    ValidationError,
    model_validator,
)

from domain.automation import ScheduleType
from domain.schedules import Cron, ScheduleError, parse_cron
from domain.storable_text import storable

FIELD = "schedule_config"
_MAX_TRIGGERS = 2**31 - 1


class Recurrence(StrEnum):
    YEARLY = "yearly"
    ONCE = "once"


class Feb29(StrEnum):
    """The day on which a 29 February is kept in a year without one."""

    FEB_28 = "feb_28"
    MAR_1 = "mar_1"


class Operator(StrEnum):
    AT_LEAST = ">="
    ABOVE = ">"
    AT_MOST = "<="
    BELOW = "<"


class ScheduleConfigError(ValueError):
    """The first thing wrong with a schedule_config.

    `field` is its dotted path (`schedule_config.offset_days`), `reason` says what is wrong there, `expected` what
    would be right.
    """

    def __init__(self, field: str, reason: str, expected: str) -> None:
        self.field = field
        self.reason = reason
        self.expected = expected
        super().__init__(f"{field} {reason}; expected {expected}.")

    def __reduce__(self) -> tuple[type["ScheduleConfigError"], tuple[str, str, str]]:
        return type(self), (self.field, self.reason, self.expected)


Name = Annotated[
    str,
    Field(strict=True, min_length=1, max_length=255, description="text of 1 to 255 characters"),
    AfterValidator(storable),
]
TimeOfDay = Annotated[
    str,
    Field(
        strict=True,
        pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$",
        description="a time of day from 00:00 to 23:59, as HH:MM",
    ),
]
MaxTriggers = Annotated[
    int, Field(strict=True, ge=1, le=_MAX_TRIGGERS, description=f"a whole number from 1 to {_MAX_TRIGGERS}")
]


def _whole_number(low: int, high: int) -> Any:
    return Field(strict=True, ge=low, le=high, description=f"a whole number from {low} to {high}")


class _Config(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class AttributeDateConfig(_Config):
    """Fires on a date that an attribute holds, or on its anniversaries.

    The day moves by `offset_days` on the wall calendar, the instant then by `offset_hours` of 60 minutes.
    Without `time_of_day`, a date fires at 09:00 and a date with a time at that time.
    """

    schedule_type: ClassVar[ScheduleType] = ScheduleType.ATTRIBUTE_DATE

    attribute: Name
    offset_days: Annotated[int, _whole_number(-366, 366)] = 0
    offset_hours: Annotated[int, _whole_number(-8_784, 8_784)] = 0
    time_of_day: TimeOfDay | None = Field(default=None, description="HH:MM, from 00:00 to 23:59")
    recurrence: Recurrence = Field(default=Recurrence.YEARLY, description="'yearly' or 'once'")
    feb_29: Feb29 = Field(default=Feb29.FEB_28, description="'feb_28' or 'mar_1'")


class IntervalConfig(_Config):
    """Fires again and again, counted from the subscription and then from each trigger that was due.

    A day is 24 hours; with `time_of_day` it is a day of the calendar, and fires at that wall time.
    """

    schedule_type: ClassVar[ScheduleType] = ScheduleType.INTERVAL
    lengths: ClassVar[tuple[str, ...]] = ("interval_days", "interval_hours", "interval_minutes")

    interval_days: Annotated[int, _whole_number(1, 3_660)] | None = Field(
        default=None, description="a whole number from 1 to 3660"
    )
    interval_hours: Annotated[int, _whole_number(1, 87_840)] | None = Field(
        default=None, description="a whole number from 1 to 87840"
    )
    interval_minutes: Annotated[int, _whole_number(1, 5_270_400)] | None = Field(
        default=None, description="a whole number from 1 to 5270400"
    )
    time_of_day: TimeOfDay | None = Field(default=None, description="HH:MM, from 00:00 to 23:59")
    max_triggers: MaxTriggers | None = Field(default=None, description="null or a whole number from 1")

    @model_validator(mode="after")
    def _one_length(self) -> "IntervalConfig":
        given = [name for name in self.lengths if getattr(self, name) is not None]
        if len(given) != 1:
            reason = f"has {' and '.join(given)}" if given else "has no interval"
            raise ScheduleConfigError(FIELD, reason, f"exactly one of {', '.join(self.lengths)}")
        if self.time_of_day is not None and self.interval_days is None:
            reason = f"does not go with {given[0]}"
            raise ScheduleConfigError(
                f"{FIELD}.time_of_day", reason, "interval_days with it, or no time_of_day"
            )
        return self


class CronConfig(_Config):
    """Fires by a cron expression, read in each participant's own zone."""

    schedule_type: ClassVar[ScheduleType] = ScheduleType.CRON

    cron_expression: Annotated[str, Field(strict=True, description="a cron expression of five fields")]
    max_triggers: MaxTriggers | None = Field(default=None, description="null or a whole number from 1")

    @model_validator(mode="after")
    def _readable(self) -> "CronConfig":
        try:
            parse_cron(self.cron_expression)
        except ScheduleError as error:
            expected = error.expected or "a cron expression of five fields"
            raise ScheduleConfigError(f"{FIELD}.{error.field}", error.reason, expected) from None
        return self


class ThresholdConfig(_Config):
    """Fires when a counter comes to satisfy the comparison, not while it does; with `repeat`, each time."""

    schedule_type: ClassVar[ScheduleType] = ScheduleType.THRESHOLD

    counter: Name
    operator: Operator = Field(default=Operator.AT_LEAST, description="one of '>=', '>', '<=', '<'")
    value: Annotated[int, Field(strict=True)] | Annotated[float, Field(strict=True, allow_inf_nan=False)] = (
        Field(description="a finite number")
    )
    repeat: StrictBool = Field(default=False, description="true or false")


ScheduleConfig = AttributeDateConfig | IntervalConfig | CronConfig | ThresholdConfig

_MODELS: dict[ScheduleType, type[ScheduleConfig]] = {
    ScheduleType.ATTRIBUTE_DATE: AttributeDateConfig,
    ScheduleType.INTERVAL: IntervalConfig,
    ScheduleType.CRON: CronConfig,
    ScheduleType.THRESHOLD: ThresholdConfig,
}


def parse_schedule_config(schedule_type: ScheduleType, document: Mapping[str, Any]) -> ScheduleConfig:
    """The configuration that a document states. Raises ScheduleConfigError for the first problem."""
    model = _MODELS[schedule_type]
    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise _first_problem(model, error) from None


@lru_cache(maxsize=256)
def wall_time(text: str) -> time:
    """The time of day that HH:MM names."""
    return time.fromisoformat(text)


@lru_cache(maxsize=256)
def cron_of(expression: str) -> Cron:
    """A cron expression that was checked when it was saved."""
    return parse_cron(expression)


def _first_problem(model: type[ScheduleConfig], error: ValidationError) -> ScheduleConfigError:
    problem = error.errors(include_url=False, include_input=False)[0]
    raised = problem.get("ctx", {}).get("error")
    if isinstance(raised, ScheduleConfigError):
        return raised
    name = ".".join(str(part) for part in problem["loc"][:1])
    field = f"{FIELD}.{name}" if name else FIELD
    if problem["type"] == "missing":
        return ScheduleConfigError(field, "required", "present")
    if problem["type"] == "extra_forbidden":
        known = ", ".join(model.model_fields)
        return ScheduleConfigError(
            field, f"is no field of schedule type {model.schedule_type}", f"only {known}"
        )
    known_field = model.model_fields.get(name)
    expected = known_field.description if known_field and known_field.description else "an object"
    reason = str(raised) if raised is not None else f"is not {expected}"
    return ScheduleConfigError(field, reason, expected)
