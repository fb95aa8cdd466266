"""What an automation is: its vocabulary and its definition, as a client states it."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from domain.actions import Action
from domain.schedules import DstPolicy


class AutomationStatus(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"
    COMPLETED = "completed"
    FAILED = "failed"
    ARCHIVED = "archived"


class TriggerType(StrEnum):
    CRON = "cron"
    ONE_TIME = "one_time"
    PARTICIPANT_STATE = "participant_state"
    IMMEDIATE = "immediate"


class ScheduleType(StrEnum):
    """What about a participant a participant_state automation watches."""

    ATTRIBUTE_DATE = "ATTRIBUTE_DATE"
    INTERVAL = "INTERVAL"
    CRON = "CRON"
    THRESHOLD = "THRESHOLD"


class Scope(StrEnum):
    PROGRAM = "program"
    PARTICIPANTS = "participants"


class ExecutionStatus(StrEnum):
    """State of an automation's fan-out (seed field `execution_status`)."""

    IDLE = "idle"
    PENDING = "pending"
    EXECUTING = "executing"
    COMPLETED = "completed"
    FAILED = "failed"


class Source(StrEnum):
    API = "api"
    RULE_ACTION = "rule_action"


class MissedRunPolicy(StrEnum):
    """What becomes of occurrences that passed while nothing could fire them."""

    SKIP = "skip"
    LAST = "last"
    ALL = "all"


IN_PROGRESS = frozenset({ExecutionStatus.PENDING, ExecutionStatus.EXECUTING})

CohortSize = Annotated[int, Field(strict=True, ge=1, le=1000)] | Literal["auto"]


class Definition(BaseModel):
    """Everything a client decides about an automation. Stored flat; see `store.tables.automation`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    description: str | None = None
    event_name: str
    payload: dict[str, Any] = Field(default_factory=dict)
    scope: Scope
    trigger_type: TriggerType
    timezone: str = "UTC"
    cron_expression: str | None = None
    trigger_at: datetime | None = None
    participant_id: UUID | None = None
    schedule_type: ScheduleType | None = None
    schedule_config: dict[str, Any] | None = None
    participant_filter: str | None = None
    guard_condition: str | None = None
    filter_hints: list[dict[str, Any]] = Field(default_factory=list)
    action: Action | None = None
    cohort_size: CohortSize = "auto"
    dst_policy: DstPolicy = DstPolicy()
    missed_run_policy: MissedRunPolicy = MissedRunPolicy.LAST
    jitter_seconds: int = 0
    source: Source = Source.API
