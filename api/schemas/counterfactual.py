from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, field_validator

from api.schemas.rule import Conditions, CooldownSeconds, RolloutPercentage
from api.schemas.text import Label
from domain.rules.schedule_settings import ScheduleSettings

MOST_DAYS = 90
MOST_IN_SAMPLE = 50
MOST_EVENTS = 200_000


class AskCounterfactual(BaseModel):
    """A stored rule by `rule_id`, with the fields that would change; or else a wholly new rule, by `trigger_type`.

    Null conditions always hold. Looked at are the newest `max_events` of the last `days`.
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "trigger_type": "purchase",
                    "conditions": {"all": [{"field": "event.amount", "operator": "gte", "value": 50}]},
                    "cooldown_secs": 86_400,
                    "days": 30,
                },
                {
                    "rule_id": "0190b6a0-0000-7000-8000-000000000000",
                    "conditions": 'event.amount >= 50 && "vip" in participant.tags',
                    "sample": 5,
                },
            ]
        },
    )

    rule_id: UUID | None = None
    trigger_type: Label | None = None
    conditions: Conditions | None = None
    rollout_percentage: RolloutPercentage = 100
    cooldown_secs: CooldownSeconds = 0
    schedule_settings: ScheduleSettings | None = None
    days: Annotated[int, Field(strict=True, ge=1, le=MOST_DAYS)] = 7
    sample: Annotated[int, Field(strict=True, ge=0, le=MOST_IN_SAMPLE)] = 10
    max_events: Annotated[int, Field(strict=True, ge=1, le=MOST_EVENTS)] = 50_000

    @field_validator("trigger_type", mode="before")
    @classmethod
    def _not_null(cls, value: Any) -> Any:
        if value is None:
            raise ValueError("cannot be null; expected a type of event, or leave it out")
        return value


class ReplayOut(BaseModel):
    """`matched`: events that the conditions hold for. `executed`: those on which schedule, rollout and cooldown, too,
    would have let the rule act."""

    model_config = ConfigDict(from_attributes=True)

    matched: int
    executed: int


class RecordedOut(ReplayOut):
    """What the runs of the stored rule on these events recorded then. `runs`: on how many of them it was asked."""

    runs: int


class SampledEvent(BaseModel):
    """`external_id` is null for an event without a participant, and where the participant has been erased."""

    event_id: UUID
    participant_id: UUID | None
    external_id: str | None
    created_at: datetime
    event_type: str


class DifferenceOut(BaseModel):
    """Events that only one of the two rules matches. `participants`: how many people they are about."""

    count: int
    participants: int
    sample: list[SampledEvent] = Field(description="The newest ones, the newest first")


class ReasonOut(BaseModel):
    reason: str
    count: int


class ErrorsOut(BaseModel):
    """How often the edited conditions could not be evaluated, such as for a missing field, and the usual reasons."""

    count: int
    reasons: list[ReasonOut]


class AsOfOut(BaseModel):
    """The variables that the two conditions read: as they are now, and as they were when the event was processed."""

    now: list[str]
    then: list[str]


class CounterfactualOut(BaseModel):
    """What the edit would have changed. Without `rule_id` the baseline matches nothing, and nothing was `recorded`.

    `from`: how far back the events were looked at; when `truncated`, the instant of the oldest one of them.
    """

    rule_id: UUID | None
    events_examined: int
    truncated: bool
    since: datetime = Field(serialization_alias="from")
    until: datetime = Field(serialization_alias="to")
    baseline: ReplayOut
    edited: ReplayOut
    recorded: RecordedOut | None
    newly_matching: DifferenceOut
    no_longer_matching: DifferenceOut
    unchanged_matching: int
    errors: ErrorsOut
    as_of: AsOfOut
