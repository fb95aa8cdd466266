"""When an automation fires by the clock, and what an occurrence that arrives means."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.automation import (
    IN_PROGRESS,
    AutomationStatus,
    Definition,
    ExecutionStatus,
    MissedRunPolicy,
    Scope,
    TriggerType,
)
from domain.contract import RunCause
from domain.missed_runs import MAKE_UP_ALL_WITHIN, MAKE_UP_LAST_WITHIN, is_missed
from domain.schedules import ScheduleError, is_occurrence, next_occurrence, parse_cron, validate_timezone
from domain.schedules.clock_changes import near_clock_change
from domain.triggering import can_trigger


class Refusal(StrEnum):
    """Why an occurrence fired nothing."""

    PAUSED = "paused"
    NOT_ACTIVE = "not active"
    STILL_EXECUTING = "still executing"
    NOT_AN_OCCURRENCE = "not an occurrence of the schedule"
    MISSED = "missed"
    SCHEDULE_PAUSED = "its Temporal Schedule is paused"
    RETIMED = "its timing was changed"
    ALREADY_HANDLED = "already handled"
    NOT_TRIGGERABLE = "not triggerable"


SHORT_NOTICE = timedelta(seconds=10)
SHORT_TICK_GRACE = timedelta(seconds=3)
# Longer than a tick takes when a thousand are due at once, shorter than what counts as late.
TICK_GRACE = timedelta(seconds=45)


@dataclass(frozen=True, slots=True)
class OwnTimer:
    """A fire kept by the automation's own timer: the occurrence, and when to wake for it."""

    nominal_at: datetime
    wake_at: datetime


@dataclass(frozen=True, slots=True)
class State:
    """The part of an automation's record that decides whether it may fire."""

    status: AutomationStatus
    execution_status: ExecutionStatus
    fired_once: bool


def next_fire(
    definition: Definition, status: AutomationStatus, fired_once: bool, now: datetime
) -> datetime | None:
    """The next instant the clock fires the automation; None when nothing will."""
    if status is not AutomationStatus.ACTIVE:
        return None
    if definition.trigger_type is TriggerType.CRON:
        assert definition.cron_expression is not None
        zone = validate_timezone(definition.timezone)
        return next_occurrence(parse_cron(definition.cron_expression), zone, definition.dst_policy, now)
    if definition.trigger_type is TriggerType.ONE_TIME and not fired_once:
        return definition.trigger_at
    return None


def cause_of_tick(definition: Definition, nominal_at: datetime) -> RunCause:
    """A tick off the minute, or before trigger_at, is an operator's "Trigger" in the Web UI."""
    if definition.trigger_type is TriggerType.CRON:
        on_the_minute = nominal_at.second == 0 and nominal_at.microsecond == 0
        return RunCause.SCHEDULE if on_the_minute else RunCause.MANUAL
    due = definition.trigger_at is not None and nominal_at >= definition.trigger_at
    return RunCause.ONE_TIME if due else RunCause.MANUAL


def refusal(
    definition: Definition, state: State, cause: RunCause, nominal_at: datetime | None, now: datetime
) -> Refusal | None:
    """Why this fire must not happen, or None."""
    if state.status is AutomationStatus.PAUSED:
        return Refusal.PAUSED
    if state.status is not AutomationStatus.ACTIVE:
        return Refusal.NOT_ACTIVE
    if cause is RunCause.MANUAL:
        allowed = can_trigger(state.status, definition.trigger_type, definition.scope, state.execution_status)
        return None if allowed else Refusal.NOT_TRIGGERABLE
    if cause is RunCause.ONE_TIME and state.fired_once:
        return Refusal.ALREADY_HANDLED
    if cause is RunCause.SCHEDULE and (nominal_at is None or not _occurs(definition, nominal_at)):
        return Refusal.NOT_AN_OCCURRENCE
    if cause is RunCause.SCHEDULE and nominal_at is not None and is_missed(definition, nominal_at, now):
        return Refusal.MISSED
    if definition.scope is Scope.PARTICIPANTS and state.execution_status in IN_PROGRESS:
        return Refusal.STILL_EXECUTING
    return None


def catch_up_window(definition: Definition) -> timedelta:
    """How late the server may still deliver an occurrence that it could not deliver in time."""
    if definition.trigger_type is TriggerType.ONE_TIME:
        return timedelta(days=365)
    return MAKE_UP_ALL_WITHIN if definition.missed_run_policy is MissedRunPolicy.ALL else MAKE_UP_LAST_WITHIN


def own_timer(
    timezone: str,
    jitter: timedelta,
    next_run_at: datetime | None,
    due_once_at: datetime | None,
    now: datetime,
) -> OwnTimer | None:
    """The fire that the automation keeps itself in case its schedule misses it.

    A one-time instant that is past, or too near for a schedule to be in place, is kept to the second.
    An occurrence of a cron is kept with a grace for the tick: a short one near a change of the clocks,
    where schedules go wrong by design; a long one elsewhere, where only zone data may differ.
    """
    if due_once_at is not None and due_once_at <= now + SHORT_NOTICE:
        due = whole_second(due_once_at)
        return OwnTimer(nominal_at=due, wake_at=due)
    if next_run_at is None:
        return None
    expected_to_fail = near_clock_change(next_run_at, validate_timezone(timezone))
    grace = SHORT_TICK_GRACE if expected_to_fail else TICK_GRACE
    return OwnTimer(nominal_at=next_run_at, wake_at=next_run_at + jitter + grace)


def _occurs(definition: Definition, nominal_at: datetime) -> bool:
    if definition.cron_expression is None:
        return False
    zone = validate_timezone(definition.timezone)
    try:
        return is_occurrence(parse_cron(definition.cron_expression), zone, definition.dst_policy, nominal_at)
    except ScheduleError:
        return False


def whole_second(at: datetime) -> datetime:
    """Schedules know whole seconds; an automation never fires before its trigger_at."""
    return at if at.microsecond == 0 else at.replace(microsecond=0) + timedelta(seconds=1)
