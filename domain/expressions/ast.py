"""Conditions as trees of typed nodes.

Macros appear expanded: `list.exists(x, p)` is a Comprehension, `has(a.b)` a Select that only tests.
Operators are calls by the language's own names: `_&&_`, `_==_`, `@in`, `_[_]`, `_?_:_` ...
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum


class StaticType(StrEnum):
    """What the checker knows of a node's value; ANY when only evaluation will tell."""

    ANY = "any"
    NULL = "null"
    BOOL = "bool"
    INT = "int"
    UINT = "uint"
    DOUBLE = "double"
    STRING = "string"
    BYTES = "bytes"
    TIMESTAMP = "timestamp"
    DURATION = "duration"
    LIST = "list"
    MAP = "map"


DEEP = frozenset({StaticType.ANY, StaticType.LIST, StaticType.MAP})


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the text, its line and column counted from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    id: int
    position: Position
    type: StaticType = StaticType.ANY


@dataclass(frozen=True, slots=True)
class Const(Node):
    value: bool | int | float | str | bytes | None


@dataclass(frozen=True, slots=True)
class Ident(Node):
    """A variable of the environment, by dotted name, or a comprehension's own."""

    name: str


@dataclass(frozen=True, slots=True)
class Presence(Node):
    """`has(variable)` of a variable of the environment; `alias` is the name the engine knows it by."""

    variable: str
    alias: str


@dataclass(frozen=True, slots=True)
class Select(Node):
    """`operand.field`, or `has(operand.field)` when `test_only`."""

    operand: "Expr"
    field: str
    test_only: bool = False


@dataclass(frozen=True, slots=True)
class Call(Node):
    function: str
    target: "Expr | None"
    args: "tuple[Expr, ...]"

    @property
    def operands(self) -> "tuple[Expr, ...]":
        """The target, if there is one, then the arguments."""
        return self.args if self.target is None else (self.target, *self.args)


@dataclass(frozen=True, slots=True)
class ListLiteral(Node):
    items: "tuple[Expr, ...]"


@dataclass(frozen=True, slots=True)
class MapLiteral(Node):
    entries: "tuple[tuple[Expr, Expr], ...]"


@dataclass(frozen=True, slots=True)
class Message(Node):
    """`name{...}`: a protocol message, which conditions may not build. Its fields are not kept."""

    name: str


@dataclass(frozen=True, slots=True)
class Comprehension(Node):
    """Fold of `range`: `accumulator` starts as `initial`, becomes `step` while `condition`; `result` is the value."""

    variable: str
    range: "Expr"
    accumulator: str
    initial: "Expr"
    condition: "Expr"
    step: "Expr"
    result: "Expr"


Expr = Const | Ident | Presence | Select | Call | ListLiteral | MapLiteral | Message | Comprehension


def children(node: Expr) -> tuple[Expr, ...]:
    """The nodes right below, in the order of the text."""
    match node:
        case Select():
            return (node.operand,)
        case Call():
            return node.operands
        case ListLiteral():
            return node.items
        case MapLiteral():
            return tuple(part for entry in node.entries for part in entry)
        case Comprehension():
            return (node.range, node.initial, node.condition, node.step, node.result)
        case _:
            return ()


def walk(node: Expr) -> Iterator[Expr]:
    """`node` and all below it, parents first."""
    yield node
    for child in children(node):
        yield from walk(child)


def transform(node: Expr, change: Callable[[Expr], Expr]) -> Expr:
    """The tree with `change` applied to each node after the nodes below it."""
    match node:
        case Select():
            node = replace(node, operand=transform(node.operand, change))
        case Call():
            target = None if node.target is None else transform(node.target, change)
            node = replace(node, target=target, args=tuple(transform(arg, change) for arg in node.args))
        case ListLiteral():
            node = replace(node, items=tuple(transform(item, change) for item in node.items))
        case MapLiteral():
            entries = tuple((transform(key, change), transform(value, change)) for key, value in node.entries)
            node = replace(node, entries=entries)
        case Comprehension():
            node = replace(
                node,
                range=transform(node.range, change),
                initial=transform(node.initial, change),
                condition=transform(node.condition, change),
                step=transform(node.step, change),
                result=transform(node.result, change),
            )
    return change(node)


def chain(node: Expr, function: str) -> Iterator[Expr]:
    """The operands of a row of one operator, `a && b && c`, however the parser nested it."""
    if isinstance(node, Call) and node.function == function:
        for operand in node.args:
            yield from chain(operand, function)
    else:
        yield node


def dotted_name(node: Expr) -> str | None:
    """`a.b.c` of a chain of selects on an identifier, and None of anything else."""
    fields: list[str] = []
    while isinstance(node, Select):
        fields.append(node.field)
        node = node.operand
    if not isinstance(node, Ident):
        return None
    return ".".join((node.name, *reversed(fields)))
