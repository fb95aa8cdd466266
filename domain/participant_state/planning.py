"""When subscriptions are due: as people are subscribed, as they change, and as triggers fire."""

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from domain.automation import MissedRunPolicy
from domain.canonical_json import canonical_json
from domain.missed_runs import LATE_AFTER, MAKE_UP_ALL_WITHIN, MAKE_UP_LAST_WITHIN
from domain.participant_state.attribute_date import NotADateError, next_date, read_date
from domain.participant_state.interval import next_interval
from domain.participant_state.retrying import is_retry
from domain.participant_state.schedule_config import (
    AttributeDateConfig,
    CronConfig,
    IntervalConfig,
    ThresholdConfig,
    cron_of,
)
from domain.participant_state.standing import Fired, Person, Rhythm, Standing, SubscriptionStatus
from domain.participant_state.threshold import is_satisfied
from domain.schedules import DstPolicy, next_occurrence

MADE_UP_WITHIN = {
    MissedRunPolicy.SKIP: LATE_AFTER,
    MissedRunPolicy.LAST: MAKE_UP_LAST_WITHIN,
    MissedRunPolicy.ALL: MAKE_UP_ALL_WITHIN,
}
ACTIVE, COMPLETED = SubscriptionStatus.ACTIVE, SubscriptionStatus.COMPLETED


def subscribe(
    rhythm: Rhythm, person: Person, before: Person | None, earlier: Standing | None, now: datetime
) -> Standing | None:
    """The standing of someone who begins to match, or None when there is nothing to wait for.

    `before` is the person as they were until now, if known: a threshold is crossed from there. `earlier` is the
    cancelled standing of someone who returns; what it has used up stays used up.
    """
    anchor = _anchor(rhythm, person)
    if anchor is None:
        return None
    fresh = Standing(status=ACTIVE, subscribed_at=now, anchor=anchor)
    if earlier is not None:
        fresh = replace(
            fresh, last_triggered_at=earlier.last_triggered_at, trigger_count=earlier.trigger_count
        )
    if not isinstance(rhythm.config, ThresholdConfig):
        return _planned(rhythm, fresh, person, now, now)
    level = is_satisfied(rhythm.config, person.counters)
    used_up = earlier is not None and earlier.anchor == anchor and earlier.trigger_count > 0
    if used_up and not rhythm.config.repeat:
        return replace(fresh, status=COMPLETED, satisfied=level)
    crossed = level and before is not None and not is_satisfied(rhythm.config, before.counters)
    return replace(fresh, satisfied=level, next_trigger_at=now if crossed else None)


def follow(rhythm: Rhythm, standing: Standing, person: Person, now: datetime) -> Standing:
    """The standing after the person, or the automation, may have changed: equal when nothing did that matters."""
    if standing.status is SubscriptionStatus.CANCELLED:
        return standing
    anchor = _anchor(rhythm, person)
    if anchor is None:
        return cancelled(standing)
    if isinstance(rhythm.config, ThresholdConfig):
        level = is_satisfied(rhythm.config, person.counters)
        if anchor != standing.anchor:
            return replace(_cleared(standing), status=ACTIVE, anchor=anchor, satisfied=level)
        return _crossing(standing, level, now)
    if anchor == standing.anchor:
        return standing
    counted_from = standing.last_triggered_at or standing.subscribed_at
    return _planned(rhythm, replace(_cleared(standing), anchor=anchor), person, counted_from, now)


def rebase(rhythm: Rhythm, standing: Standing, person: Person, now: datetime) -> Standing:
    """The standing when the automation resumes: what is due by now is dropped, the rhythm goes on from now."""
    followed = follow(rhythm, standing, person, now)
    if not followed.is_due(now):
        return followed
    dropped_retry = is_retry(followed, now)
    due = followed.regular_trigger_at or followed.next_trigger_at
    assert due is not None
    if isinstance(rhythm.config, ThresholdConfig):
        given_up = dropped_retry and not rhythm.config.repeat
        cleared = followed if given_up else replace(followed, last_error=None)
        status = SubscriptionStatus.FAILED if given_up else ACTIVE
        return replace(cleared, status=status, next_trigger_at=None, regular_trigger_at=None, retry_count=0)
    advanced = replace(followed, retry_count=0, regular_trigger_at=None)
    if dropped_retry and followed.regular_trigger_at is not None:
        return replace(advanced, next_trigger_at=followed.regular_trigger_at)
    resumed = _planned(rhythm, advanced, person, due, now)
    if dropped_retry and resumed.status is COMPLETED:
        return replace(resumed, status=SubscriptionStatus.FAILED)
    return resumed


