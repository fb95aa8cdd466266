"""Trees of the expression language, built rather than written: no text of a client's leaves its literal."""

import re
from datetime import UTC, datetime
from functools import reduce

from domain.condition_forms.errors import ConditionFormError, Place
from domain.expressions import Environment, ExpressionError, compile_condition
from domain.expressions.ast import (
    Call,
    Const,
    Expr,
    Ident,
    ListLiteral,
    Position,
    Presence,
    Select,
    StaticType,
)
from domain.expressions.source_text import source_text

_NOWHERE = Position(1, 1)
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TYPES = {
    bool: StaticType.BOOL,
    int: StaticType.INT,
    float: StaticType.DOUBLE,
    str: StaticType.STRING,
}


def literal(value: bool | int | float | str) -> Expr:
    return Const(value, id=0, position=_NOWHERE, type=_TYPES[type(value)])


def list_of(items: tuple[Expr, ...]) -> Expr:
    return ListLiteral(items, id=0, position=_NOWHERE, type=StaticType.LIST)


def moment(at: datetime) -> Expr:
    """`timestamp("...")` of a time with an offset."""
    written = at.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
    return call("timestamp", literal(written))


def variable(name: str) -> Expr:
    return Ident(name, id=0, position=_NOWHERE)


def call(function: str, *args: Expr, target: Expr | None = None) -> Expr:
    """An operator by the language's own name, `_==_`, or a function, of `target` where it is a method."""
    return Call(function, target, args, id=0, position=_NOWHERE)


def item(operand: Expr, key: str) -> Expr:
    """`operand.key`."""
    if is_plain(key):
        return Select(operand, key, id=0, position=_NOWHERE)
    return call("_[_]", operand, literal(key))


def has_variable(name: str) -> Expr:
    return Presence(name, "", id=0, position=_NOWHERE)


def has_item(operand: Expr, key: str) -> Expr:
    """`has(operand.key)`, of an operand that is a map."""
    if is_plain(key):
        return Select(operand, key, test_only=True, id=0, position=_NOWHERE)
    return call("@in", literal(key), operand)


def is_plain(key: str) -> bool:
    """Whether a key can stand behind a dot."""
    return _PLAIN_KEY.fullmatch(key) is not None


def negated(operand: Expr) -> Expr:
    return call("!_", operand)


def all_of(*parts: Expr) -> Expr:
    """True of no parts."""
    return reduce(lambda left, right: call("_&&_", left, right), parts) if parts else literal(True)


def any_of(first: Expr, *others: Expr) -> Expr:
    return reduce(lambda left, right: call("_||_", left, right), others, first)


def expression_of(tree: Expr, environment: Environment) -> str:
    """The tree as text that compiles. Raises ConditionFormError where it is beyond the language's limits."""
    text = source_text(tree)
    try:
        compile_condition(text, environment)
    except ExpressionError as error:
        problem = error.problems[0]
        raise ConditionFormError(
            Place(), f"it cannot be an expression: {problem.reason}", problem.expected
        ) from None
    return text
