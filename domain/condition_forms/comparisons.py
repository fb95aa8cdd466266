"""One comparison of a form: a field, an operator and a value."""

from domain.condition_forms import values
from domain.condition_forms.errors import ConditionFormError, Place
from domain.condition_forms.fields import Field, FieldKind
from domain.condition_forms.operators import (
    EQUALITY,
    LISTED,
    ORDER,
    POSITIVE_OF,
    PRESENCE,
    SUBSTRING,
    TEXT_TESTS,
    Operator,
)
from domain.condition_forms.trees import any_of, call, list_of, literal, moment, negated, variable
from domain.condition_forms.values import Value
from domain.expressions.ast import Expr

_TAKEN: dict[FieldKind, frozenset[Operator]] = {
    FieldKind.TEXT: PRESENCE | EQUALITY | LISTED | TEXT_TESTS,
    FieldKind.TRUTH: PRESENCE | EQUALITY,
    FieldKind.TIME: PRESENCE | EQUALITY | ORDER,
    FieldKind.TEXTS: SUBSTRING | LISTED,
    FieldKind.ANY: frozenset(Operator),
}
_ORDERS = {Operator.GT: "_>_", Operator.GTE: "_>=_", Operator.LT: "_<_", Operator.LTE: "_<=_"}


def comparison(field: Field, operator: Operator, value: Value | None, place: Place) -> Expr:
    """The condition that `field` stands in that relation to `value`; `place` is where the three are given.

    A positive operator does not hold without a value, or of one of another type; a negative one holds exactly
    where its positive one does not. Raises ConditionFormError where operator or value do not fit.
    """
    check_operator(operator, _TAKEN[field.kind], f"a field that is {field.kind}", place.of("operator"))
    at = place.of("value")
    if operator is Operator.NEQ:
        return any_of(*field.absence, call("_!=_", field.value, _equal(field, value, at)))
    if operator is Operator.NOT_EXISTS:
        values.no_value(value, at)
        return any_of(*field.absence)
    positive = POSITIVE_OF.get(operator)
    if positive is None:
        return _positive(field, operator, value, at)
    doubts = field.absence
    if positive is Operator.CONTAINS and field.kind is FieldKind.ANY:
        doubts = (*doubts, call("_!=_", call("type", field.value), variable("string")))
    return any_of(*doubts, negated(_positive(field, positive, value, at)))


def check_operator(operator: Operator, taken: frozenset[Operator], what: str, place: Place) -> None:
    if operator not in taken:
        expected = " or ".join(known for known in Operator if known in taken)
        raise ConditionFormError(place, f"{operator} is not for {what}", expected)


def _positive(field: Field, operator: Operator, value: Value | None, at: Place) -> Expr:
    match operator:
        case Operator.EXISTS:
            values.no_value(value, at)
            return field.presence
        case Operator.EQ:
            return call("_==_", field.value, _equal(field, value, at))
        case Operator.IN:
            return _among(field, value, at)
        case Operator.CONTAINS if field.kind is FieldKind.TEXTS:
            return call("@in", literal(values.text(value, at)), field.value)
        case Operator.CONTAINS | Operator.STARTS_WITH | Operator.ENDS_WITH:
            return call(operator.value, literal(values.text(value, at)), target=field.value)
        case _:
            is_time = field.kind is FieldKind.TIME
            bound = moment(values.instant(value, at)) if is_time else literal(values.number(value, at))
            return call(_ORDERS[operator], field.value, bound)


def _equal(field: Field, value: Value | None, at: Place) -> Expr:
    match field.kind:
        case FieldKind.TEXT:
            return literal(values.text(value, at))
        case FieldKind.TRUTH:
            return literal(values.truth(value, at))
        case FieldKind.TIME:
            return moment(values.instant(value, at))
        case _:
            return literal(values.scalar(value, at))


def _among(field: Field, value: Value | None, at: Place) -> Expr:
    if field.kind is FieldKind.TEXTS:
        return any_of(*(call("@in", literal(each), field.value) for each in values.texts(value, at)))
    wanted = values.texts if field.kind is FieldKind.TEXT else values.scalars
    return call("@in", field.value, list_of(tuple(literal(each) for each in wanted(value, at))))
