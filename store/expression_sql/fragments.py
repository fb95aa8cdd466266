"""Pieces of SQL, and the values that clients wrote, which are always bound and never part of the text."""

from typing import Any

Sql = str

TRUE: Sql = "TRUE"
FALSE: Sql = "FALSE"
NULL: Sql = "NULL"

# What a comparison that does not hold is.
OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}

MAX_FRAGMENT = 30_000


class Parameters:
    """Values bound to one statement, each once."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self._names: dict[tuple[str, str], str] = {}

    def bind(self, value: Any, type_: str) -> Sql:
        """SQL of `value` as the PostgreSQL type `type_`, which comes from code alone."""
        name = self._names.setdefault((repr(value), type_), f"cel_{len(self._names)}")
        self.values[name] = value
        return f"CAST(:{name} AS {type_})"


def all_true(*parts: Sql) -> Sql:
    kept = _distinct(parts, TRUE)
    if FALSE in kept:
        return FALSE
    return " AND ".join(f"({part})" for part in kept) if len(kept) > 1 else kept[0] if kept else TRUE


def any_true(*parts: Sql) -> Sql:
    kept = _distinct(parts, FALSE)
    if TRUE in kept:
        return TRUE
    return " OR ".join(f"({part})" for part in kept) if len(kept) > 1 else kept[0] if kept else FALSE


def not_true(part: Sql) -> Sql:
    """Unlike NOT, true also where `part` is NULL."""
    if part in (TRUE, FALSE):
        return FALSE if part == TRUE else TRUE
    return f"({part}) IS NOT TRUE"


def _distinct(parts: tuple[Sql, ...], neutral: Sql) -> list[Sql]:
    return [part for part in dict.fromkeys(parts) if part != neutral]
