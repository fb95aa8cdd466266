"""Equality and order, as the language has them across kinds."""

import json
import math
from collections.abc import Iterator, Sequence
from datetime import datetime

from store.expression_sql.bounds import NEVER, UNKNOWN, Bounds, disjunction, exactly, known_but
from store.expression_sql.fragments import (
    FALSE,
    NULL,
    OPPOSITE,
    Parameters,
    Sql,
    all_true,
    any_true,
    not_true,
)
from store.expression_sql.literals import is_uuid
from store.expression_sql.moments import compared_as_text
from store.expression_sql.values import (
    NUMBERS,
    Constant,
    ConstantList,
    JsonValue,
    Kind,
    ParsedTime,
    SegmentList,
    TextList,
    Value,
)

LARGEST_EXACT_DOUBLE = 2**53
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


def equal(one: Value, other: Value, parameters: Parameters) -> Bounds:
    """Values of different kinds are unequal, except that numbers compare as numbers."""
    if isinstance(one, Constant):
        one, other = other, one
    if isinstance(one, TextList | ConstantList) or isinstance(other, TextList | ConstantList):
        return UNKNOWN
    if isinstance(one, JsonValue) and isinstance(other, Constant):
        quick = _json_equals_constant(one, other, parameters)
        if quick is not None:
            return quick
    unknown = any_true(one.unknown, other.unknown)
    both_nested = FALSE
    if isinstance(one, JsonValue) and isinstance(other, JsonValue):
        both_nested = all_true(one.is_("array", "object"), other.is_("array", "object"))
    true = any_true(*(f"{left} = {right}" for left, right, _ in _pairs(one, other)))
    false = all_true(one.defined, other.defined, not_true(true), not_true(both_nested))
    is_exact = one.is_exact and other.is_exact and both_nested == FALSE
    return known_but(true, false, any_true(unknown, both_nested), is_exact=is_exact)


def ordered(operator: str, one: Value, other: Value, parameters: Parameters) -> Bounds:
    """`one operator other`; an error unless both are numbers, or of one kind that has an order."""
    if isinstance(one, Constant):
        one, other, operator = other, one, _MIRRORED[operator]
    if (
        isinstance(one, JsonValue)
        and isinstance(other, Constant)
        and (number := _plain_number(other)) is not None
    ):
        return _json_ordered(operator, one, number, parameters)
    true, false = FALSE, FALSE
    for left, right, kind in _pairs(one, other):
        if kind is Kind.NULL:
            continue
        collation = ' COLLATE "C"' if kind is Kind.STRING else ""
        true = any_true(true, f"{left} {operator} {right}{collation}")
        false = any_true(false, f"{left} {OPPOSITE[operator]} {right}{collation}")
    unknown = any_true(one.unknown, other.unknown)
    result = known_but(true, false, unknown, is_exact=one.is_exact and other.is_exact)
    if isinstance(one, ParsedTime) and isinstance(other, Constant) and isinstance(other.value, datetime):
        return compared_as_text(operator, one, other.value, result, parameters)
    return result


def contained(item: Value, container: Value, parameters: Parameters) -> Bounds:
    """`item in container`."""
    match container:
        case ConstantList(items=items):
            return _in_items(item, items, parameters)
        case SegmentList() if isinstance(item, Constant):
            return _is_member(item, parameters)
        case TextList():
            return _in_texts(item, container)
        case JsonValue():
            return _in_json(item, container, parameters)
        case _:
            return UNKNOWN


def json_constant(value: Constant) -> str | None:
    """The JSON text that reads back as this very constant, if there is one."""
    match value.kind, value.value:
        case Kind.NULL, _:
            return "null"
        case ((Kind.BOOL | Kind.INT), _):
            return json.dumps(value.value)
        case Kind.STRING, str(text):
            return json.dumps(text)
        case Kind.DOUBLE, float(number) if math.isfinite(number) and "e" not in repr(number):
            return repr(number)
        case _:
            return None


def _pairs(one: Value, other: Value) -> Iterator[tuple[Sql, Sql, Kind]]:
    for left_kind, left in one.kinds.items():
        for right_kind, right in other.kinds.items():
            if left_kind in NUMBERS and right_kind in NUMBERS:
                if Kind.DOUBLE in (left_kind, right_kind):
                    yield f"CAST({left} AS float8)", f"CAST({right} AS float8)", Kind.DOUBLE
                else:
                    yield left, right, Kind.INT
            elif left_kind is right_kind:
                yield left, right, left_kind


def _plain_number(value: Constant) -> float | int | None:
    """A number that loses nothing between integer, double and decimal."""
    if value.kind not in NUMBERS:
        return None
    assert isinstance(value.value, int | float)
    return value.value if abs(value.value) < LARGEST_EXACT_DOUBLE else None


