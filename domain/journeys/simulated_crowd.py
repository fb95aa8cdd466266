"""Made-up people for a simulation, and what they do: all of it follows from one seed."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from math import log
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from domain.actions import Channel
from domain.journeys.arms import arm_of
from domain.journeys.birthdays import BIRTHDATE_ATTRIBUTES, birthday_instant
from domain.journeys.simulating import Entry, Happening, Reaction

_PEOPLE = UUID("5b8e2f61-9c43-4d0a-b7f2-1e6a3c8d9f04")
_YEAR = timedelta(days=365)
SUBSCRIBED, NOT_SUBSCRIBED = "subscribed", "nonSubscribed"


@dataclass(frozen=True, slots=True)
class CrowdShape:
    """`subscribed`, `tags`: percent of the people, by channel and tag. `attributes`, `timezones`: weights of values."""

    size: int
    subscribed: Mapping[str, int] = field(default_factory=dict)
    tags: Mapping[str, int] = field(default_factory=dict)
    attributes: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    timezones: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Habit:
    """An event that `percent` of the people have: so often `a_year` each, at random; or `after` the start."""

    type: str
    source: str
    properties: Mapping[str, Any]
    percent: int
    a_year: float
    after: tuple[timedelta, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """Percent of the messages that are opened, and of those, followed; each within so long, evenly spread."""

    open_percent: int
    click_percent: int
    within: timedelta


def person_id(seed: int, number: int) -> UUID:
    return uuid5(_PEOPLE, f"{seed}:{number}")


def made_up_people(shape: CrowdShape, seed: int) -> Iterator[dict[str, Any]]:
    """The fields of each, where they differ from anybody's."""
    for number in range(shape.size):
        chance = _Chance(seed, "person", number)
        zones = dict(shape.timezones)
        yield {
            "id": person_id(seed, number),
            "external_id": f"simulated-{number}",
            "email": f"simulated-{number}@example.com",
            "phone": f"+34600{number:06}",
            "consent": {
                channel: SUBSCRIBED if _hits(chance, shape.subscribed.get(channel, 100)) else NOT_SUBSCRIBED
                for channel in ("email", "sms", "whatsapp", "push")
            },
            "tags": [tag for tag, percent in shape.tags.items() if _hits(chance, percent)],
            "attributes": {name: _pick(chance, values) for name, values in shape.attributes.items()},
            "timezone": _pick(chance, zones) if zones else None,
        }


def what_they_do(
    habits: Sequence[Habit], people: Sequence[UUID], seed: int, start: datetime, until: datetime
) -> Iterator[Happening]:
    for place, habit in enumerate(habits):
        data = {**habit.properties, "type": habit.type}
        for who in people:
            chance = _Chance(seed, f"habit {place}", who)
            if _hits(chance, habit.percent):
                for at in _instants(habit, chance, start, until):
                    yield Happening(at, who, habit.source, data)


def expected_happenings(habits: Sequence[Habit], people: int, period: timedelta) -> float:
    """About how many `what_they_do` gives."""
    return sum(
        people * habit.percent / 100 * (len(habit.after) + habit.a_year * (period / _YEAR))
        for habit in habits
    )


def birthdays_of(
    people: Mapping[UUID, Mapping[str, Any]],
    zone_of: Callable[[Mapping[str, Any]], ZoneInfo],
    shift: timedelta,
    start: datetime,
    until: datetime,
) -> Iterator[Entry]:
    """Entries by birthdays, once a year each."""
    for who, row in people.items():
        attributes = row["attributes"]
        names = (name for name in BIRTHDATE_ATTRIBUTES if name in attributes)
        birthdate = attributes.get(next(names, ""))
        after = start
        while (found := birthday_instant(birthdate, zone_of(row), shift, after, until)) is not None:
            year, after = found
            yield Entry(after, who, f"birthday:{who}:{year}")


def reader(reading: Reading, seed: int) -> Callable[[UUID, str, Channel], Reaction]:
    """How each message is read: those of one block to one person differ by their number."""
    sent: Counter[tuple[UUID, str]] = Counter()

    def react(who: UUID, block_id: str, channel: Channel) -> Reaction:
        sent[who, block_id] += 1
        chance = _Chance(seed, f"message {block_id} {sent[who, block_id]}", who)
        if channel is Channel.WEBHOOK or not _hits(chance, reading.open_percent):
            return Reaction()
        opens_after = reading.within * chance.share()
        if not _hits(chance, reading.click_percent):
            return Reaction(opens_after)
        return Reaction(opens_after, opens_after + (reading.within - opens_after) * chance.share())

    return react


def _instants(habit: Habit, chance: "_Chance", start: datetime, until: datetime) -> Iterator[datetime]:
    for after in habit.after:
        if start + after < until:
            yield start + after
    if habit.a_year > 0:
        # As a share of the time, since the next of what hardly ever happens is beyond any date.
        period = until - start
        mean = _YEAR / period / habit.a_year
        passed = 0.0
        while (passed := passed - log(1 - chance.share()) * mean) < 1:
            yield start + period * passed


def _hits(chance: "_Chance", percent: int) -> bool:
    return chance.share() * 100 < percent


def _pick(chance: "_Chance", weights: Mapping[str, int]) -> str:
    return list(weights)[arm_of(list(weights.values()), chance.place())]


class _Chance:
    """Numbers that look like chance, and are always the same for the same whom and what."""

    def __init__(self, seed: int, what: str, whose: object) -> None:
        self._name = f"{seed}:{what}:{whose}"
        self._drawn = 0

    def place(self) -> int:
        """From 0 to 2**64 - 1."""
        self._drawn += 1
        return int.from_bytes(sha256(f"{self._name}:{self._drawn}".encode()).digest()[:8])

    def share(self) -> float:
        """From 0, to less than 1."""
        return (self.place() >> 11) / 2**53
