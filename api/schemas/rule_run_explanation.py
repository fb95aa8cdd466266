from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, Field

from api.schemas.expression import ExplanationOut
from api.schemas.rule_dry_run import GateOut
from api.schemas.rule_run import RuleRunOut


class GateInput(BaseModel):
    """Something that a gate looks at. `as_of`: the instant of the run, or that of this answer, as it is not kept."""

    name: str
    value: Any
    as_of: datetime


class ExplainedGate(GateOut):
    inputs: list[GateInput]


class Unexplained(StrEnum):
    """Why there is nothing to tell about the conditions."""

    NO_CONDITIONS = "no_conditions"
    RULE_DELETED = "rule_deleted"
    EVENT_GONE = "event_gone"
    PARTICIPANT_ERASED = "participant_erased"
    CONVERSATION_DELETED = "conversation_deleted"


class VariableAsOf(BaseModel):
    """A variable that the conditions read, and the instant as of which it is shown."""

    name: str
    as_of: datetime


class ExplainedConditions(BaseModel):
    """The rule's conditions as they are now, on what is known of then.

    `agrees_with_record`: whether they come to what the run says; null when they were not asked. If not, the rule has
    changed since, or something that is not kept, or something changed in the same moment as the run.
    """

    expression: str
    matched: bool
    agrees_with_record: bool | None
    variables: list[VariableAsOf]
    explanation: ExplanationOut


class RuleRunExplained(BaseModel):
    """Why a rule acted or did not.

    `rule_changed_since`: null when the rule is deleted. `conditions` is null for the reason in `unexplained`.
    `actions` and `error` are as they were recorded.
    """

    run: RuleRunOut
    as_of: datetime = Field(description="The instant of the run")
    rule_changed_since: bool | None
    gates: list[ExplainedGate]
    conditions: ExplainedConditions | None
    unexplained: Unexplained | None
    actions: list[dict[str, Any]]
    error: str | None
