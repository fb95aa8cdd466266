"""The value of any part of a condition, for some values of its variables, as bounded JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from math import isfinite

from domain.expressions.ast import Call, Const, Expr, StaticType, walk
from domain.expressions.cost import cost
from domain.expressions.engine import Condition, Part, Shape
from domain.expressions.functions import expand_functions
from domain.expressions.limits import COST_BUDGET
from domain.json_limits import MAX_INT64

MAX_SHOWN_ITEMS = 10
MAX_SHOWN_CHARACTERS = 200
# All parts of a condition together may take a few times what the condition may.
PROBING_BUDGET = 4 * COST_BUDGET
# What taking a part out and compiling it costs.
_UNITS_PER_PART = 1_500

JsonValue = bool | int | float | str | list["JsonValue"] | None


class Kind(StrEnum):
    VALUE = "value"
    MISSING = "missing"
    ERROR = "error"
    NOT_EVALUATED = "not_evaluated"


@dataclass(frozen=True, slots=True)
class Finding:
    """`value`: texts and lists are cut, what is inside a list's lists or an object is left out. `error`: why there is none."""

    kind: Kind
    value: JsonValue = None
    error: str | None = None


_TOO_MUCH = Finding(Kind.NOT_EVALUATED, error="this is too much to evaluate part by part")


class Prober:
    """Evaluates parts of one condition on one set of values, within a budget for them all."""

    def __init__(self, condition: Condition, values: Mapping[str, object]) -> None:
        self._condition = condition
        self._values = values
        self._left = PROBING_BUDGET
        self._last_id = max(node.id for node in walk(condition.ast))

    def probe(self, node: Expr) -> Finding:
        """What `node` is. Loop variables have no value here: put an item of their list in their place."""
        part = self._evaluate(node)
        if part is None:
            return _TOO_MUCH
        if part.error is not None:
            return Finding(Kind.MISSING if part.is_missing else Kind.ERROR, error=part.error)
        if part.value is Shape.LIST:
            items = (self._evaluate(self.item(node, index)) for index in self.indexes(node))
            return Finding(Kind.VALUE, [_shown(item.value) if item else "…" for item in items])
        return Finding(Kind.VALUE, _shown(part.value))

    def indexes(self, node: Expr) -> range:
        """Of the first items of a list; none of anything else."""
        self._last_id += 1
        count = Call("size", None, (node,), id=self._last_id, position=node.position, type=StaticType.INT)
        is_list = self._evaluate(node) == Part(Shape.LIST)
        part = self._evaluate(count) if is_list else None
        size = part.value if part is not None and isinstance(part.value, int) else 0
        return range(min(size, MAX_SHOWN_ITEMS))

    def item(self, container: Expr, index: int) -> Call:
        """The node `container[index]`."""
        place = container.position
        number = Const(index, id=self._last_id + 1, position=place, type=StaticType.INT)
        self._last_id += 2
        return Call("_[_]", None, (container, number), id=self._last_id, position=place)

    def _evaluate(self, node: Expr) -> Part | None:
        expanded = expand_functions(node, self._condition.environment, self._last_id)
        units = cost(expanded) + _UNITS_PER_PART
        if units > self._left:
            return None
        self._left -= units
        return self._condition.evaluate_part(expanded, self._values)


def _shown(value: object) -> JsonValue:
    match value:
        case bool() | None:
            return value
        case int():
            return value if value <= MAX_INT64 else str(value)
        case float():
            return value if isfinite(value) else str(value)
        case Shape.LIST:
            return "[…]"
        case Shape.MAP | Shape.OTHER:
            return "{…}"
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case timedelta():
            return f"{value.total_seconds():g}s"
        case bytes() | bytearray():
            return _cut(value[:MAX_SHOWN_CHARACTERS].hex())
        case _:
            return _cut(str(value))


def _cut(text: str) -> str:
    return text if len(text) <= MAX_SHOWN_CHARACTERS else f"{text[: MAX_SHOWN_CHARACTERS - 1]}…"
