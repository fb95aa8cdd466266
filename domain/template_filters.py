"""Filters that fail whomever a template is for: those that do not exist, and arguments that no value goes with."""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from inspect import Signature, signature
from typing import Any

from liquid import BoundTemplate, RenderContext
from liquid.builtin.expressions import FilteredExpression
from liquid.builtin.expressions.arguments import KeywordArgument
from liquid.builtin.expressions.filtered import Filter
from liquid.builtin.expressions.primitive import Literal, Nil
from liquid.exceptions import FilterArgumentError, LiquidError, UnknownFilterError
from liquid.expression import Expression

from domain.template_bounds import expressions_of

# One of each kind. A filter whose arguments never change and that takes none of these takes nothing.
_ANYTHING: Sequence[object] = (None, 1, "1", [], [{}])
# What the engine hands to filters itself.
_HANDED = ("context", "environment")


def filter_faults(template: BoundTemplate) -> Iterator[LiquidError]:
    """Of filters wherever they stand: rendering finds only those that it comes by. The messages quote the template
    alone, and their token is the filter's."""
    filtered = [one for one in expressions_of(template) if isinstance(one, FilteredExpression)]
    unknown = [
        UnknownFilterError(f"unknown filter '{used.name}'", token=used.token)
        for expression in filtered
        for used in expression.filters or ()
        if used.name not in template.env.filters
    ]
    if unknown:
        yield from unknown
        return
    context = RenderContext(template)
    for expression in filtered:
        fault = _first_fault(expression, context)
        if fault is not None:
            yield fault


def _first_fault(expression: FilteredExpression, context: RenderContext) -> LiquidError | None:
    """Of a chain of filters; those behind it are not looked at."""
    values = [expression.left.evaluate(context)] if _is_constant(expression.left) else _ANYTHING
    for used in expression.filters or ():
        misfit = _misfit(used, context.env.filters[used.name])
        if misfit is not None:
            return FilterArgumentError(f"filter '{used.name}': {misfit}", token=used.token)
        if not all(_is_constant(argument.value) for argument in used.args):
            values = _ANYTHING
            continue
        results, reason = _applied(used, values, context)
        if not results:
            return FilterArgumentError(f"filter '{used.name}': {reason}", token=used.token)
        values = _ANYTHING if values is _ANYTHING else results
    return None


def _is_constant(expression: Expression) -> bool:
    return isinstance(expression, Literal | Nil)


def _misfit(used: Filter, filter_: Callable[..., Any]) -> str | None:
    """Why its arguments cannot be those of the filter, however large or small they are."""
    named = [argument.name for argument in used.args if isinstance(argument, KeywordArgument)]
    others = len(used.args) - len(named)
    taken = _signature(filter_)
    handed = [name for name in _HANDED if name in taken.parameters]
    try:
        taken.bind(None, *[None] * others, **dict.fromkeys(named + handed))
    except TypeError as error:
        return str(error)
    return None


@lru_cache
def _signature(filter_: Callable[..., Any]) -> Signature:
    return signature(filter_)


def _applied(used: Filter, values: Sequence[object], context: RenderContext) -> tuple[list[object], str]:
    """What it makes of those values that it takes, and why it does not take the last of the others."""
    results: list[object] = []
    reason = ""
    for value in values:
        try:
            results.append(used.evaluate(value, context))
        except Exception as error:
            reason = _words_of(error, used.name)
    return results, reason


def _words_of(error: Exception, name: str) -> str:
    """Without what Python calls the value."""
    said = error.message if isinstance(error, LiquidError) else None
    if not isinstance(said, str):
        return "cannot take its arguments"
    return said.removeprefix(name).lstrip(": ").partition(", found ")[0]
