"""Bounds that Liquid lacks: it limits loops and output, but a chain of filters, or a range that something
other than a loop walks, may take gigabytes and minutes before a byte is output.
"""

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

from liquid import BoundTemplate, RenderContext
from liquid.builtin.expressions.primitive import RangeLiteral
from liquid.exceptions import LoopIterationLimitError, ResourceLimitError
from liquid.expression import Expression

from domain.template_work import charge

MAX_SIZE = 262_144
MAX_RANGE = 10_000
MAX_INTEGER_BITS = 14_000
# Of the units that work is charged in: what a call costs, and how much of its values costs one more.
CALL = 5
CHARACTERS_PER_UNIT = 16
ITEMS_PER_UNIT = 4
PAIRS_PER_UNIT = 64
UNITS_PER_CHARACTER_OF_A_DATE = 25

Filter = Callable[..., Any]


class _ShortRange(RangeLiteral):
    __slots__ = ()

    def _make_range(self, start: Any, stop: Any) -> range:
        numbers = super()._make_range(start, stop)
        if numbers and numbers[-1] - numbers[0] >= MAX_RANGE:
            raise LoopIterationLimitError("a range is too long", token=self.token)
        return numbers


def bound_ranges(template: BoundTemplate) -> None:
    """Keep every range of a parsed template short. The tags parse ranges themselves, so it is done after."""
    for expression in expressions_of(template):
        if type(expression) is RangeLiteral:
            expression.__class__ = _ShortRange


def expressions_of(template: BoundTemplate) -> Iterator[Expression]:
    """Every expression of a parsed template, however deep."""
    context = RenderContext(template)
    nodes = list(template.nodes)
    expressions: list[Expression] = []
    while nodes:
        node = nodes.pop()
        expressions.extend(node.expressions())
        nodes.extend(node.children(context, include_partials=False))
    while expressions:
        expression = expressions.pop()
        yield expression
        expressions.extend(expression.children())


def bounded(name: str, apply: Filter) -> Filter:
    """The filter, refusing values and results that are too large. Raises ResourceLimitError."""

    @wraps(apply)
    def apply_within_bounds(value: object, *args: object, **options: object) -> object:
        charge(CALL)
        for given in (value, *args):
            _check(given)
        if name == "replace" and args:
            _check_replacement(str(value), str(args[0]), str(args[1] if len(args) > 1 else ""))
        if name == "join":
            _check_joined(value, str(args[0]) if args else " ")
        _charge_beyond_size(name, value, args)
        result = apply(value, *args, **options)
        _check(result)
        return result

    return apply_within_bounds


def _check_replacement(text: str, old: str, new: str) -> None:
    if text.count(old) * len(new) > MAX_SIZE:
        _refuse()


def _check_joined(items: object, separator: str) -> None:
    if isinstance(items, list | tuple | range) and len(items) * len(separator) > MAX_SIZE:
        _refuse()


def _charge_beyond_size(name: str, value: object, args: tuple[object, ...]) -> None:
    """`uniq` compares each item with each other, and dates are parsed and written sign by sign."""
    if name == "uniq" and isinstance(value, str | list | tuple | range):
        charge(len(value) ** 2 // PAIRS_PER_UNIT)
    if name == "date":
        texts = [given for given in (value, *args) if isinstance(given, str)]
        charge(UNITS_PER_CHARACTER_OF_A_DATE * sum(map(len, texts)))


def _check(value: object) -> None:
    size = _size(value, MAX_SIZE)
    if size > MAX_SIZE:
        _refuse()
    charge(size // (CHARACTERS_PER_UNIT if isinstance(value, str) else ITEMS_PER_UNIT))


def _refuse() -> None:
    raise ResourceLimitError("a filter's value is too large", token=None)


def _size(value: object, limit: int) -> int:
    """About as many characters as the value takes when written; more than `limit` as soon as it is known."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, range):
        return len(value)
    if isinstance(value, int):
        return limit + 1 if value.bit_length() > MAX_INTEGER_BITS else 1
    if isinstance(value, list | tuple | dict):
        total = 0
        for item in value.values() if isinstance(value, dict) else value:
            total += 1 + _size(item, limit - total)
            if total > limit:
                break
        return total
    return 1
