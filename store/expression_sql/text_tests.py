"""Tests of texts: how they begin and end, what they contain, what they match."""

import re

from store.expression_sql.bounds import UNKNOWN, Bounds, known_but
from store.expression_sql.fragments import FALSE, Sql
from store.expression_sql.values import Constant, Kind, Value

_PLAIN = re.compile(r"(?:[A-Za-z0-9 _@:;,/<>=!%&#~'\"-]|\\[.+*?()|\[\]{}^$\\/@-]|\[[.]\])*")
_QUANTIFIER = re.compile(r"[*?+{|]")


def text_test(function: str, text: Value, needle: Value) -> Bounds:
    """`text.startsWith(needle)`, `endsWith` or `contains`."""
    if Kind.STRING not in text.kinds or Kind.STRING not in needle.kinds:
        return UNKNOWN
    true = _found(function, text.kinds[Kind.STRING], needle.kinds[Kind.STRING])
    unknown = " OR ".join(f"({part.unknown})" for part in (text, needle) if part.unknown != FALSE) or FALSE
    return known_but(true, f"NOT {true}", unknown, is_exact=text.is_exact and needle.is_exact)


def literal_pattern(pattern: str) -> tuple[str, str] | None:
    """The function and the text that a pattern comes to, when it has nothing of a pattern but its anchors."""
    starts, ends = pattern.startswith("^"), pattern.endswith("$") and not pattern.endswith("\\$")
    body = pattern[starts : len(pattern) - ends]
    if not _PLAIN.fullmatch(body):
        return None
    function = {(True, True): "equals", (True, False): "startsWith", (False, True): "endsWith"}.get(
        (starts, ends)
    )
    return function or "contains", _unquoted(body)


def literal_prefix(pattern: str) -> str | None:
    """How every text begins that matches, as far as that is plain; None when it is not."""
    if not pattern.startswith("^") or "|" in pattern:
        return None
    matched = _PLAIN.match(pattern, 1)
    body = matched.group() if matched else ""
    if _QUANTIFIER.match(pattern, 1 + len(body)):
        # The last character may be repeated, or absent.
        body = re.sub(r"(?:\\.|\[[.]\]|.)\Z", "", body)
    return _unquoted(body) or None


def matches(text: Value, pattern: Value, prefix: Value | None) -> Bounds:
    """Patterns are the engine's own; SQL knows only how a match begins."""
    string = text.kinds.get(Kind.STRING)
    if string is None or not isinstance(pattern, Constant):
        return UNKNOWN
    is_text = f"{string} IS NOT NULL"
    begins = is_text if prefix is None else _found("startsWith", string, prefix.kinds[Kind.STRING])
    doubt = f" OR ({text.unknown})" if text.unknown != FALSE else ""
    return Bounds(FALSE, begins + doubt, FALSE, is_text + doubt, is_exact=False)


def _found(function: str, text: Sql, needle: Sql) -> Sql:
    match function:
        case "startsWith":
            return f"starts_with({text}, {needle})"
        case "endsWith":
            return f"(right({text}, char_length({needle})) = {needle})"
        case _:
            return f"(strpos({text}, {needle}) > 0)"


def _unquoted(body: str) -> str:
    return re.sub(r"\\(.)|\[([.])\]", lambda found: found[1] or found[2], body)
