"""An automation as the seed shows it: the request nests `trigger`, the answer is flat."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
)
from pydantic.config import JsonDict

from api.schemas.text import Label, LongText, ShownName
from domain.actions import Action
from domain.automation import (
    AutomationStatus,
    CohortSize,
    ExecutionStatus,
    MissedRunPolicy,
    ScheduleType,
    Scope,
    Source,
    TriggerType,
)
from domain.instants import Instant
from domain.schedules import DstPolicy
from domain.storable_text import storable

Expression = Annotated[str, Field(max_length=2_048), AfterValidator(storable)]
JitterSeconds = Annotated[int, Field(strict=True, ge=0, le=86_400)]


class _TriggerBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    timezone: Annotated[str, Field(max_length=64)] = "UTC"


class CronTrigger(_TriggerBody):
    type: Literal[TriggerType.CRON]
    cron_expression: Annotated[str, Field(max_length=255, examples=["0 9 * * 1"])]


class OneTimeTrigger(_TriggerBody):
    type: Literal[TriggerType.ONE_TIME]
    trigger_at: Instant


class ImmediateTrigger(_TriggerBody):
    type: Literal[TriggerType.IMMEDIATE]


class ParticipantStateTrigger(_TriggerBody):
    """`timezone` is for the participants who have none of their own."""

    type: Literal[TriggerType.PARTICIPANT_STATE]
    schedule_type: ScheduleType
    schedule_config: Annotated[
        dict[str, Any],
        Field(examples=[{"attribute": "birthday", "offset_days": -7, "time_of_day": "09:00"}]),
    ]


Trigger = Annotated[
    CronTrigger | OneTimeTrigger | ImmediateTrigger | ParticipantStateTrigger, Field(discriminator="type")
]

CRON_EXAMPLE: JsonDict = {
    "name": "Monday digest",
    "event_name": "weekly_digest",
    "scope": "program",
    "trigger": {"type": "cron", "cron_expression": "0 9 * * 1", "timezone": "Europe/Madrid"},
}
MAIL_EXAMPLE: JsonDict = {
    "name": "Win back lapsed customers",
    "event_name": "win_back",
    "scope": "participants",
    "trigger": {"type": "one_time", "trigger_at": "2027-03-01T09:00:00Z"},
    "participant_filter": '"lapsed" in participant.tags',
    "guard_condition": 'get(participant.counters, "orders", 0.0) >= 1.0',
    "action": {
        "type": "send_message",
        "channel": "email",
        "subject": "We miss you, {{ participant.first_name | default: 'friend' }}",
        "body": "Here is a coffee on us.",
    },
}
BIRTHDAY_EXAMPLE: JsonDict = {
    "name": "Birthday week",
    "event_name": "birthday_week",
    "scope": "participants",
    "trigger": {
        "type": "participant_state",
        "schedule_type": "ATTRIBUTE_DATE",
        "schedule_config": {"attribute": "birthday", "offset_days": -7, "time_of_day": "09:00"},
    },
}


class CreateAutomation(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [CRON_EXAMPLE, MAIL_EXAMPLE, BIRTHDAY_EXAMPLE]}
    )

    name: ShownName
    event_name: Label
    scope: Scope
    trigger: Trigger
    description: LongText | None = None
    payload: dict[str, Any] | None = None
    participant_filter: Expression | None = None
    guard_condition: Expression | None = None
    filter_hints: list[dict[str, Any]] | None = Field(default=None, max_length=100)
    participant_id: UUID | None = None
    action: Action | None = Field(default=None, description="null: generate an event for each participant")
    cohort_size: CohortSize = "auto"
    dst_policy: DstPolicy = DstPolicy()
    missed_run_policy: MissedRunPolicy = MissedRunPolicy.LAST
    jitter_seconds: JitterSeconds = 0


class PatchAutomation(BaseModel):
    """Only the fields present change; null clears an optional one."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"status": "paused"}]})

    name: ShownName | None = None
    event_name: Label | None = None
    description: LongText | None = None
    payload: dict[str, Any] | None = None
    status: Literal["active", "paused"] | None = None
    cron_expression: Annotated[str, Field(max_length=255)] | None = None
    timezone: Annotated[str, Field(max_length=64)] | None = None
    trigger_at: Instant | None = None
    schedule_config: dict[str, Any] | None = None
    participant_filter: Expression | None = None
    guard_condition: Expression | None = None
    filter_hints: list[dict[str, Any]] | None = Field(default=None, max_length=100)
    action: Action | None = None
    cohort_size: CohortSize | None = None
    dst_policy: DstPolicy | None = None
    missed_run_policy: MissedRunPolicy | None = None
    jitter_seconds: JitterSeconds | None = None


class AutomationOut(BaseModel):
    """The seed's response object, plus our extensions (`action` to `jitter_seconds`)."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    program_id: UUID
    name: str
    description: str | None
    event_name: str
    payload: dict[str, Any]
    source: Source
    status: AutomationStatus
    trigger_type: TriggerType
    scope: Scope
    timezone: str
    cron_expression: str | None
    next_run_at: datetime | None
    last_run_at: datetime | None
    last_error: str | None
    trigger_at: datetime | None
    processed_at: datetime | None
    error_message: str | None
    participant_id: UUID | None
    schedule_type: ScheduleType | None
    schedule_config: dict[str, Any] | None
    last_evaluated_at: datetime | None
    participant_filter: str | None
    guard_condition: str | None
    filter_hints: list[dict[str, Any]]
    execution_status: ExecutionStatus | None = None
    execution_started_at: datetime | None
    execution_completed_at: datetime | None
    execution_error: str | None
    participants_total: int | None = None
    participants_processed: int | None = None
    current_run_id: UUID | None = None
    action: Action | None
    cohort_size: CohortSize
    dst_policy: DstPolicy
    missed_run_policy: MissedRunPolicy
    jitter_seconds: int
    schedule_paused: bool = Field(
        description="An operator holds its Temporal Schedule: the clock does not fire it, and next_run_at is null"
    )
    schedule_pause_note: str | None = Field(description="The operator's reason, in their words")
    created_at: datetime
    updated_at: datetime

    @model_serializer(mode="wrap")
    def _counts_of_a_fan_out_only(self, shown: SerializerFunctionWrapHandler):  # type: ignore[no-untyped-def]
        """Without a return type: with one, the OpenAPI document would say that and no longer the fields."""
        fields = shown(self)
        if self.scope is Scope.PROGRAM:
            del fields["participants_total"], fields["participants_processed"]
        return fields
