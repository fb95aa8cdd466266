from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StringConstraints

from api.errors import TextPosition
from api.schemas.text import Name, Text
from domain.condition_forms import FilterGroup, RuleConditions
from domain.condition_forms.limits import MAX_COMPARISONS, MAX_HINTS
from domain.expressions import AttributeType
from domain.expressions.probing import Kind

# Longer texts are refused where the language's own limit is told.
MAX_BODY_TEXT = 100_000
MAX_ATTRIBUTE_TYPES = 1_000

ExpressionText = Annotated[Text, StringConstraints(max_length=MAX_BODY_TEXT)]


class AskedExpression(BaseModel):
    """Just one of the four: the expression itself, or a form that is translated to one.

    `filter_groups` are about contacts, and those of their filters with the `type` `event` about the event.
    `filter_hints` of unknown kinds say nothing.
    """

    expression: ExpressionText | None = None
    conditions: RuleConditions | None = None
    filter_groups: Annotated[list[FilterGroup], Field(max_length=MAX_COMPARISONS)] | None = None
    filter_hints: Annotated[list[dict[str, Any]], Field(max_length=MAX_HINTS)] | None = None


class ValidateExpression(AskedExpression):
    """`attribute_types` come before those in the program's settings. With `with_event`, `event` is known too."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "expression": 'participant.attributes.plan == "pro" && participant.counters.points >= 1000',
                    "attribute_types": {"plan": "string"},
                },
                {
                    "conditions": {
                        "all": [{"field": "participant.counters.points", "operator": "gte", "value": 1000}],
                        "any": [
                            {"field": "participant.tags", "operator": "contains", "value": "vip"},
                            {"field": "event.amount", "operator": "exists"},
                        ],
                    },
                    "with_event": True,
                },
            ]
        },
    )

    attribute_types: Annotated[dict[Name, AttributeType], Field(max_length=MAX_ATTRIBUTE_TYPES)] = {}
    with_event: StrictBool = False


class ExpressionProblemOut(BaseModel):
    """One thing wrong, at a line and column counted from 1, in characters."""

    model_config = ConfigDict(from_attributes=True)

    line: int
    column: int
    reason: str
    expected: str | None
    suggestion: str | None


class ExpressionValidity(BaseModel):
    """`expression` is the text that was given, or what the form comes to. `variables` are those referred to. `cost` is what one evaluation can take; `cost_budget` is the most it may."""

    expression: str
    valid: bool
    problems: list[ExpressionProblemOut]
    variables: list[str] = []
    cost: int | None = None
    cost_budget: int


class ExplainExpression(AskedExpression):
    """The person by `participant_id` or by `external_id`. With `event`, the expression may refer to it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"expression": "participant.counters.orders >= 5", "external_id": "u-1"},
                {"filter_hints": [{"type": "has_tag", "key": "vip"}], "external_id": "u-1"},
            ]
        },
    )

    participant_id: UUID | None = None
    external_id: Name | None = None
    event: dict[str, Any] | None = None


class ExplanationOut(BaseModel):
    """A part of an expression: what it is for this person, and what it is made of.

    `kind` tells whether it has a `value`; without one, `error` says why. Long texts and values are cut.
    """

    model_config = ConfigDict(from_attributes=True)

    text: str
    position: TextPosition
    kind: Kind
    value: Any = None
    error: str | None = None
    sentence: str
    parts: "list[ExplanationOut]"


class ExpressionExplained(BaseModel):
    """`expression` is the text that was given, or what the form comes to; `matched`, what it is as a whole."""

    expression: str
    matched: bool
    explanation: ExplanationOut


class PreviewExpression(AskedExpression):
    """A filter nobody has saved yet; `sample` is how many participants to name."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"expression": '"vip" in participant.tags', "sample": 5},
                {
                    "filter_groups": [
                        {
                            "logicalOperator": "or",
                            "filters": [
                                {"field": "tag", "operator": "eq", "value": "vip"},
                                {"field": "city", "operator": "contains", "value": "York"},
                            ],
                        }
                    ]
                },
            ]
        },
    )

    sample: Annotated[int, Field(strict=True, ge=0, le=100)] = 10


class AudiencePreviewOut(BaseModel):
    """Who an expression holds for right now.

    `expression`: the text that was given, or what the form comes to. `sample`: the lowest participant ids. `exact`: the database alone told it; else `rechecked` participants were
    evaluated one by one. `plan_cost`: the database's estimate of the effort, in its own unit.
    """

    expression: str
    count: int
    sample: list[UUID]
    exact: bool
    rechecked: int
    plan_cost: float
