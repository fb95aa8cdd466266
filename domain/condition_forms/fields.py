"""The fields that forms name, and what asks for them in the language."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from domain.condition_forms.errors import ConditionFormError, Place
from domain.condition_forms.limits import MAX_FIELD_STEPS
from domain.condition_forms.trees import (
    all_of,
    call,
    has_item,
    has_variable,
    is_plain,
    item,
    negated,
    variable,
)
from domain.expressions import Environment, VariableType
from domain.expressions.ast import Expr
from domain.expressions.variables import MAPS


class FieldKind(StrEnum):
    """What a field's value is; ANY where only the value itself tells."""

    TEXT = "text"
    TRUTH = "true or false"
    TIME = "a time"
    TEXTS = "a list of texts"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Field:
    """`presence` holds where there is a value. One of `absence` holds where there is none; empty: there always is."""

    kind: FieldKind
    value: Expr
    presence: Expr
    absence: tuple[Expr, ...]


_KINDS = {
    VariableType.STRING: FieldKind.TEXT,
    VariableType.BOOL: FieldKind.TRUTH,
    VariableType.TIMESTAMP: FieldKind.TIME,
    VariableType.STRING_LIST: FieldKind.TEXTS,
    VariableType.STRING_MAP: FieldKind.TEXT,
    VariableType.ANY_MAP: FieldKind.ANY,
}


def field_of(name: str, environment: Environment, place: Place) -> Field:
    """The field of a dotted name: `participant.email`, `participant.attributes.plan`, `event.order.total`.

    Raises ConditionFormError for a name that is none in `environment`.
    """
    known = environment.declared(name)
    if known is None:
        expected = "a name as in an expression, such as participant.attributes.plan"
        raise ConditionFormError(place, "unknown field", expected)
    type_ = environment.variables[known]
    keys = name[len(known) + 1 :].split(".") if name != known else []
    if type_ not in MAPS:
        if keys:
            raise ConditionFormError(place, f"{known} has no fields", known)
        absence = () if type_ is VariableType.STRING_LIST else (negated(has_variable(known)),)
        return Field(_KINDS[type_], variable(known), has_variable(known), absence)
    if not keys:
        raise ConditionFormError(place, f"{known} holds many values", f"one of them: {known}.<name>")
    if "" in keys:
        raise ConditionFormError(place, "a step of the path is empty", "names between single dots")
    most = MAX_FIELD_STEPS if type_ is VariableType.ANY_MAP else 1
    if len(keys) > most:
        raise ConditionFormError(place, f"{len(keys)} steps below {known}", f"at most {most}")
    return _item_of(known, keys, _KINDS[type_])


def _item_of(known: str, keys: list[str], kind: FieldKind) -> Field:
    container = variable(known)
    for key in keys[:-1]:
        container = item(container, key)
    presence = has_item(container, keys[-1])
    if len(keys) > 1 and not is_plain(keys[-1]):
        # `in` takes lists too, and would find an item there.
        presence = all_of(call("_==_", call("type", container), variable("map")), presence)
    return Field(kind, item(container, keys[-1]), presence, tuple(_absence(variable(known), keys)))


def _absence(container: Expr, keys: list[str]) -> Iterator[Expr]:
    """In the order that each may be asked in: whether a map lacks a key, whether what it has there is no map."""
    key, *deeper = keys
    yield negated(has_item(container, key))
    if deeper:
        inner = item(container, key)
        yield call("_!=_", call("type", inner), variable("map"))
        yield from _absence(inner, deeper)
