"""`has(variable)`: whether a whole variable has a value.

The language has `has()` of a map's field only; the engine takes `has(participant.email)` for the variable itself.
So each such test is put to the engine as a truth-valued variable of its own, in a text of the same length.
"""

import re

from domain.expressions.ast import (
    Expr,
    Ident,
    Position,
    Presence,
    Select,
    StaticType,
    dotted_name,
    transform,
    walk,
)
from domain.expressions.codec import Source
from domain.expressions.errors import ExpressionProblem
from domain.expressions.variables import Environment

_BEFORE = re.compile(r"has\s*\Z")


def aliases(environment: Environment) -> dict[str, str]:
    """Per variable, the name of the variable that tells whether it has a value; no longer than `has`."""
    return {name: f"_{index:02d}" for index, name in enumerate(environment.variables)}


def replace_presence_tests(
    text: str, parsed: Expr, source: Source, environment: Environment
) -> tuple[str, list[ExpressionProblem]]:
    """The text for the checker, all else at its place, and the tests that are written in a way not understood."""
    problems: list[ExpressionProblem] = []
    known = aliases(environment)
    for node in walk(parsed):
        if not (isinstance(node, Select) and node.test_only):
            continue
        name = dotted_name(node)
        if name is None or name not in environment.variables:
            continue
        span = _span(text, name, source.offset(node.position.line, node.position.column))
        if span is None:
            problems.append(_problem(node.position, name))
            continue
        start, end = span
        blank = re.sub(r"[^\n]", " ", text[start:end])
        text = text[:start] + known[name] + blank[len(known[name]) :] + text[end:]
    return text, problems


def reserved_names(parsed: Expr, environment: Environment) -> list[ExpressionProblem]:
    """The identifiers of a text that are names the engine uses for presence."""
    taken = set(aliases(environment).values())
    return [
        ExpressionProblem(node.position.line, node.position.column, f"undeclared reference to '{node.name}'")
        for node in walk(parsed)
        if isinstance(node, Ident) and node.name in taken
    ]


def name_presence_tests(tree: Expr, environment: Environment) -> Expr:
    variables = {alias: name for name, alias in aliases(environment).items()}

    def named(node: Expr) -> Expr:
        if not (isinstance(node, Ident) and node.name in variables):
            return node
        variable = variables[node.name]
        return Presence(variable, node.name, id=node.id, position=node.position, type=StaticType.BOOL)

    return transform(tree, named)


def _span(text: str, name: str, offset: int) -> tuple[int, int] | None:
    words = r"\s*\.\s*".join(re.escape(word) for word in name.split("."))
    found = re.compile(rf"\(\s*{words}\s*\)").match(text, offset)
    before = _BEFORE.search(text, 0, offset)
    return (before.start(), found.end()) if found and before else None


def _problem(position: Position, name: str) -> ExpressionProblem:
    return ExpressionProblem(
        position.line,
        position.column,
        f"has() of the variable {name} holds more than its name",
        expected=f"has({name})",
    )
