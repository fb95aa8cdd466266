"""How much work rendering a message may be: loops that follow each other, cases that match often and filters in loops
multiply what a template of a few kilobytes does, without a byte of output.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TextIO

from liquid import BoundTemplate, RenderContext
from liquid.ast import BlockNode, Node
from liquid.builtin.expressions.logical import (
    ContainsExpression,
    EqExpression,
    GeExpression,
    GtExpression,
    LeExpression,
    LtExpression,
    NeExpression,
)
from liquid.exceptions import ResourceLimitError
from liquid.expression import Expression

# One unit is about 1 us.
MAX_WORK = 1_000_000
# Either side may be a text or a list as long as any that is allowed.
COMPARISON = 50

_COMPARISONS = (
    ContainsExpression,
    EqExpression,
    GeExpression,
    GtExpression,
    LeExpression,
    LtExpression,
    NeExpression,
)


@dataclass(slots=True)
class _Work:
    left: int = MAX_WORK


_WORK: ContextVar[_Work | None] = ContextVar("work of the rendering", default=None)


@contextmanager
def bounded_work() -> Iterator[None]:
    """What is charged within raises ResourceLimitError once it is more than MAX_WORK. What is bounded already stays so."""
    if _WORK.get() is not None:
        yield
        return
    token = _WORK.set(_Work())
    try:
        yield
    finally:
        _WORK.reset(token)


def charge(units: int) -> None:
    work = _WORK.get()
    if work is None:
        return
    work.left -= units
    if work.left < 0:
        raise ResourceLimitError("it takes too much work to render", token=None)


class _ChargingNode(Node):
    """The first of a block: each time the block is rendered, what is in it costs `units`."""

    __slots__ = ("units",)

    def __init__(self, block: BlockNode) -> None:
        super().__init__(block.token)
        self.units = 1

    def __str__(self) -> str:
        return ""

    def render_to_output(self, _context: RenderContext, _buffer: TextIO) -> int:
        charge(self.units)
        return 0


def bound_steps(template: BoundTemplate) -> None:
    """Have every block of a parsed template charged for."""
    context = RenderContext(template)
    nodes: list[Node] = list(template.nodes)
    while nodes:
        node = nodes.pop()
        children = list(node.children(context, include_partials=False))
        nodes.extend(children)
        if isinstance(node, BlockNode):
            charging = _ChargingNode(node)
            charging.units += sum(_weight(child, context) for child in children)
            node.nodes.insert(0, charging)


def _weight(node: Node, context: RenderContext) -> int:
    """Of the node without the blocks in it, which are charged for by themselves."""
    total = 0
    nodes = [node]
    while nodes:
        node = nodes.pop()
        total += 1 + sum(_weight_of_expression(expression) for expression in node.expressions())
        inner = node.children(context, include_partials=False)
        nodes.extend(child for child in inner if not isinstance(child, BlockNode))
    return total


def _weight_of_expression(expression: Expression) -> int:
    total = 0
    expressions = [expression]
    while expressions:
        expression = expressions.pop()
        total += COMPARISON if isinstance(expression, _COMPARISONS) else 1
        expressions.extend(expression.children())
    return total