def _json_equals_constant(one: JsonValue, other: Constant, parameters: Parameters) -> Bounds | None:
    if other.kind in (Kind.STRING, Kind.BOOL, Kind.NULL):
        constant = parameters.bind(json_constant(other), "jsonb")
        return exactly(f"{one.document} = {constant}", f"{one.document} <> {constant}")
    number = _plain_number(other)
    if number is None:
        return None
    before, at, after = _neighbours(number, parameters)
    document = one.document
    # A decimal that no double prints as may round to the number, or away from it.
    return Bounds(
        t_lo=f"{document} = {at}",
        t_hi=f"{document} > {before} AND {document} < {after}",
        f_lo=f"{document} <= {before} OR {document} >= {after}",
        f_hi=f"{document} <> {at}",
    )


def _json_ordered(operator: str, one: JsonValue, number: float | int, parameters: Parameters) -> Bounds:
    t_lo, t_hi = _json_order(operator, one, number, parameters)
    f_lo, f_hi = _json_order(OPPOSITE[operator], one, number, parameters)
    return Bounds(t_lo, t_hi, f_lo, f_hi)


def _json_order(
    operator: str, one: JsonValue, number: float | int, parameters: Parameters
) -> tuple[Sql, Sql]:
    before, at, after = _neighbours(number, parameters)
    lower, upper = {
        "<": (f"<= {before}", f"< {at}"),
        "<=": (f"<= {at}", f"< {after}"),
        ">": (f">= {after}", f"> {at}"),
        ">=": (f">= {at}", f"> {before}"),
    }[operator]
    is_number = f"jsonb_typeof({one.document}) = 'number'"
    return all_true(is_number, f"{one.document} {lower}"), all_true(is_number, f"{one.document} {upper}")


def _neighbours(number: float | int, parameters: Parameters) -> tuple[Sql, Sql, Sql]:
    """The number as jsonb, between the doubles next to it."""
    around = math.nextafter(number, -math.inf), number, math.nextafter(number, math.inf)
    before, at, after = (parameters.bind(repr(each), "jsonb") for each in around)
    return before, at, after


def _in_items(item: Value, items: Sequence[Value], parameters: Parameters) -> Bounds:
    if not all(isinstance(each, Constant) for each in items):
        return UNKNOWN
    if not items:
        return known_but(FALSE, item.present, item.unknown, is_exact=item.is_exact)
    return disjunction([equal(item, each, parameters) for each in items])


def _in_texts(item: Value, texts: TextList) -> Bounds:
    if isinstance(item, TextList | ConstantList):
        return UNKNOWN
    text = item.kinds.get(Kind.STRING, NULL)
    true = f"{texts.array} @> ARRAY[{text}]" if text != NULL else FALSE
    if isinstance(item, Constant):
        return exactly(true, not_true(true))
    is_text = f"{text} IS NOT NULL" if text != NULL else FALSE
    true = all_true(is_text, true)
    false = all_true(item.present, not_true(item.unknown), not_true(true))
    return known_but(true, false, item.unknown, is_exact=item.is_exact)


def _is_member(segment: Constant, parameters: Parameters) -> Bounds:
    """In `EXISTS`, which PostgreSQL can turn into a join, and otherwise looks up in an index."""
    if segment.kind is not Kind.STRING or not is_uuid(segment.value):
        return NEVER
    is_member = (
        "EXISTS (SELECT 1 FROM segment_member AS m "  # noqa: S608
        f"WHERE m.segment_id = {parameters.bind(segment.value, 'uuid')} AND m.participant_id = p.id)"
    )
    return exactly(is_member, f"NOT {is_member}")


def _in_json(item: Value, container: JsonValue, parameters: Parameters) -> Bounds:
    if not isinstance(item, Constant):
        return UNKNOWN
    document = container.document
    if item.kind is Kind.STRING:
        nested = container.is_("array", "object")
        found = f"{document} ? {item.kinds[Kind.STRING]}"
        return exactly(
            all_true(nested, found), all_true(nested, f"NOT {document} ? {item.kinds[Kind.STRING]}")
        )
    is_list = container.is_("array")
    is_map = container.is_("object")
    if item.kind in (Kind.BOOL, Kind.NULL):
        found = f"{document} @> {parameters.bind(json_constant(item), 'jsonb')}"
        return Bounds(
            all_true(is_list, found),
            any_true(all_true(is_list, found), is_map),
            all_true(is_list, not_true(found)),
            any_true(all_true(is_list, not_true(found)), is_map),
            is_exact=False,
        )
    return Bounds(FALSE, any_true(is_list, is_map), FALSE, any_true(is_list, is_map), is_exact=False)
