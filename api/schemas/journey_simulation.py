"""A simulation of a journey, as it is asked for and as it is told."""

from datetime import date, datetime, timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, model_validator
from pydantic.config import JsonDict

from api.schemas.journey_out import Shown
from domain.events import API_SOURCE
from domain.instants import Instant
from domain.journeys.shape import written_name
from domain.participant import Consent
from domain.schedules import ScheduleError, validate_timezone
from domain.storable_text import storable

MOST_PEOPLE = 10_000
MOST_DAYS = 366
MOST_NAMES = 50

EXAMPLE: JsonDict = {
    "days": 365,
    "seed": 7,
    "population": {"size": 1_000, "subscribed": {"email": 80, "sms": 40}, "tags": {"vip": 10}},
    "behaviour": {
        "openPercent": 35,
        "clickPercent": 8,
        "events": [{"event": "placed order", "percent": 60, "perYear": 4}],
    },
}

Percent = Annotated[int, Field(strict=True, ge=0, le=100)]
Weight = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
Name = Annotated[str, Field(min_length=1, max_length=255), AfterValidator(storable)]
Hours = Annotated[float, Field(ge=0, le=MOST_DAYS * 24, allow_inf_nan=False)]


def _zone(name: str) -> str:
    try:
        validate_timezone(name)
    except ScheduleError as error:
        raise ValueError(f"{error.reason}; expected {error.expected}") from None
    return name


Zone = Annotated[str, AfterValidator(_zone)]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", alias_generator=written_name, validate_by_alias=True)


class GivenPerson(_Asked):
    """One of the people, as far as the journey asks for them. Everything has a value of its own where it is left out."""

    tags: list[Name] = Field(default=[], max_length=MOST_NAMES)
    attributes: dict[Name, Any] = Field(default={}, max_length=MOST_NAMES)
    first_name: Name | None = None
    last_name: Name | None = None
    timezone: Zone | None = None
    consent: dict[str, Consent] = Field(default={}, max_length=10)
    email: Name | None = None
    phone: Name | None = None


class Population(_Asked):
    """Made-up people: `size` of them. `subscribed`, `tags`: percent who are, by channel and tag. `attributes`,
    `timezones`: weights of values. Or else `people`, one by one."""

    size: Annotated[int, Field(strict=True, ge=1, le=MOST_PEOPLE)] = 1_000
    subscribed: dict[str, Percent] = Field(default={}, max_length=10)
    tags: dict[Name, Percent] = Field(default={}, max_length=MOST_NAMES)
    attributes: dict[Name, dict[Name, Weight]] = Field(default={}, max_length=MOST_NAMES)
    timezones: dict[Zone, Weight] = Field(default={}, max_length=MOST_NAMES)
    people: list[GivenPerson] | None = Field(default=None, min_length=1, max_length=MOST_PEOPLE)

    @model_validator(mode="after")
    def _are_either(self) -> "Population":
        if self.people is not None and self.model_fields_set != {"people"}:
            raise ValueError("people are given beside how to make them up; expected one of the two")
        if any(not values for values in self.attributes.values()):
            raise ValueError("an attribute has no values; expected weights by value")
        return self


class EventHabit(_Asked):
    """An event that `percent` of the people have, `perYear` times each at random, and at `atHours` after the start."""

    event: Name
    origin: Name = API_SOURCE
    properties: dict[str, Any] = Field(default={}, max_length=MOST_NAMES)
    percent: Percent = 100
    per_year: Annotated[float, Field(ge=0, le=10_000, allow_inf_nan=False)] = 0
    at_hours: list[Hours] = Field(default=[], max_length=100)


class Behaviour(_Asked):
    """What people do. `openPercent` of the messages are opened and `clickPercent` of those followed, `withinHours`."""

    open_percent: Percent = 40
    click_percent: Percent = 10
    within_hours: Annotated[float, Field(gt=0, le=MOST_DAYS * 24, allow_inf_nan=False)] = 48
    events: list[EventHabit] = Field(default=[], max_length=20)


class AskSimulation(_Asked):
    """`days` on the virtual clock from `start` (now) on. The same `seed` gives the same answer. With `enterAtStart`
    everybody comes in at the start, whatever the trigger is; by default they do where no event of `behaviour` is the
    trigger's and it is no birthday."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    start: Instant | None = None
    days: Annotated[int, Field(strict=True, ge=1, le=MOST_DAYS)] = 30
    seed: Annotated[int, Field(strict=True, ge=0, le=2**31 - 1)] = 1
    population: Population = Population()
    behaviour: Behaviour = Behaviour()
    enter_at_start: StrictBool | None = None

    @property
    def period(self) -> timedelta:
        return timedelta(days=self.days)


class DayOut(Shown):
    date: date
    messages: int


class PathOut(Shown):
    steps: list[str]
    passes: int


class SimulatedMessages(Shown):
    """`per_person`: how many people got how many. `held_back`: by the gate that kept them; `deferred`: how often one
    had to wait for its hour."""

    total: int
    per_day: list[DayOut]
    per_block: dict[str, int]
    per_channel: dict[str, int]
    per_person: dict[int, int]
    held_back: dict[str, int]
    deferred: int


class SimulationOut(Shown):
    """`inside`: passes that were not over at the end. `ended`: the others, by status and reason. `blocks`: what was
    decided at each. `paths`: those that most have taken. `cut_off_at`: null unless there was too much to go on."""

    start: datetime
    end: datetime
    people: int
    entered: int
    refused: dict[str, int]
    inside: int
    ended: dict[str, dict[str, int]]
    converted: int
    sent_on: int
    messages: SimulatedMessages
    blocks: dict[str, dict[str, int]]
    paths: list[PathOut]
    cut_off_at: datetime | None
