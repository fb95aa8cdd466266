"""Rhythms and people for the tests of subscriptions."""

from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from domain.automation import MissedRunPolicy, ScheduleType
from domain.participant_state import Person, Rhythm, Standing, fire, follow, parse_schedule_config, subscribe
from domain.schedules import DstPolicy, timezone_names

SECOND, MINUTE, HOUR, DAY = (
    timedelta(seconds=1),
    timedelta(minutes=1),
    timedelta(hours=1),
    timedelta(days=1),
)
ODD_ZONES = (
    "Europe/Madrid",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "America/St_Johns",
    "Africa/Casablanca",
    "Australia/Lord_Howe",
    "America/Nuuk",
    "Asia/Beirut",
    "Pacific/Kiritimati",
    "UTC",
)
zones = st.one_of(st.sampled_from(ODD_ZONES), st.sampled_from(sorted(timezone_names())))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def rhythm(
    schedule_type: ScheduleType,
    document: dict[str, Any],
    timezone: str = "UTC",
    policy: DstPolicy | None = None,
    missed: MissedRunPolicy = MissedRunPolicy.LAST,
) -> Rhythm:
    return Rhythm(parse_schedule_config(schedule_type, document), timezone, policy or DstPolicy(), missed)


def dated(timezone: str = "UTC", policy: DstPolicy | None = None, **document: Any) -> Rhythm:
    return rhythm(ScheduleType.ATTRIBUTE_DATE, {"attribute": "birthday"} | document, timezone, policy)


def every(timezone: str = "UTC", policy: DstPolicy | None = None, **document: Any) -> Rhythm:
    return rhythm(ScheduleType.INTERVAL, document, timezone, policy)


def by_cron(expression: str, timezone: str = "UTC", **document: Any) -> Rhythm:
    return rhythm(ScheduleType.CRON, {"cron_expression": expression} | document, timezone)


def threshold(**document: Any) -> Rhythm:
    return rhythm(ScheduleType.THRESHOLD, {"counter": "spend", "value": 1000} | document)


def born(value: object, timezone: str | None = None) -> Person:
    return Person({"birthday": value}, {}, timezone)


def spent(value: object) -> Person:
    return Person({}, {"spend": value})


ANYONE = Person({}, {})


def subscribed(
    of: Rhythm,
    person: Person,
    now: datetime,
    before: Person | None = None,
    earlier: Standing | None = None,
) -> Standing:
    standing = subscribe(of, person, before, earlier, now)
    assert standing is not None
    return standing


def fires(of: Rhythm, person: Person, since: datetime, count: int) -> list[datetime]:
    """The first `count` instants, each fired when it is due, with the person looked at again in between."""
    standing = subscribed(of, person, since)
    found: list[datetime] = []
    while len(found) < count and standing.next_trigger_at is not None:
        due = standing.next_trigger_at
        found.append(due)
        standing = follow(of, fire(of, standing, person, due).standing, person, due)
    return found
