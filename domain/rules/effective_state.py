"""Whether a rule could act now, what keeps it from it, and when it could next."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from domain.rules.active_intervals import END_OF_TIME, next_active
from domain.rules.active_intervals import is_active as is_scheduled
from domain.rules.control import ControlState
from domain.rules.schedule_settings import ScheduleSettings


class InactiveReason(StrEnum):
    """What keeps a rule from acting on any event at all."""

    INACTIVE = "inactive"
    SNOOZED = "snoozed"
    PAUSED = "paused"
    OUTSIDE_SCHEDULE = "outside_schedule"


@dataclass(frozen=True, slots=True)
class EffectiveState:
    """`reasons`: all that hold, none when `effective_active`.

    `next_active_at`: the first instant from now on at which the rule could act, if nobody touches it or the pause;
    now itself when it could. None when no instant can be told: the rule is not active, the pause has no end, or the
    schedule is over.
    """

    rule_id: UUID
    is_active: bool
    is_snoozed: bool
    snoozed_until: datetime | None
    global_paused: bool
    schedule_active: bool
    effective_active: bool
    reasons: tuple[InactiveReason, ...]
    next_active_at: datetime | None


def effective_state(
    rule_id: UUID,
    is_active: bool,
    snoozed_until: datetime | None,
    pause: ControlState,
    schedule: ScheduleSettings | None,
    now: datetime,
) -> EffectiveState:
    """All instants are aware. Without a schedule the rule is active all the time."""
    is_snoozed = snoozed_until is not None and snoozed_until > now
    global_paused = pause.holds(now)
    schedule_active = schedule is None or is_scheduled(schedule, now)
    shut = {
        InactiveReason.INACTIVE: not is_active,
        InactiveReason.SNOOZED: is_snoozed,
        InactiveReason.PAUSED: global_paused,
        InactiveReason.OUTSIDE_SCHEDULE: not schedule_active,
    }
    return EffectiveState(
        rule_id=rule_id,
        is_active=is_active,
        is_snoozed=is_snoozed,
        snoozed_until=snoozed_until,
        global_paused=global_paused,
        schedule_active=schedule_active,
        effective_active=not any(shut.values()),
        reasons=tuple(reason for reason, holds in shut.items() if holds),
        next_active_at=_next_active_at(snoozed_until, pause, schedule, now) if is_active else None,
    )


def _next_active_at(
    snoozed_until: datetime | None, pause: ControlState, schedule: ScheduleSettings | None, now: datetime
) -> datetime | None:
    free_from = max(now, snoozed_until or now)
    if pause.holds(free_from):
        if pause.paused_until is None:
            return None
        free_from = pause.paused_until
    return free_from if schedule is None else next_active(schedule, free_from, END_OF_TIME)
