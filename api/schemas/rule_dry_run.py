from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.expression import ExplanationOut
from api.schemas.rule import Actions, Conditions
from api.schemas.text import Label
from domain.rules.effects import ActionStatus
from domain.rules.rule import Gate


class DryRun(BaseModel):
    """A stored rule by `rule_id`, or else one that nobody has saved: `trigger_type`, `conditions` and `actions`.

    `event_payload` is the `event_data` of an event; its `type` may be left out. The event is about a participant, by
    `participant_id` or `external_id`, and about a conversation, or of the program alone.
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "event_payload": {"amount": 120},
                    "trigger_type": "purchase",
                    "conditions": {"all": [{"field": "event.amount", "operator": "gte", "value": 100}]},
                    "actions": [{"type": "emit_event", "event_type": "big_purchase"}],
                }
            ]
        },
    )

    event_payload: dict[str, Any]
    rule_id: UUID | None = None
    trigger_type: Label | None = None
    conditions: Conditions | None = None
    actions: Actions = Field(default_factory=list)
    participant_id: UUID | None = None
    external_id: Label | None = None
    conversation_id: UUID | None = None


class SimulatedAction(BaseModel):
    """What an action would do. `reason`: why it would be skipped or fail. `effect`: what would leave the rule."""

    type: str
    status: ActionStatus
    reason: str | None = None
    effect: dict[str, Any] | None = None


class GateOut(BaseModel):
    """`open` is null where it is not asked, as one before it is shut."""

    gate: Gate
    open: bool | None


class DryRunOut(BaseModel):
    """`stopped_by`: the gate that is shut; null when the rule would act. `conditions`: part by part, why they hold or
    not; null where there are none. `actions`: of a rule that all gates before its actions let through. An unsaved
    rule has no gates but its conditions and its actions."""

    matched: bool
    would_execute: bool
    stopped_by: Gate | None
    gates: list[GateOut]
    conditions: ExplanationOut | None
    actions: list[SimulatedAction]
