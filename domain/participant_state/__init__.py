"""Automations that watch each participant: whom something is due for, when, and what a trigger leaves behind."""

from domain.participant_state.planning import cancelled, fire, follow, rebase, subscribe
from domain.participant_state.retrying import after_failure, after_success
from domain.participant_state.schedule_config import (
    AttributeDateConfig,
    CronConfig,
    IntervalConfig,
    ScheduleConfig,
    ScheduleConfigError,
    ThresholdConfig,
    parse_schedule_config,
)
from domain.participant_state.standing import Fired, Person, Rhythm, Standing, SubscriptionStatus

__all__ = [
    "AttributeDateConfig",
    "CronConfig",
    "Fired",
    "IntervalConfig",
    "Person",
    "Rhythm",
    "ScheduleConfig",
    "ScheduleConfigError",
    "Standing",
    "SubscriptionStatus",
    "ThresholdConfig",
    "after_failure",
    "after_success",
    "cancelled",
    "fire",
    "follow",
    "parse_schedule_config",
    "rebase",
    "subscribe",
]
