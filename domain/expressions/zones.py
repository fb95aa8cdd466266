"""The zones that a time may be asked for in.

The engine remembers every name it is asked for, unknown ones too, for as long as the process lives: names that came
from data would fill its memory. So a zone is written out, or one of the two that are checked when they are stored.
"""

import re
from collections.abc import Iterator

from domain.expressions.ast import Call, Const, Expr, Ident, walk
from domain.expressions.errors import ExpressionProblem
from domain.expressions.functions import TIME_PARTS
from domain.schedules import ScheduleError, validate_timezone

STORED_ZONES = ("participant.timezone", "program.timezone")
_OFFSET = re.compile(r"[+-]?([01]\d|2[0-3]):[0-5]\d")


def zone_problems(tree: Expr) -> Iterator[ExpressionProblem]:
    for node in walk(tree):
        if isinstance(node, Call) and node.function in TIME_PARTS and node.args:
            problem = _zone_problem(node.function, node.args[0])
            if problem is not None:
                yield problem


def _zone_problem(function: str, zone: Expr) -> ExpressionProblem | None:
    place = zone.position
    if isinstance(zone, Ident) and zone.name in STORED_ZONES:
        return None
    if not (isinstance(zone, Const) and isinstance(zone.value, str)):
        expected = f'a name such as "Europe/Madrid", or {" or ".join(STORED_ZONES)}'
        reason = f"the zone of {function}() is not written out"
        return ExpressionProblem(place.line, place.column, reason, expected)
    if _OFFSET.fullmatch(zone.value):
        return None
    try:
        validate_timezone(zone.value)
    except ScheduleError as error:
        return ExpressionProblem(place.line, place.column, error.reason, error.expected)
    return None
