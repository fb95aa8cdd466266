from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.rule import RolloutPercentage
from domain.instants import Instant
from domain.rules.alert_presets import AlertPreset
from domain.rules.alerting import AlertSettings
from domain.rules.effective_state import InactiveReason
from domain.rules.schedule_settings import ScheduleSettings


class SnoozeRule(BaseModel):
    """Null, or an instant that has passed, ends the snooze."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"snoozed_until": "2026-12-01T09:00:00Z"}]}
    )

    snoozed_until: Instant | None


class RuleSnoozed(BaseModel):
    message: str = Field(examples=["Rule snoozed"])
    id: UUID
    snoozed_until: datetime | None


class PatchAlertSettings(BaseModel):
    """Either of the two. A preset keeps the rule's channels: it says when to tell, and not whom."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"preset": "balanced"}]})

    preset: AlertPreset | None = None
    alert_settings: AlertSettings | None = None


class PatchSchedule(BaseModel):
    """Null: the rule is active all the time."""

    model_config = ConfigDict(extra="forbid")

    schedule_settings: ScheduleSettings | None


class PatchRollout(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"rollout_percentage": 25}]})

    rollout_percentage: RolloutPercentage


class EffectiveStateOut(BaseModel):
    """`reasons`: all that keep the rule from acting now, none when `effective_active`. `next_active_at`: the first
    instant from now on at which it could act if nothing is changed; null when none can be told."""

    model_config = ConfigDict(from_attributes=True)

    rule_id: UUID
    is_active: bool
    is_snoozed: bool
    snoozed_until: datetime | None
    global_paused: bool
    schedule_active: bool
    effective_active: bool
    reasons: list[InactiveReason]
    next_active_at: datetime | None


class ActiveWindow(BaseModel):
    """From `start_at` until just before `end_at`, in UTC."""

    start_at: datetime
    end_at: datetime


class SchedulePreview(BaseModel):
    """When the rule is active by its schedule, within the hours asked for; `timezone` is the schedule's."""

    rule_id: UUID
    timezone: str
    windows: list[ActiveWindow]
