"""Conditions of rules: `{"all": [...], "any": [...]}` of fields compared with values, and of groups like it."""

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from domain.condition_forms.comparisons import comparison
from domain.condition_forms.errors import ConditionFormError, Place
from domain.condition_forms.fields import field_of
from domain.condition_forms.limits import MAX_COMPARISONS, MAX_GROUP_DEPTH
from domain.condition_forms.operators import Operator
from domain.condition_forms.trees import all_of, any_of, expression_of
from domain.condition_forms.values import Name, Value
from domain.expressions import PARTICIPANT, Environment
from domain.expressions.ast import Expr


class RuleCondition(BaseModel):
    """`field`: a dotted name as in an expression. `value`: none with `exists` and `notExists`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    field: Name
    operator: Operator
    value: Value | None = None


class RuleConditions(BaseModel):
    """Holds where each of `all` does and, unless `any` is empty, at least one of `any`. Empty: holds always."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    all_of: "tuple[RuleItem, ...]" = Field(default=(), alias="all", max_length=MAX_COMPARISONS)
    any_of: "tuple[RuleItem, ...]" = Field(default=(), alias="any", max_length=MAX_COMPARISONS)


def _item_kind(item: Any) -> str:
    is_condition = isinstance(item, RuleCondition) or (isinstance(item, dict) and "field" in item)
    return "condition" if is_condition else "group"


RuleItem = Annotated[
    Annotated[RuleCondition, Tag("condition")] | Annotated[RuleConditions, Tag("group")],
    Discriminator(_item_kind),
]


def cel_of_conditions(conditions: RuleConditions, environment: Environment = PARTICIPANT) -> str:
    """The expression that holds where `conditions` do, in `environment`; it compiles.

    Raises ConditionFormError for unknown fields, for operators and values that do not fit, and beyond the limits.
    """
    count = sum(1 for _ in _comparisons(conditions, Place(), 1))
    if count > MAX_COMPARISONS:
        raise ConditionFormError(Place(), f"{count} conditions", f"at most {MAX_COMPARISONS}")
    return expression_of(_group(conditions, environment, Place()), environment)


def _comparisons(group: RuleConditions, place: Place, depth: int) -> Iterator[RuleCondition]:
    if depth > MAX_GROUP_DEPTH:
        expected = f"at most {MAX_GROUP_DEPTH} groups inside one another"
        raise ConditionFormError(place, "nested too deeply", expected)
    for at, item in _items(group, place):
        if isinstance(item, RuleCondition):
            yield item
        else:
            yield from _comparisons(item, at, depth + 1)


def _items(group: RuleConditions, place: Place) -> Iterator[tuple[Place, RuleCondition | RuleConditions]]:
    for name, items in (("all", group.all_of), ("any", group.any_of)):
        for index, item in enumerate(items):
            yield place.of(name).of(index), item


def _group(group: RuleConditions, environment: Environment, place: Place) -> Expr:
    parts = [_item(item, environment, at) for at, item in _items(group, place)]
    required, enough = parts[: len(group.all_of)], parts[len(group.all_of) :]
    return all_of(*required, any_of(*enough)) if enough else all_of(*required)


def _item(item: RuleCondition | RuleConditions, environment: Environment, place: Place) -> Expr:
    if isinstance(item, RuleConditions):
        return _group(item, environment, place)
    field = field_of(item.field, environment, place.of("field"))
    return comparison(field, item.operator, item.value, place)
