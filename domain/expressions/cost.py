"""A static bound on what evaluating a condition can take, whatever the data within the limits of domain.json_limits.

The engine offers no deadline and cannot be interrupted, so what could run long is refused before it runs.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from domain.expressions.ast import (
    DEEP,
    Call,
    Comprehension,
    Const,
    Expr,
    Ident,
    ListLiteral,
    MapLiteral,
    Presence,
    Select,
    StaticType,
    children,
)
from domain.expressions.limits import MAX_ELEMENTS, MAX_ITERATIONS
from domain.expressions.patterns import pattern_size
from domain.json_limits import MAX_ITEMS, MAX_JSON_BYTES, MAX_STRING_BYTES

_UNITS_PER_10_ELEMENTS = 25
_APPENDS_PER_UNIT = 8
_SEARCH_LIST = 300
_SEARCH_TEXT, _SEARCH_TEXT_LONG = 400, 2_000
_SHORT_NEEDLE = 16
_COUNT_TEXT = 80
_COPY_TEXT = 50
_COPY_LIST, _COPY_LIST_IN_LOOP = 100, 256
_COPY_DOCUMENT = 1_600
_TEXTS_PER_DOCUMENT = MAX_JSON_BYTES // MAX_STRING_BYTES
_CONVERSIONS = frozenset({"string", "bytes", "int", "uint", "double", "timestamp", "duration"})
_SCALARS = frozenset(StaticType) - DEEP - {StaticType.STRING, StaticType.BYTES}


@dataclass(frozen=True, slots=True)
class _Scope:
    """Where a node stands: how often it is evaluated, and what the loops around it go over.

    `unbroken_times` is what `times` would be if the engine did not stop after MAX_ITERATIONS.
    `spread`: per loop variable, the number of parts that one stored document is spread over, for the loops
    that go over stored data: what those parts weigh together is bounded by the document, not by its longest part.
    """

    times: int = 1
    unbroken_times: int = 1
    lengths: Mapping[str, int] = field(default_factory=dict)
    spread: Mapping[str, int] = field(default_factory=dict)

    @property
    def in_loop(self) -> bool:
        return bool(self.lengths)

    def documents(self, node: Expr) -> int:
        """How many whole documents' worth of `node` is read in all its evaluations."""
        return min(self.times, -(-self.unbroken_times // self.spread.get(_root(node) or "", 1)))

    def enter(self, loop: Comprehension) -> "_Scope":
        length = _length(loop.range, self)
        spread = dict(self.spread)
        spread.pop(loop.variable, None)
        if (root := _root(loop.range)) is not None and (root not in self.lengths or root in self.spread):
            spread[loop.variable] = max(1, length) * self.spread.get(root, 1)
        return replace(
            self,
            times=min(MAX_ITERATIONS, self.times * max(1, length)),
            unbroken_times=self.unbroken_times * max(1, length),
            lengths={**self.lengths, loop.variable: _longest_inside(loop.range, self), loop.accumulator: 0},
            spread=spread,
        )


def cost(tree: Expr) -> int:
    """Units (see limits.COST_BUDGET) that one evaluation takes in the worst case."""
    return _cost(tree, _Scope())


def _cost(node: Expr, scope: _Scope) -> int:
    match node:
        case Const():
            return 0
        case Comprehension():
            return _comprehension_cost(node, scope)
        case ListLiteral() | MapLiteral():
            own = scope.times * (1 + len(children(node)) // 4)
        case Call():
            own = _call_cost(node, scope)
        case _:
            own = scope.times
    return own + sum(_cost(child, scope) for child in children(node))


def _comprehension_cost(node: Comprehension, scope: _Scope) -> int:
    inside = scope.enter(node)
    body = sum(_cost(part, inside) for part in (node.condition, node.step))
    # The list that map and filter build is copied at every append.
    copies = inside.times * _length(node.range, scope) // _APPENDS_PER_UNIT if _builds_list(node) else 0
    around = _cost(node.range, scope) + _cost(node.initial, scope) + _cost(node.result, inside)
    return scope.times + around + copies + body


def _call_cost(node: Call, scope: _Scope) -> int:
    times = scope.times
    match node.function:
        case "_==_" | "_!=_":
            return 2 * times + _comparison_cost(node.operands, scope)
        case "@in":
            return times + _membership_cost(node.args[0], node.args[1], scope)
        case "contains":
            return 10 * times + _contains_cost(node.operands, scope)
        case "matches":
            return _matches_cost(node.operands, scope)
        case "size" if node.operands[0].type not in (StaticType.LIST, StaticType.MAP):
            return 3 * times + _COUNT_TEXT * scope.documents(node.operands[0]) * (
                _TEXTS_PER_DOCUMENT if _is_spread(node.operands[0], scope) else 1
            )
        case "_+_":
            return _addition_cost(node, scope)
        case name if name in _CONVERSIONS:
            return 10 * times
        case _:
            return 3 * times


def _comparison_cost(operands: tuple[Expr, ...], scope: _Scope) -> int:
    """Two values are compared until they differ: the smaller bounds it."""
    if any(operand.type not in DEEP for operand in operands):
        return 0
    elements = min(_elements(operand, scope) * scope.documents(operand) for operand in operands)
    return elements * _UNITS_PER_10_ELEMENTS // 10


def _membership_cost(item: Expr, container: Expr, scope: _Scope) -> int:
    if container.type is StaticType.MAP:
        return 2 * scope.times
    if isinstance(container, ListLiteral):
        return sum(2 * scope.times + _comparison_cost((item, each), scope) for each in container.items) // 4
    searches = _SEARCH_LIST * scope.times * max(1, _length(container, scope) // MAX_ITEMS)
    is_text_list = isinstance(container, Ident) and container.type is StaticType.LIST
    if item.type in DEEP and not is_text_list:
        searches += _elements(container, scope) * scope.times * _UNITS_PER_10_ELEMENTS // 10
    return searches


def _contains_cost(operands: tuple[Expr, ...], scope: _Scope) -> int:
    text, needle = operands
    is_short = (
        isinstance(needle, Const) and isinstance(needle.value, str) and len(needle.value) <= _SHORT_NEEDLE
    )
    return (_SEARCH_TEXT if is_short else _SEARCH_TEXT_LONG) * scope.documents(text)


def _matches_cost(operands: tuple[Expr, ...], scope: _Scope) -> int:
    text, pattern = operands
    if not (isinstance(pattern, Const) and isinstance(pattern.value, str)):
        return scope.times
    size = pattern_size(pattern.value)
    texts = _TEXTS_PER_DOCUMENT if _is_spread(text, scope) else 1
    return (20 + size.compile) * scope.times + size.search * texts * scope.documents(text)


def _addition_cost(node: Call, scope: _Scope) -> int:
    first = node.args[0]
    if isinstance(first, Ident) and first.name.startswith("@"):
        return 0
    if any(operand.type in _SCALARS for operand in node.args):
        return scope.times
    return 5 * scope.times + sum(_copy_cost(part, node.type, scope) for part in _addends(node))


def _addends(node: Expr) -> Iterator[Expr]:
    match node:
        case Call(function="_+_"):
            for operand in node.operands:
                yield from _addends(operand)
        case _:
            yield node


def _copy_cost(part: Expr, type_: StaticType, scope: _Scope) -> int:
    """Copying all the texts or lists that `part` is. A list also takes memory, for as long as the loop lasts."""
    if isinstance(part, Const):
        return scope.times
    is_spread = _is_spread(part, scope)
    if type_ is StaticType.STRING:
        return _COPY_TEXT * scope.documents(part) * (_TEXTS_PER_DOCUMENT if is_spread else 1)
    if is_spread:
        return _COPY_DOCUMENT * scope.documents(part)
    return (_COPY_LIST_IN_LOOP if scope.in_loop else _COPY_LIST) * scope.times


def _is_spread(node: Expr, scope: _Scope) -> bool:
    return (_root(node) or "") in scope.spread


def _builds_list(node: Comprehension) -> bool:
    return isinstance(node.initial, ListLiteral)


def _root(node: Expr) -> str | None:
    """The variable that `node` is a plain path into, such as `o` of `o.items[0].sku`."""
    while True:
        match node:
            case Ident():
                return node.name
            case Select():
                node = node.operand
            case Call(function="_[_]", args=(operand, Const())):
                node = operand
            case _:
                return None


def _length(node: Expr, scope: _Scope) -> int:
    """At most how many items a list or map has, if `node` is one."""
    match node:
        case Ident() if node.name in scope.lengths:
            return scope.lengths[node.name]
        case Ident():
            return MAX_ITEMS
        case Const() | Presence():
            return 0
        case ListLiteral() | MapLiteral():
            return len(children(node))
        case Call(function="_+_"):
            return sum(_length(operand, scope) for operand in node.operands)
        case Call(function="_?_:_"):
            return max(_length(branch, scope) for branch in node.args[1:])
        case Comprehension() if _builds_list(node):
            return _length(node.range, scope)
        case _:
            return _longest_inside(node, scope)


def _longest_inside(node: Expr, scope: _Scope) -> int:
    """The longest list or map that can be found in the value of `node`, whichever way it is taken out."""
    inside = scope.enter(node) if isinstance(node, Comprehension) else scope
    lengths = [max(_length(child, inside), _longest_inside(child, inside)) for child in children(node)]
    return max((MAX_ITEMS, *lengths)) if lengths else _length(node, scope)


def _elements(node: Expr, scope: _Scope) -> int:
    """At most how many scalars the value of `node` is made of."""
    if node.type not in DEEP:
        return 1
    match node:
        case Const():
            return 1
        case ListLiteral() | MapLiteral() | Call(function="_+_"):
            return 1 + sum(_elements(child, scope) for child in children(node))
        case Comprehension() if _builds_list(node):
            return _length(node.range, scope) * max(1, _elements(node.step, scope.enter(node)))
        case Call():
            return max((MAX_ELEMENTS, *(_elements(operand, scope) for operand in node.operands)))
        case _:
            return MAX_ELEMENTS
