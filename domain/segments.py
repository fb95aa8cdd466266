"""Segments: which conditions can make one, and what is known of it."""

from collections.abc import Iterator, Mapping
from enum import StrEnum

from domain.expressions import (
    AttributeType,
    Condition,
    ExpressionError,
    ExpressionProblem,
    check_condition,
)
from domain.expressions.ast import Call, Expr, Ident, Position, Presence, walk

# All segments of a participant are one value of an expression, which must hold fewer than json_limits.MAX_ITEMS.
MOST_SEGMENTS_OF_A_PROGRAM = 200

SEGMENTS = "participant.segments"
"""The variable by which a condition asks for them."""


class SegmentStatus(StrEnum):
    """PENDING: not evaluated since it was made or its condition changed. FAILED: the last attempt was given up."""

    PENDING = "pending"
    READY = "ready"
    FAILED = "failed"


def check_segment_condition(
    text: str, attribute_types: Mapping[str, AttributeType] | None = None
) -> Condition:
    """The condition that `text` is, if a segment can be made by it: one that does not ask for segments.

    Raises ExpressionError that lists every problem found.
    """
    condition = check_condition(text, attribute_types=attribute_types)
    problems = [
        ExpressionProblem(
            place.line, place.column, "a segment cannot be made of segments", "a condition without segments"
        )
        for place in _places_of_segments(condition.ast)
    ]
    if problems:
        raise ExpressionError(problems)
    return condition


def _places_of_segments(tree: Expr) -> Iterator[Position]:
    for node in walk(tree):
        match node:
            case (
                Call(function="in_segment")
                | Ident(name="participant.segments")
                | Presence(variable="participant.segments")
            ):
                yield node.position
