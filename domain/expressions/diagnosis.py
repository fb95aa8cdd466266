"""What the engine's compiler says, as problems with a place and, for unknown names, a suggestion."""

import re
from difflib import get_close_matches

from domain.expressions.ast import Call, Expr, Ident, Select, dotted_name, walk
from domain.expressions.codec import Source
from domain.expressions.errors import ExpressionProblem
from domain.expressions.functions import NAMES as HELPERS
from domain.expressions.functions import TIME_PARTS
from domain.expressions.variables import Environment, prefixes

# The engine reports as text alone. Its lines have this form, the echo of the source below them does not.
_REPORT = re.compile(r"ERROR: <input>:(-?\d+):(-?\d+): ([^\n]*)")
_STATUS = re.compile(r"^[A-Z_]+: | \[[A-Z_]+\]$")
_OPERATOR = re.compile(r"'!?_?([^\w\s']+)_?'")
_UNDECLARED = re.compile(r"undeclared reference to '(\w+)'")
_SYNTAX = "Syntax error: "
_MAX_REASON = 300
_MIXED_NUMBERS = ("'(int, double)'", "'(double, int)'")

_FUNCTIONS = (
    HELPERS
    | TIME_PARTS
    | {
        *("all", "exists", "exists_one", "filter", "has", "map"),
        *("bool", "bytes", "double", "duration", "dyn", "int", "string", "timestamp", "type", "uint"),
        *("contains", "endsWith", "matches", "size", "startsWith"),
    }
)


def problems_of(
    message: str, text: str, source: Source, parsed: Expr | None, environment: Environment
) -> list[ExpressionProblem]:
    """Problems in an engine's message about `text`; `parsed` is the text's tree when only its names or types are wrong."""
    problems: list[ExpressionProblem] = []
    for line, column, reason in _REPORT.findall(message):
        problem = _problem(int(line), int(column), reason, text, source, parsed, environment)
        if problem not in problems:
            problems.append(problem)
    if problems:
        return problems
    first_line = message.partition("\n")[0]
    return [ExpressionProblem(1, 1, _plain(_STATUS.sub("", _STATUS.sub("", first_line))))]


def _problem(
    line: int,
    column: int,
    report: str,
    text: str,
    source: Source,
    parsed: Expr | None,
    environment: Environment,
) -> ExpressionProblem:
    if line < 1 or column < 1 or line > text.count("\n") + 1:
        # Limits of the parser have no place in the text.
        return ExpressionProblem(1, 1, _plain(report))
    reason, _, expected = _plain(report).partition(" expecting ")
    if parsed is None:
        return ExpressionProblem(line, column, reason, expected.strip("{}") or None)
    offset = source.offset(line, column)
    if (unknown := _unknown_name(parsed, source, offset, environment)) is not None:
        suggestion = _suggest(unknown, environment)
    else:
        suggestion = None
    if unknown is None and (known := _UNDECLARED.fullmatch(reason)) and known[1] in _FUNCTIONS:
        # The engine counts a function by another number of arguments as unknown.
        reason, expected = f"{known[1]}() cannot be called like this", ""
    start = _name_start(text, offset, unknown)
    if reason.endswith(_MIXED_NUMBERS):
        expected = "numbers of one kind: 10.0 with 1.5, or double(...)"
    return ExpressionProblem(line, column + start - offset, reason, expected or None, suggestion)


def _plain(reason: str) -> str:
    """One printable line of bounded length."""
    reason = _STATUS.sub("", reason).removeprefix(_SYNTAX).removesuffix(" (in container '')")
    reason = _OPERATOR.sub(r"'\1'", reason)
    printable = "".join(character if character.isprintable() else " " for character in reason)
    return printable if len(printable) <= _MAX_REASON else printable[: _MAX_REASON - 1] + "…"


def _unknown_name(parsed: Expr, source: Source, offset: int, environment: Environment) -> str | None:
    """The name at a place, when it is one that nothing declares."""
    for node in walk(parsed):
        if source.offset(node.position.line, node.position.column) != offset:
            continue
        if isinstance(node, Call) and node.function.isidentifier() and node.function not in _FUNCTIONS:
            return node.function
        name = dotted_name(node) if isinstance(node, Ident | Select) else None
        if name is not None and environment.declared(name) is None:
            return name
    return None


def _name_start(text: str, offset: int, unknown: str | None) -> int:
    """The engine points at the dot before a field and at the parenthesis after a function: point at the word."""
    if text[offset : offset + 1] == ".":
        return offset + 1
    if unknown is not None and text[offset : offset + 1] == "(":
        start = text.rfind(unknown, 0, offset)
        return start if start >= 0 and "\n" not in text[start:offset] else offset
    return offset


def _suggest(name: str, environment: Environment) -> str | None:
    """The declared variable or function that `name` most likely means, with the fields that follow it kept."""
    for prefix in prefixes(name):
        by_last_word = [known for known in environment.variables if known.rpartition(".")[2] == prefix]
        of_its_depth = [known for known in environment.variables if known.count(".") == prefix.count(".")]
        close = by_last_word or get_close_matches(prefix, of_its_depth, n=1, cutoff=0.8)
        if close:
            return close[0] + name[len(prefix) :]
    close = get_close_matches(name, _FUNCTIONS, n=1, cutoff=0.7)
    return f"{close[0]}()" if close else None
