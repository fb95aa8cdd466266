"""Filter hints: what a participant must have, at the least, to match a filter."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from domain.condition_forms.errors import ConditionFormError, Place
from domain.condition_forms.limits import MAX_COMPARISONS, MAX_TEXT_CHARACTERS
from domain.condition_forms.trees import all_of, call, expression_of, has_item, literal, variable
from domain.condition_forms.values import Name
from domain.expressions import PARTICIPANT
from domain.expressions.ast import Expr


class HintKind(StrEnum):
    HAS_TAG = "has_tag"
    HAS_ATTRIBUTE = "has_attribute"
    HAS_COUNTER = "has_counter"


class FilterHint(BaseModel):
    """`key`: the tag itself, or the name of the attribute or counter."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: HintKind
    key: Name


def cel_of_hints(hints: Sequence[Mapping[str, Any]]) -> str:
    """The expression that holds where all that the hints say does; it compiles. Hints of unknown kinds say nothing.

    Raises ConditionFormError for a hint of a known kind that is not as FilterHint, and beyond the limits.
    """
    said: list[FilterHint] = []
    for index, hint in enumerate(hints):
        if hint.get("type") in tuple(HintKind):
            said.append(_hint(hint, Place().of(index)))
    if len(said) > MAX_COMPARISONS:
        raise ConditionFormError(Place(), f"{len(said)} hints", f"at most {MAX_COMPARISONS}")
    return expression_of(all_of(*(_condition(hint) for hint in said)), PARTICIPANT)


def _hint(hint: Mapping[str, Any], place: Place) -> FilterHint:
    try:
        return FilterHint.model_validate(hint)
    except ValidationError as error:
        step = error.errors()[0]["loc"][0]
        expected = f"a text of 1 to {MAX_TEXT_CHARACTERS} characters" if step == "key" else "no such field"
        raise ConditionFormError(place.of(step), "not as expected", expected) from None


def _condition(hint: FilterHint) -> Expr:
    match hint.type:
        case HintKind.HAS_TAG:
            return call("@in", literal(hint.key), variable("participant.tags"))
        case HintKind.HAS_ATTRIBUTE:
            return has_item(variable("participant.attributes"), hint.key)
        case HintKind.HAS_COUNTER:
            return has_item(variable("participant.counters"), hint.key)