def fire(rhythm: Rhythm, standing: Standing, person: Person, now: datetime) -> Fired:
    """Take the trigger, or retry, of a standing that is due and follows the person as they are.

    What comes next is planned from the due instant, so lateness does not add up.
    """
    due = standing.next_trigger_at
    assert due is not None
    if is_retry(standing, now):
        return Fired(_retried(rhythm, standing, now), missed=False)
    regular = standing.regular_trigger_at if standing.retry_count > 0 else None
    due = regular or due
    missed = _is_missed(rhythm, person, due, now)
    fired = replace(standing, retry_count=0, regular_trigger_at=None)
    if not missed:
        fired = replace(fired, last_triggered_at=now, trigger_count=standing.trigger_count + 1)
    if isinstance(rhythm.config, ThresholdConfig):
        status = ACTIVE if rhythm.config.repeat else COMPLETED
        return Fired(replace(fired, status=status, next_trigger_at=None), missed)
    return Fired(_planned(rhythm, fired, person, due, now), missed)


def cancelled(standing: Standing) -> Standing:
    """The standing of someone who is no longer watched."""
    return replace(
        standing,
        status=SubscriptionStatus.CANCELLED,
        next_trigger_at=None,
        regular_trigger_at=None,
        retry_count=0,
        last_error=None,
    )


def _planned(
    rhythm: Rhythm, standing: Standing, person: Person, counted_from: datetime, now: datetime
) -> Standing:
    """`standing` with the first trigger after `now`: completed without one, failed without a date."""
    try:
        following = None if _used_up(rhythm, standing) else _following(rhythm, person, counted_from, now)
    except NotADateError as error:
        failed = SubscriptionStatus.FAILED
        return replace(standing, status=failed, next_trigger_at=None, last_error=str(error))
    return replace(standing, status=COMPLETED if following is None else ACTIVE, next_trigger_at=following)


def _following(rhythm: Rhythm, person: Person, counted_from: datetime, after: datetime) -> datetime | None:
    """The first regular trigger after `after`. Raises NotADateError."""
    config, policy = rhythm.config, rhythm.dst_policy
    zone = rhythm.zone_of(person)
    match config:
        case AttributeDateConfig():
            base = read_date(person.attributes.get(config.attribute), config, zone)
            return next_date(base, config, zone, policy, after)
        case IntervalConfig():
            return next_interval(config, zone, policy, counted_from, after)
        case CronConfig():
            return _next_by_cron(config.cron_expression, zone, policy, after)
        case ThresholdConfig():
            return None


@lru_cache(maxsize=1024)
def _next_by_cron(expression: str, zone: ZoneInfo, policy: DstPolicy, after: datetime) -> datetime | None:
    """Kept, because people of one zone have it in common."""
    return next_occurrence(cron_of(expression), zone, policy, after)


def _crossing(standing: Standing, level: bool, now: datetime) -> Standing:
    if standing.status is not ACTIVE or level == standing.satisfied:
        return standing
    moved = replace(standing, satisfied=level)
    if not level or (standing.next_trigger_at is not None and standing.retry_count == 0):
        return moved
    return replace(moved, next_trigger_at=now, retry_count=0, regular_trigger_at=None)


def _retried(rhythm: Rhythm, standing: Standing, now: datetime) -> Standing:
    """The retry is under way: what stays planned is the regular trigger, if there is one.

    It stays in `regular_trigger_at` too, so that it is no retry if nobody tells how this one went.
    """
    regular = standing.regular_trigger_at
    armed = isinstance(rhythm.config, ThresholdConfig) and rhythm.config.repeat
    return replace(
        standing,
        status=ACTIVE if regular is not None or armed else COMPLETED,
        next_trigger_at=regular,
        last_triggered_at=now,
    )


def _is_missed(rhythm: Rhythm, person: Person, due: datetime, now: datetime) -> bool:
    """Whether the newest trigger due by now is later than the policy makes up for; older ones go with it."""
    earliest = now - MADE_UP_WITHIN[rhythm.missed_run_policy]
    if isinstance(rhythm.config, ThresholdConfig) or due >= earliest:
        return False
    newest = _following(rhythm, person, due, earliest - timedelta(microseconds=1))
    return newest is None or newest > now


def _used_up(rhythm: Rhythm, standing: Standing) -> bool:
    if isinstance(rhythm.config, IntervalConfig | CronConfig):
        most = rhythm.config.max_triggers
        return most is not None and standing.trigger_count >= most
    return False


def _cleared(standing: Standing) -> Standing:
    """Without the plan that no longer holds, and what it failed by."""
    return replace(standing, next_trigger_at=None, regular_trigger_at=None, retry_count=0, last_error=None)


def _anchor(rhythm: Rhythm, person: Person) -> str | None:
    """What a plan depends on, hashed; None without the attribute whose date it would be."""
    config = rhythm.config
    depends_on = [rhythm.fingerprint]
    if isinstance(config, AttributeDateConfig):
        value = person.attributes.get(config.attribute)
        if value is None:
            return None
        depends_on += [rhythm.zone_of(person).key, canonical_json(value)]
    elif isinstance(config, CronConfig) or (isinstance(config, IntervalConfig) and config.time_of_day):
        depends_on.append(rhythm.zone_of(person).key)
    return hashlib.sha256("\n".join(depends_on).encode()).hexdigest()[:32]
