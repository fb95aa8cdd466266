"""Limits that a well-typed condition must still keep to."""

from collections.abc import Callable, Iterator

from domain.expressions.ast import Call, Comprehension, Const, Expr, Message, Position, children, walk
from domain.expressions.errors import ExpressionProblem
from domain.expressions.limits import (
    COST_BUDGET,
    MAX_MACRO_NESTING,
    MAX_NODES,
    MAX_PATTERN_CHARACTERS,
    MAX_TEXT_CHARACTERS,
)
from domain.expressions.patterns import pattern_size
from domain.expressions.variables import Environment
from domain.expressions.zones import zone_problems

_START = Position(1, 1)


def check_text(text: str) -> list[ExpressionProblem]:
    """Problems of the text itself, before it is parsed."""
    if len(text) > MAX_TEXT_CHARACTERS:
        expected = f"at most {MAX_TEXT_CHARACTERS} characters"
        return [_problem(_START, f"the expression has {len(text)} characters", expected)]
    if not text.strip():
        return [_problem(_START, "the expression is empty", "a condition")]
    line = column = 1
    for character in text:
        if character == "\0" or "\ud800" <= character <= "\udfff":
            name = "the NUL character" if character == "\0" else "half of a surrogate pair"
            return [_problem(Position(line, column), f"the expression holds {name}", "plain text")]
        line, column = (line + 1, 1) if character == "\n" else (line, column + 1)
    return []


def check_tree(
    tree: Expr, environment: Environment, is_pattern: Callable[[str], bool]
) -> list[ExpressionProblem]:
    """Problems of a checked tree. `is_pattern` answers whether the engine takes a regular expression."""
    size = sum(1 for _ in walk(tree))
    if size > MAX_NODES:
        reason = f"the expression has {size} parts (names, values and operations)"
        return [_problem(_START, reason, f"at most {MAX_NODES}")]
    return [
        *_nesting_problems(tree, 0),
        *_message_problems(tree),
        *_shadowing_problems(tree, environment),
        *_pattern_problems(tree, is_pattern),
        *zone_problems(tree),
    ]


def check_cost(units: int) -> list[ExpressionProblem]:
    if units <= COST_BUDGET:
        return []
    reason = f"evaluating the expression could take too long (cost {units})"
    return [_problem(_START, reason, f"a cost of at most {COST_BUDGET}: fewer loops, or simpler ones")]


def _nesting_problems(node: Expr, depth: int) -> Iterator[ExpressionProblem]:
    if not isinstance(node, Comprehension):
        for child in children(node):
            yield from _nesting_problems(child, depth)
        return
    yield from _nesting_problems(node.range, depth)
    if depth == MAX_MACRO_NESTING:
        expected = f"at most {MAX_MACRO_NESTING} loops inside one another"
        yield _problem(node.position, "loops such as exists() and map() nest too deeply", expected)
        return
    yield from _nesting_problems(node.step, depth + 1)


def _message_problems(tree: Expr) -> Iterator[ExpressionProblem]:
    for node in walk(tree):
        if isinstance(node, Message):
            yield _problem(node.position, f"'{node.name}' objects cannot be made in a condition", None)


def _shadowing_problems(tree: Expr, environment: Environment) -> Iterator[ExpressionProblem]:
    for node in walk(tree):
        if isinstance(node, Comprehension) and node.variable in environment.roots:
            reason = f"'{node.variable}' already has a meaning and cannot name an item"
            yield _problem(node.position, reason, "another name")


def _pattern_problems(tree: Expr, is_pattern: Callable[[str], bool]) -> Iterator[ExpressionProblem]:
    for node in walk(tree):
        if isinstance(node, Call) and node.function == "matches":
            problem = _pattern_problem(node.operands[-1], is_pattern)
            if problem is not None:
                yield problem


def _pattern_problem(node: Expr, is_pattern: Callable[[str], bool]) -> ExpressionProblem | None:
    place = node.position
    if not (isinstance(node, Const) and isinstance(node.value, str)):
        return _problem(place, "the pattern of matches() is not a literal", 'a literal such as "^beta-"')
    pattern = node.value
    if len(pattern) > MAX_PATTERN_CHARACTERS:
        expected = f"at most {MAX_PATTERN_CHARACTERS} characters"
        return _problem(place, f"the pattern has {len(pattern)} characters", expected)
    if r"\Q" in pattern:
        return _problem(place, r"the pattern quotes with \Q", "a backslash before each special character")
    size = pattern_size(pattern)
    if size.compile + size.search > COST_BUDGET:
        return _problem(place, "the pattern could take too long to match", "fewer or smaller repetitions")
    return (
        None
        if is_pattern(pattern)
        else _problem(place, "the pattern is not a regular expression", "RE2 syntax")
    )


def _problem(position: Position, reason: str, expected: str | None) -> ExpressionProblem:
    return ExpressionProblem(position.line, position.column, reason, expected)
