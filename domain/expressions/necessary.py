"""What must hold for a condition to hold, as far as it takes no engine to tell.

Of `event.type == "sale" && event.amount > 10 && ...` a plain comparison rules most events out in a fraction of
the time of an evaluation; a conjunction with a false part is false, whatever the other parts are, errors included.
"""

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from domain.expressions.ast import Call, Const, Expr, Ident, Select
from domain.expressions.engine import Condition
from domain.expressions.variables import MAPS, Environment

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "_==_": operator.eq,
    "_<_": operator.lt,
    "_<=_": operator.le,
    "_>_": operator.gt,
    "_>=_": operator.ge,
}
_MIRRORED = {"_==_": "_==_", "_<_": "_>_", "_<=_": "_>=_", "_>_": "_<_", "_>=_": "_<=_"}


@dataclass(frozen=True, slots=True)
class Comparison:
    """`variable.key` compared with a number or a text."""

    variable: str
    key: str
    compare: Callable[[Any, Any], bool]
    literal: int | float | str

    def is_false(self, values: Mapping[str, object]) -> bool:
        """Certainly so: False where there is no value, or one of another type, for the engine to judge."""
        held = values.get(self.variable)
        if not isinstance(held, dict):
            return False
        value = held.get(self.key)
        if type(value) is str:
            return type(self.literal) is str and not self.compare(value, self.literal)
        if type(value) is int or type(value) is float:
            return type(self.literal) is not str and not self.compare(value, self.literal)
        return False


def necessary_comparisons(condition: Condition) -> tuple[Comparison, ...]:
    """Each of them holds wherever the condition holds."""
    return tuple(_comparisons(condition.ast, condition.environment))


def _comparisons(node: Expr, environment: Environment) -> Iterator[Comparison]:
    match node:
        case Call(function="_&&_", args=(left, right)):
            yield from _comparisons(left, environment)
            yield from _comparisons(right, environment)
        case Call(function=function, args=(value, Const(value=literal))) if function in _COMPARE:
            yield from _comparison(function, value, literal, environment)
        case Call(function=function, args=(Const(value=literal), value)) if function in _COMPARE:
            yield from _comparison(_MIRRORED[function], value, literal, environment)


def _comparison(
    function: str, value: Expr, literal: object, environment: Environment
) -> Iterator[Comparison]:
    match value:
        case Select(operand=Ident(name=name), field=key, test_only=False):
            pass
        case Call(function="_[_]", args=(Ident(name=name), Const(value=str(key)))):
            pass
        case _:
            return
    if environment.variables.get(name) in MAPS and type(literal) in (int, float, str):
        assert isinstance(literal, int | float | str)
        yield Comparison(name, key, _COMPARE[function], literal)
