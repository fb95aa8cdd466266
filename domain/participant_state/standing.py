"""What is known of a subscription, and what it is planned from."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from domain.automation import MissedRunPolicy
from domain.canonical_json import fingerprint
from domain.participant_state.schedule_config import ScheduleConfig
from domain.schedules import DstPolicy, timezone_names, validate_timezone


class SubscriptionStatus(StrEnum):
    """`cancelled` is kept, out of sight, so that who returns does not get a once-only trigger again."""

    ACTIVE = "active"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Person:
    """The part of a participant that a subscription depends on. `timezone` may be unset or no zone at all."""

    attributes: Mapping[str, Any]
    counters: Mapping[str, Any]
    timezone: str | None = None


@dataclass(frozen=True)
class Rhythm:
    """What an automation says of when its subscriptions are due; `timezone` is for who has none."""

    config: ScheduleConfig
    timezone: str
    dst_policy: DstPolicy
    missed_run_policy: MissedRunPolicy

    def zone_of(self, person: Person) -> ZoneInfo:
        own = person.timezone
        return validate_timezone(own if own is not None and own in timezone_names() else self.timezone)

    @cached_property
    def fingerprint(self) -> str:
        """Differs between two rhythms that plan differently, whoever the person is."""
        return fingerprint(
            {
                "schedule_type": self.config.schedule_type.value,
                "config": self.config.model_dump(mode="json"),
                "dst_policy": self.dst_policy.model_dump(mode="json"),
            }
        )


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a subscription stands. All instants are aware, in UTC.

    `next_trigger_at` is when it is due: a trigger, or while `retry_count` is above 0 perhaps a retry of the last
    one; `regular_trigger_at` is then the trigger that follows. `anchor` is a hash of what the plan was computed
    from, and `satisfied` whether the threshold was when last looked at.
    """

    status: SubscriptionStatus
    subscribed_at: datetime
    anchor: str
    next_trigger_at: datetime | None = None
    last_triggered_at: datetime | None = None
    trigger_count: int = 0
    retry_count: int = 0
    last_error: str | None = None
    satisfied: bool = False
    regular_trigger_at: datetime | None = None

    def is_due(self, instant: datetime) -> bool:
        return (
            self.status is SubscriptionStatus.ACTIVE
            and self.next_trigger_at is not None
            and self.next_trigger_at <= instant
        )


@dataclass(frozen=True, slots=True)
class Fired:
    """What became of a due subscription: `missed` when it came too late, and its trigger is given up."""

    standing: Standing
    missed: bool
