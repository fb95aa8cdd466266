"""Loops as they were written: `all`, `exists`, `exists_one`, `map` and `filter`, from what they expand to."""

from dataclasses import dataclass
from enum import StrEnum

from domain.expressions.ast import Call, Comprehension, Const, Expr, Ident, ListLiteral


class MacroName(StrEnum):
    ALL = "all"
    EXISTS = "exists"
    EXISTS_ONE = "exists_one"
    MAP = "map"
    FILTER = "filter"


@dataclass(frozen=True, slots=True)
class Macro:
    """`range.name(variable, condition, result)`; `map` alone has a result, and may have no condition."""

    name: MacroName
    range: Expr
    variable: str
    condition: Expr | None
    result: Expr | None = None


def macro_of(loop: Comprehension) -> Macro:
    """What `loop` was written as. Every comprehension of a checked condition comes from a macro."""
    match loop.initial, loop.step:
        case Const(value=True), Call(function="_&&_", args=(_, condition)):
            return Macro(MacroName.ALL, loop.range, loop.variable, condition)
        case Const(value=False), Call(function="_||_", args=(_, condition)):
            return Macro(MacroName.EXISTS, loop.range, loop.variable, condition)
        case ListLiteral(), Call(function="_?_:_", args=(condition, appended, _)):
            return _list_macro(loop, condition, appended)
        case ListLiteral(), appended:
            return _list_macro(loop, None, appended)
        case _, Call(function="_?_:_", args=(condition, _, _)):
            return Macro(MacroName.EXISTS_ONE, loop.range, loop.variable, condition)
    raise ValueError("a loop that no macro expands to")


def _list_macro(loop: Comprehension, condition: Expr | None, appended: Expr) -> Macro:
    match appended:
        case Call(function="_+_", args=(_, ListLiteral(items=(item,)))):
            if condition is not None and isinstance(item, Ident) and item.name == loop.variable:
                return Macro(MacroName.FILTER, loop.range, loop.variable, condition)
            return Macro(MacroName.MAP, loop.range, loop.variable, condition, item)
    raise ValueError("a loop that no macro expands to")
