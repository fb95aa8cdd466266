"""Occurrences that came due and were not fired in time: given up, or still to be made up."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.automation import Definition, MissedRunPolicy
from domain.schedules import next_occurrence, occurrences, parse_cron, validate_timezone

LATE_AFTER = timedelta(minutes=1)
MAKE_UP_LAST_WITHIN = timedelta(hours=1)
MAKE_UP_ALL_WITHIN = timedelta(days=1)
LISTED_AT_MOST = 1_000
COUNTED_AT_MOST = 100_000
COUNTED_BACK = timedelta(days=60)
"""Where counting starts when there are too many: even every minute stays below COUNTED_AT_MOST."""


@dataclass(frozen=True, slots=True)
class Unlisted:
    """Missed occurrences that are summed up instead of listed; `and_more` when the count stopped early."""

    count: int
    since: datetime
    and_more: bool


@dataclass(frozen=True, slots=True)
class Overdue:
    """Occurrences up to now that nobody has handled, ascending.

    `missed` are given up by the policy, the newest LISTED_AT_MOST of them; `waiting` are late or just due,
    and are still to be fired.
    """

    missed: tuple[datetime, ...]
    waiting: tuple[datetime, ...]
    unlisted: Unlisted | None = None


def overdue(definition: Definition, since: datetime, now: datetime) -> Overdue:
    """What became due of a cron from `since` to `now`, both included."""
    due = _due(definition, since, now)
    counted_from = since
    if len(due) == COUNTED_AT_MOST:
        counted_from = now - COUNTED_BACK
        due = _due(definition, counted_from, now)
    # What is later than an occurrence that may still fire may fire too.
    first_waiting = next((i for i, at in enumerate(due) if not _is_given_up(definition, at, now)), len(due))
    missed, waiting = due[:first_waiting], due[first_waiting:]
    listed = missed[-LISTED_AT_MOST:]
    unlisted = None
    if len(listed) < len(missed):
        unlisted = Unlisted(len(missed) - len(listed), since, and_more=counted_from > since)
    return Overdue(tuple(listed), tuple(waiting), unlisted)


def _due(definition: Definition, since: datetime, now: datetime) -> list[datetime]:
    cron, zone = parse_cron(_cron_of(definition)), validate_timezone(definition.timezone)
    start = since - datetime.resolution
    return list(occurrences(cron, zone, definition.dst_policy, start, now, COUNTED_AT_MOST))


def is_missed(definition: Definition, nominal_at: datetime, now: datetime) -> bool:
    """Whether the policy gives up this occurrence of a cron, which is delivered at `now`.

    `all` fires whatever is delivered, so that operators may backfill a schedule.
    """
    late_by = _late_by(definition, nominal_at, now)
    if late_by <= LATE_AFTER:
        return False
    match definition.missed_run_policy:
        case MissedRunPolicy.SKIP:
            return True
        case MissedRunPolicy.LAST:
            return late_by > MAKE_UP_LAST_WITHIN or _has_later(definition, nominal_at, now)
        case MissedRunPolicy.ALL:
            return False


def _is_given_up(definition: Definition, nominal_at: datetime, now: datetime) -> bool:
    """Whether nobody is to deliver this occurrence any more."""
    too_old = _late_by(definition, nominal_at, now) > MAKE_UP_ALL_WITHIN
    return too_old or is_missed(definition, nominal_at, now)


def _late_by(definition: Definition, nominal_at: datetime, now: datetime) -> timedelta:
    return now - nominal_at - timedelta(seconds=definition.jitter_seconds)


def _has_later(definition: Definition, nominal_at: datetime, now: datetime) -> bool:
    zone = validate_timezone(definition.timezone)
    later = next_occurrence(parse_cron(_cron_of(definition)), zone, definition.dst_policy, nominal_at)
    return later is not None and later <= now


def _cron_of(definition: Definition) -> str:
    assert definition.cron_expression is not None
    return definition.cron_expression
