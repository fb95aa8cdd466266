"""Rows whose values the engine takes as they are: within the limits of stored data, and without numbers too large.

What a value beyond them does to a condition depends on all that is bound with it, so such rows are left to the engine.
"""

from collections.abc import Iterator

from domain.expressions import Environment
from domain.expressions.ast import Comprehension, Expr, children
from domain.expressions.binding import keys_read
from domain.expressions.limits import MAX_ITERATIONS
from domain.json_limits import MAX_DEPTH, MAX_ITEMS, MAX_STRING_BYTES
from domain.segments import MOST_SEGMENTS_OF_A_PROGRAM
from store.expression_sql.fragments import Parameters, Sql, all_true
from store.expression_sql.variables import MAP_COLUMNS, TEXT_COLUMNS, TIME_COLUMNS, column_of
from store.segment_members import SEGMENTS_OF_P

# An item of a list takes at least three bytes in PostgreSQL's text of it: itself, a comma and a space.
_BYTES_PER_ITEM = 3
_MAX_NESTED_BYTES = 2_000
# 19 digits in a row may be a number that does not fit in 64 bits.
_MANY_DIGITS = "[0-9]{19}"
# The engine takes a time as nanoseconds in 64 bits.
_TIMES = "'1700-01-01T00:00:00Z' AND '2200-01-01T00:00:00Z'"
_MIN_INT, _MAX_INT = -(2**63), 2**63 - 1


def is_fit(tree: Expr, environment: Environment, parameters: Parameters) -> Sql:
    """Holds for rows of which SQL and the engine see the same values, among the variables that `tree` reads."""
    items = _items_allowed(tree)
    tests: list[Sql] = []
    for name, keys in sorted(keys_read(tree, environment).items()):
        column = column_of(name)
        if column in MAP_COLUMNS:
            tests.append(_fit_map(column, keys, items, parameters))
        elif column in TEXT_COLUMNS:
            tests.append(f"p.{column} IS NULL OR octet_length(p.{column}) <= {MAX_STRING_BYTES}")
        elif column in TIME_COLUMNS:
            tests.append(f"p.{column} IS NULL OR p.{column} BETWEEN {_TIMES}")
        elif column == "segments" and items < MOST_SEGMENTS_OF_A_PROGRAM:
            tests.append(f"cardinality({SEGMENTS_OF_P}) <= {items}")
        elif column == "tags":
            tests += [
                f"cardinality(p.tags) <= {items}",
                "CASE WHEN coalesce(array_ndims(p.tags), 1) = 1 THEN array_position(p.tags, NULL) IS NULL END",
                f"octet_length(array_to_string(p.tags, '')) <= {MAX_STRING_BYTES}",
            ]
    return all_true(*tests)


def _fit_map(column: str, keys: frozenset[str] | None, items: int, parameters: Parameters) -> Sql:
    document = f"p.{column}"
    is_map = f"jsonb_typeof({document}) = 'object'"
    # The engine takes consent's values for texts.
    only_text = column == "consent"
    if keys is None:
        is_typed = f"NOT {document} @? 'strict $.* ? (@.type() != \"string\")'" if only_text else "TRUE"
        return all_true(is_map, _fit_nested(document, items), is_typed)
    tests = [is_map]
    for key in sorted(keys):
        value = f"({document} -> {parameters.bind(key, 'text')})"
        tests.append(
            f"coalesce(jsonb_typeof({value}) = 'string', TRUE)" if only_text else _fit_value(value, items)
        )
    return all_true(*tests)


def _fit_value(value: Sql, items: int) -> Sql:
    number = f"CAST({value} AS numeric)"
    return (
        f"CASE coalesce(jsonb_typeof({value}), 'null') "
        f"WHEN 'string' THEN octet_length({value} #>> '{{}}') <= {MAX_STRING_BYTES} "
        f"WHEN 'number' THEN {number} BETWEEN {_MIN_INT} AND {_MAX_INT} "
        f"WHEN 'array' THEN {_fit_nested(value, items)} "
        f"WHEN 'object' THEN {_fit_nested(value, items)} "
        "ELSE TRUE END"
    )


def _fit_nested(value: Sql, items: int) -> Sql:
    text = f"CAST({value} AS text)"
    limit = min(_MAX_NESTED_BYTES, items * _BYTES_PER_ITEM)
    is_flat = f"NOT {value} @? 'strict $.**{{{MAX_DEPTH - 1}}}'"
    return all_true(f"octet_length({text}) <= {limit}", f"{text} !~ '{_MANY_DIGITS}'", is_flat)


def _items_allowed(tree: Expr) -> int:
    """How long a list may be for all macros together to stay within the engine's steps, in the worst case."""
    nesting = list(_nesting(tree, 1))
    if not nesting:
        return MAX_ITEMS
    most = (MAX_ITERATIONS / (2 * len(nesting))) ** (1 / max(nesting))
    return min(MAX_ITEMS, int(most))


def _nesting(node: Expr, depth: int) -> Iterator[int]:
    """How deep each macro is in others; a chain's links, each over what the one before left, are side by side."""
    if isinstance(node, Comprehension):
        yield depth
    for child in children(node):
        inside = isinstance(node, Comprehension) and child is not node.range
        yield from _nesting(child, depth + inside)
