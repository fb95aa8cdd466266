"""A rule as clients write it and as it is shown."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    StrictBool,
    Tag,
    field_validator,
)
from pydantic.config import JsonDict

from api.schemas.expression import ExpressionText
from api.schemas.text import Label, LongText, ShownName
from domain.condition_forms import RuleConditions
from domain.rules.actions import MAX_ACTIONS, RuleAction
from domain.rules.alerting import AlertSettings
from domain.rules.schedule_settings import ScheduleSettings

YEAR_SECONDS = 31_536_000
MOST_PRIORITY = 1_000_000

_EXPECTED_CONDITIONS = "expected an object of all and any, or an expression as text"


def _conditions_kind(value: Any) -> str | None:
    if isinstance(value, str):
        return "expression"
    if isinstance(value, dict | RuleConditions):
        return "form"
    return "nothing" if isinstance(value, list) else None


def _no_items(items: list[Any]) -> list[Any]:
    if items:
        raise ValueError(f"is a list; {_EXPECTED_CONDITIONS}")
    return items


Conditions = Annotated[
    Annotated[ExpressionText, Tag("expression")]
    | Annotated[RuleConditions, Tag("form")]
    | Annotated[
        list[Any], AfterValidator(_no_items), Field(json_schema_extra={"maxItems": 0}), Tag("nothing")
    ],
    Discriminator(
        _conditions_kind,
        custom_error_type="conditions_type",
        custom_error_message=f"neither an object nor a text; {_EXPECTED_CONDITIONS}",
    ),
]
Actions = Annotated[list[RuleAction], Field(max_length=MAX_ACTIONS)]
Priority = Annotated[
    int,
    Field(strict=True, ge=-MOST_PRIORITY, le=MOST_PRIORITY, description="The lower number is asked first"),
]
RolloutPercentage = Annotated[int, Field(strict=True, ge=0, le=100)]
CooldownSeconds = Annotated[int, Field(strict=True, ge=0, le=YEAR_SECONDS)]

THANKS_EXAMPLE: JsonDict = {
    "name": "Thank big spenders",
    "trigger_type": "purchase",
    "conditions": {
        "all": [
            {"field": "event.amount", "operator": "gte", "value": 100},
            {"field": "participant.tags", "operator": "notContains", "value": "thanked"},
        ]
    },
    "actions": [
        {"type": "add_tag", "tag": "thanked"},
        {
            "type": "send_message",
            "channel": "email",
            "subject": "Thank you",
            "body": "Dear {{ participant.first_name | default: 'friend' }}, thank you for {{ event.amount }}.",
        },
    ],
    "cooldown_secs": 86400,
}
COMPLAINT_EXAMPLE: JsonDict = {
    "name": "Complaints go to Ana",
    "trigger_type": "message.received",
    "conditions": 'event.text.contains("refund") && conversation.status == "open"',
    "actions": [{"type": "assign", "assignee": "ana"}, {"type": "set_priority", "priority": "high"}],
    "priority": -10,
    "stop_on_match": True,
    "schedule_settings": {
        "timezone": "Europe/Madrid",
        "windows": [{"days": ["monday", "friday"], "start": "09:00", "end": "18:00"}],
    },
}


class CreateRule(BaseModel):
    """`conditions`: an object of `all` and `any`, or an expression; null, empty or left out: always."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [THANKS_EXAMPLE, COMPLAINT_EXAMPLE]}
    )

    name: ShownName
    trigger_type: Label = Field(description="The type of the events that the rule reacts to")
    description: LongText | None = None
    is_active: StrictBool = True
    conditions: Conditions | None = None
    actions: Actions = Field(default_factory=list)
    priority: Priority = 0
    rollout_percentage: RolloutPercentage = 100
    stop_on_match: StrictBool = False
    cooldown_secs: CooldownSeconds = 0
    alert_settings: AlertSettings | None = None
    schedule_settings: ScheduleSettings | None = None


class PatchRule(BaseModel):
    """Only the fields present change; null clears a description, conditions and settings."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"is_active": False}]})

    name: ShownName | None = None
    trigger_type: Label | None = None
    description: LongText | None = None
    is_active: StrictBool | None = None
    conditions: Conditions | None = None
    actions: Actions | None = None
    priority: Priority | None = None
    rollout_percentage: RolloutPercentage | None = None
    stop_on_match: StrictBool | None = None
    cooldown_secs: CooldownSeconds | None = None
    alert_settings: AlertSettings | None = None
    schedule_settings: ScheduleSettings | None = None

    @field_validator(
        *("name", "trigger_type", "is_active", "actions", "priority"),
        *("rollout_percentage", "stop_on_match", "cooldown_secs"),
        mode="before",
    )
    @classmethod
    def _not_null(cls, value: Any) -> Any:
        if value is None:
            raise ValueError("cannot be null; expected a value, or leave it out")
        return value


class RuleOut(BaseModel):
    """The seed's response object, plus our extensions (`condition_expression` to `schedule_settings`)."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    description: str | None
    is_active: bool
    trigger_type: str
    conditions: dict[str, Any] | str | list[Any] | None
    actions: list[RuleAction]
    priority: int
    rollout_percentage: int
    stop_on_match: bool
    cooldown_secs: int
    created_at: datetime
    updated_at: datetime
    snoozed_until: datetime | None
    created_by: str
    updated_by: str
    condition_expression: str | None = Field(
        description="What `conditions` come to as an expression; null: always"
    )
    alert_settings: AlertSettings | None
    schedule_settings: ScheduleSettings | None
