"""Mistakes that show only once a program has said of what type its participants' attributes are."""

from collections.abc import Iterator, Mapping
from enum import StrEnum

from domain.expressions.ast import Call, Const, Expr, Ident, ListLiteral, Select, StaticType, children
from domain.expressions.engine import Condition, compile_condition
from domain.expressions.errors import ExpressionError, ExpressionProblem
from domain.expressions.source_text import source_text
from domain.expressions.variables import PARTICIPANT, Environment

ATTRIBUTES = "participant.attributes"


class AttributeType(StrEnum):
    """A `timestamp` is kept as text, in RFC 3339: `timestamp()` makes a time of it."""

    STRING = "string"
    NUMBER = "number"
    BOOL = "bool"
    TIMESTAMP = "timestamp"


class _Kind(StrEnum):
    TEXT = "text"
    NUMBER = "a number"
    BOOL = "true or false"
    TIME_AS_TEXT = "a time kept as text"
    TIME = "a time"


_OF_ATTRIBUTES = {
    AttributeType.STRING: _Kind.TEXT,
    AttributeType.NUMBER: _Kind.NUMBER,
    AttributeType.BOOL: _Kind.BOOL,
    AttributeType.TIMESTAMP: _Kind.TIME_AS_TEXT,
}
_OF_STATIC = {
    StaticType.STRING: _Kind.TEXT,
    StaticType.INT: _Kind.NUMBER,
    StaticType.UINT: _Kind.NUMBER,
    StaticType.DOUBLE: _Kind.NUMBER,
    StaticType.BOOL: _Kind.BOOL,
    StaticType.TIMESTAMP: _Kind.TIME,
}
_TEXTS = frozenset({_Kind.TEXT, _Kind.TIME_AS_TEXT})
_COMPARISONS = frozenset({"_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_"})
_TEXT_TESTS = frozenset({"contains", "startsWith", "endsWith", "matches"})
_LOGIC = frozenset({"_&&_", "_||_", "!_"})
_ARITHMETIC = frozenset({"_-_", "_*_", "_/_", "_%_", "-_"})


def check_condition(
    text: str,
    environment: Environment = PARTICIPANT,
    attribute_types: Mapping[str, AttributeType] | None = None,
) -> Condition:
    """The condition that `text` is, also with attributes of these types, by name; others may be of any.

    Raises ExpressionError that lists every problem found. What the types are changes nothing about evaluation.
    """
    condition = compile_condition(text, environment)
    if attribute_types:
        problems = list(_problems(condition.ast, attribute_types))
        if problems:
            raise ExpressionError(problems)
    return condition


def _problems(node: Expr, types: Mapping[str, AttributeType]) -> Iterator[ExpressionProblem]:
    if isinstance(node, Call):
        yield from _call_problems(node, types)
    for child in children(node):
        yield from _problems(child, types)


def _call_problems(node: Call, types: Mapping[str, AttributeType]) -> Iterator[ExpressionProblem]:
    match node:
        case Call(function=function, args=(left, right)) if function in _COMPARISONS or function == "_+_":
            verb = "added to" if function == "_+_" else "compared with"
            yield from _pair_problems(node, left, right, verb, types)
        case Call(function="@in", args=(item, ListLiteral(items=items))):
            for other in items:
                yield from _pair_problems(other, item, other, "compared with", types)
        case Call(function=function) if function in _TEXT_TESTS:
            yield from _operand_problems(node.operands[:1], f"{function}() takes", _TEXTS, types)
        case Call(function=function) if function in _LOGIC:
            yield from _operand_problems(node.args, "what is asked here is", frozenset({_Kind.BOOL}), types)
        case Call(function="_?_:_", args=(asked, _, _)):
            yield from _operand_problems((asked,), "what is asked here is", frozenset({_Kind.BOOL}), types)
        case Call(function=function) if function in _ARITHMETIC:
            kinds = frozenset({_Kind.NUMBER, _Kind.TIME})
            yield from _operand_problems(node.args, "this is calculated with", kinds, types)


def _pair_problems(
    place: Expr, left: Expr, right: Expr, verb: str, types: Mapping[str, AttributeType]
) -> Iterator[ExpressionProblem]:
    if _attribute(left, types) is None:
        left, right = right, left
    if _attribute(left, types) is None:
        return
    kind, other = _kind(left, types), _kind(right, types)
    if kind is None or other is None or kind is other or {kind, other} <= _TEXTS:
        return
    name = source_text(left)
    expected = f"{kind} on both sides"
    if kind is _Kind.TIME_AS_TEXT and other is _Kind.TIME:
        expected = f"timestamp({name})"
    yield ExpressionProblem(
        place.position.line, place.position.column, f"{name} is {kind} and is {verb} {other}", expected
    )


def _operand_problems(
    operands: tuple[Expr, ...], what: str, allowed: frozenset[_Kind], types: Mapping[str, AttributeType]
) -> Iterator[ExpressionProblem]:
    for operand in operands:
        if _attribute(operand, types) is None:
            continue
        kind = _kind(operand, types)
        if kind is not None and kind not in allowed:
            wanted = min(allowed, key=lambda kind: (kind is _Kind.TIME_AS_TEXT, kind is _Kind.TIME))
            place = operand.position
            reason = f"{source_text(operand)} is {kind}, but {what} {wanted}"
            yield ExpressionProblem(place.line, place.column, reason, wanted)


def _attribute(node: Expr, types: Mapping[str, AttributeType]) -> AttributeType | None:
    """The type of `participant.attributes.plan`, `participant.attributes["plan"]` and `get(... , "plan", ...)`."""
    match node:
        case Select(operand=Ident(name=name), field=field, test_only=False) if name == ATTRIBUTES:
            return types.get(field)
        case Call(function="_[_]" | "get", args=(Ident(name=name), Const(value=str(field)), *_)) if (
            name == ATTRIBUTES
        ):
            return types.get(field)
        case _:
            return None


def _kind(node: Expr, types: Mapping[str, AttributeType]) -> _Kind | None:
    attribute = _attribute(node, types)
    return _OF_STATIC.get(node.type) if attribute is None else _OF_ATTRIBUTES[attribute]
