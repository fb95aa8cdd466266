"""Macros over lists: which macro an expanded loop was, and what SQL can tell of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from domain.expressions.ast import Call, Comprehension, Const, Expr, Ident, ListLiteral
from store.expression_sql.bounds import ALWAYS, UNKNOWN, Bounds, conjunction, disjunction, exactly, negation
from store.expression_sql.fragments import FALSE, TRUE, Sql, all_true, any_true, not_true
from store.expression_sql.values import (
    UNKNOWN_VALUE,
    Constant,
    ConstantList,
    JsonValue,
    Kind,
    TextList,
    Value,
    json_value,
    text_value,
)

MAX_UNROLLED = 16
Locals = Mapping[str, Value]
Truth = Callable[[Expr, Locals], Bounds]
ValueOf = Callable[[Expr, Locals], Value]


class Macro(StrEnum):
    EXISTS = "exists"
    ALL = "all"
    EXISTS_ONE = "exists_one"
    FILTER = "filter"
    MAP = "map"


@dataclass(frozen=True, slots=True)
class Loop:
    """`range.macro(variable, body)`, where `test` is the filter of a three-part map()."""

    macro: Macro
    variable: str
    range: Expr
    body: Expr
    test: Expr | None = None


@dataclass(frozen=True)
class Items:
    """Where a list's items come from, as `FROM source`, and what each is, once per item.

    `is_list`: holds where there certainly is such a list, or no error at least. `passed`: bounds of an item being
    let through by filters. `settled`: holds for an item that raises no error on its way.
    """

    source: Sql
    item: Value
    is_list: Sql
    doubt: Sql = FALSE
    is_exact: bool = True
    passed: Bounds = ALWAYS
    settled: Sql = TRUE


def recognise(node: Comprehension) -> Loop | None:
    """The macro that was expanded to `node`; None for a loop that no macro makes."""

    def appended(step: Expr) -> Expr | None:
        match step:
            case Call(function="_+_", args=(Ident(name=name), ListLiteral(items=(item,)))) if (
                name == node.accumulator
            ):
                return item
        return None

    def loop(macro: Macro, body: Expr, test: Expr | None = None) -> Loop:
        return Loop(macro, node.variable, node.range, body, test)

    match node.initial, node.step:
        case Const(value=False), Call(function="_||_", args=(Ident(), body)):
            return loop(Macro.EXISTS, body)
        case Const(value=True), Call(function="_&&_", args=(Ident(), body)):
            return loop(Macro.ALL, body)
        case Const(value=int()), Call(function="_?_:_", args=(body, Call(function="_+_"), Ident())):
            return loop(Macro.EXISTS_ONE, body)
        case ListLiteral(items=()), Call(function="_?_:_", args=(test, added, Ident())):
            item = appended(added)
            if isinstance(item, Ident) and item.name == node.variable:
                return loop(Macro.FILTER, test)
            return None if item is None else loop(Macro.MAP, item, test)
        case ListLiteral(items=()), step if (item := appended(step)) is not None:
            return loop(Macro.MAP, item)
    return None


class Loops:
    """What SQL can tell of the macros of one condition."""

    def __init__(self, truth: Truth, value_of: ValueOf) -> None:
        self._truth = truth
        self._value_of = value_of
        self._aliases = 0

    def truth(self, node: Comprehension, local: Locals) -> Bounds:
        """Of exists(), all() and exists_one()."""
        loop = recognise(node)
        if loop is None or loop.macro not in (Macro.EXISTS, Macro.ALL, Macro.EXISTS_ONE):
            return UNKNOWN
        items = self.items(loop.range, local)
        if isinstance(items, ConstantList):
            return self._unrolled(loop, items, local)
        if items is None:
            return UNKNOWN
        body = self._truth(loop.body, {**local, loop.variable: items.item})
        if loop.macro is Macro.EXISTS_ONE:
            return _exactly_one(items, body)
        return (
            _any_item(items, body)
            if loop.macro is Macro.EXISTS
            else negation(_any_item(items, negation(body)))
        )

    def count(self, node: Comprehension, local: Locals) -> Value:
        """How many items a chain of filter() and map() leaves."""
        items = self.items(node, local)
        if not isinstance(items, Items):
            return UNKNOWN_VALUE
        is_certain = all_true(items.is_list, _no_item(items, not_true(items.settled)))
        number = f"(SELECT CAST(count(*) AS numeric) FROM {items.source} WHERE {items.passed.t_lo})"  # noqa: S608
        unknown = not_true(is_certain)
        return Value({Kind.INT: f"CASE WHEN {is_certain} THEN {number} END"}, unknown, is_exact=False)

    def items(self, node: Expr, local: Locals) -> Items | ConstantList | None:
        """What a macro goes over; None when SQL cannot tell."""
        if isinstance(node, Comprehension):
            return self._chained(node, local)
        value = self._value_of(node, local)
        self._aliases += 1
        alias = f"e{self._aliases}"
        match value:
            case ConstantList(items=items):
                # An item that is an error is an error of the whole list.
                is_plain = len(items) <= MAX_UNROLLED and all(isinstance(item, Constant) for item in items)
                return value if is_plain else None
            case TextList(array=array):
                return Items(f"unnest({array}) AS {alias}(v)", text_value(f"{alias}.v"), TRUE)
            case JsonValue(document=document):
                is_list = value.is_("array")
                listed = f"jsonb_array_elements(CASE WHEN {is_list} THEN {document} ELSE '[]' END)"
                # Over an object, a macro goes over the keys.
                return Items(
                    f"{listed} AS {alias}(v)", json_value(f"{alias}.v"), is_list, value.is_("object")
                )
        return None

    def _chained(self, node: Comprehension, local: Locals) -> Items | None:
        loop = recognise(node)
        if loop is None or loop.macro not in (Macro.FILTER, Macro.MAP):
            return None
        items = self.items(loop.range, local)
        if not isinstance(items, Items):
            return None
        inside = {**local, loop.variable: items.item}
        test = loop.body if loop.macro is Macro.FILTER else loop.test
        passed, settled, item = items.passed, items.settled, items.item
        if test is not None:
            verdict = self._truth(test, inside)
            settled = all_true(settled, any_true(passed.f_lo, verdict.t_lo, verdict.f_lo))
            passed = conjunction([passed, verdict])
        if loop.macro is Macro.MAP:
            item = self._value_of(loop.body, inside)
            settled = all_true(settled, any_true(passed.f_lo, item.present))
        return Items(
            items.source, item, items.is_list, items.doubt, items.is_exact and item.is_exact, passed, settled
        )

    def _unrolled(self, loop: Loop, items: ConstantList, local: Locals) -> Bounds:
        each = [self._truth(loop.body, {**local, loop.variable: item}) for item in items.items]
        match loop.macro:
            case Macro.EXISTS:
                return disjunction(each)
            case Macro.ALL:
                return conjunction(each)
        return UNKNOWN


def _any_item(items: Items, body: Bounds) -> Bounds:
    """True when some item passes and `body` holds of it; an error on the way to any item is an error of all."""
    passed = items.passed
    smooth = _no_item(items, not_true(items.settled))
    t_lo = all_true(items.is_list, smooth, _some_item(items, all_true(passed.t_lo, body.t_lo)))
    t_hi = all_true(items.is_list, _some_item(items, all_true(passed.t_hi, body.t_hi)))
    f_lo = all_true(items.is_list, smooth, _no_item(items, not_true(any_true(passed.f_lo, body.f_lo))))
    f_hi = all_true(items.is_list, _no_item(items, not_true(any_true(passed.f_hi, body.f_hi))))
    return Bounds(
        t_lo,
        any_true(t_hi, items.doubt),
        f_lo,
        any_true(f_hi, items.doubt),
        is_exact=items.is_exact
        and body.is_exact
        and passed.is_exact
        and items.doubt == FALSE
        and smooth == TRUE,
    )


def _exactly_one(items: Items, body: Bounds) -> Bounds:
    if items.settled != TRUE:
        return UNKNOWN
    settled = _no_item(items, not_true(any_true(body.t_lo, body.f_lo)))
    holds = f"(SELECT count(*) FROM {items.source} WHERE {body.t_lo})"  # noqa: S608
    true = all_true(items.is_list, settled, f"{holds} = 1")
    false = all_true(items.is_list, settled, f"{holds} <> 1")
    if body.uncertain == FALSE and items.doubt == FALSE:
        return exactly(true, false)
    doubt = any_true(items.doubt, items.is_list)
    return Bounds(true, doubt, false, doubt, is_exact=False)


def _some_item(items: Items, test: Sql) -> Sql:
    return FALSE if test == FALSE else f"EXISTS (SELECT 1 FROM {items.source} WHERE {test})"  # noqa: S608


def _no_item(items: Items, test: Sql) -> Sql:
    return TRUE if test == FALSE else f"NOT EXISTS (SELECT 1 FROM {items.source} WHERE {test})"  # noqa: S608
