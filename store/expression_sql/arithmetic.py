"""Numbers, texts and times put together: exactly, or not at all."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from store.expression_sql.fragments import FALSE, NULL, TRUE, Parameters, Sql, all_true, any_true
from store.expression_sql.literals import MAX_MICROSECONDS, shifted
from store.expression_sql.values import (
    LARGEST_DOUBLE,
    MAX_INT,
    MIN_INT,
    SMALLEST_DOUBLE,
    UNKNOWN_VALUE,
    Constant,
    ConstantList,
    JsonValue,
    Kind,
    TextList,
    Value,
    constant,
)

_TAME = f"({{0}} = 0 OR abs({{0}}) BETWEEN {SMALLEST_DOUBLE} AND {LARGEST_DOUBLE})"
_FIRST_TIME, _LAST_TIME = "0001-01-01T00:00:00Z", "9999-12-31T00:00:00Z"


def combined(operator: str, one: Value, other: Value, parameters: Parameters) -> Value:
    """`one operator other`, by whichever kinds both turn out to be of."""
    if isinstance(one, TextList | ConstantList) or isinstance(other, TextList | ConstantList):
        return UNKNOWN_VALUE
    if Kind.TIMESTAMP in one.kinds or Kind.TIMESTAMP in other.kinds:
        return _combined_times(operator, one, other, parameters)
    if Kind.DURATION in one.kinds or Kind.DURATION in other.kinds:
        return UNKNOWN_VALUE
    kinds: dict[Kind, Sql] = {}
    unknown = [one.unknown, other.unknown]
    if _share(Kind.INT, one, other):
        kinds[Kind.INT], doubt = _whole(operator, one.kinds[Kind.INT], other.kinds[Kind.INT])
        unknown.append(doubt)
    if _share(Kind.DOUBLE, one, other) and operator != "%":
        kinds[Kind.DOUBLE], doubt = _double(operator, one, other)
        unknown.append(doubt)
    if operator == "+" and _share(Kind.STRING, one, other):
        kinds[Kind.STRING] = f"({one.kinds[Kind.STRING]} || {other.kinds[Kind.STRING]})"
    is_exact = one.is_exact and other.is_exact
    if operator == "+" and isinstance(one, JsonValue) and isinstance(other, JsonValue):
        unknown.append(all_true(one.is_("array"), other.is_("array")))
        is_exact = False
    return Value(kinds, any_true(*unknown), is_exact)


def negative(value: Value, parameters: Parameters) -> Value:
    if isinstance(value, Constant) and value.kind in (Kind.INT, Kind.DOUBLE):
        assert isinstance(value.value, int | float)
        return constant(parameters, value.kind, -value.value)
    kinds: dict[Kind, Sql] = {}
    if Kind.INT in value.kinds:
        kinds[Kind.INT] = _within_int(f"(- {value.kinds[Kind.INT]})")
    if Kind.DOUBLE in value.kinds:
        kinds[Kind.DOUBLE] = f"(- {value.kinds[Kind.DOUBLE]})"
    if Kind.DURATION in value.kinds:
        return UNKNOWN_VALUE
    return Value(kinds, value.unknown, value.is_exact)


def converted(function: str, value: Value) -> Value:
    """`int(value)`, `double(value)` and `string(value)`, where the conversion is a plain one."""
    kinds: Mapping[Kind, Sql] = value.kinds
    if isinstance(value, TextList | ConstantList):
        return UNKNOWN_VALUE
    whole, double, text = (kinds.get(kind, NULL) for kind in (Kind.INT, Kind.DOUBLE, Kind.STRING))
    match function:
        case "double":
            result = {Kind.DOUBLE: f"coalesce(CAST({double} AS float8), CAST({whole} AS float8))"}
            settled = {Kind.INT, Kind.DOUBLE, Kind.NULL}
        case "int":
            # From 1e15 on, PostgreSQL rounds a double on its way to a decimal.
            rounded = f"CASE WHEN abs({double}) < 1e15 THEN CAST(trunc({double}) AS numeric) END"
            result = {Kind.INT: f"coalesce({whole}, {rounded})"}
            settled = {Kind.INT, Kind.NULL}
        case _:
            result = {Kind.STRING: text}
            settled = {Kind.STRING, Kind.NULL}
    unknown = any_true(
        value.unknown, *(f"{sql} IS NOT NULL" for kind, sql in kinds.items() if kind not in settled)
    )
    is_exact = value.is_exact and not set(kinds) - settled
    return Value(result, unknown, is_exact)


def days(elapsed: Value) -> Value:
    """Whole days, rounded towards zero, of a length of time."""
    length = elapsed.kinds.get(Kind.DURATION)
    if length is None:
        return UNKNOWN_VALUE
    return Value({Kind.INT: f"div({length}, 86400000000)"}, elapsed.unknown, elapsed.is_exact)


def _share(kind: Kind, one: Value, other: Value) -> bool:
    return kind in one.kinds and kind in other.kinds


def _whole(operator: str, one: Sql, other: Sql) -> tuple[Sql, Sql]:
    """The result, NULL where it is an error, and where it is not known."""
    match operator:
        case "/":
            return _within_int(f"CASE WHEN {other} <> 0 THEN div({one}, {other}) END"), FALSE
        case "%":
            result = f"CASE WHEN {other} NOT IN (0, -1) THEN mod({one}, {other}) END"
            return result, f"{one} IS NOT NULL AND {other} = -1"
        case _:
            return _within_int(f"({one} {operator} {other})"), FALSE


def _within_int(result: Sql) -> Sql:
    return f"CASE WHEN {result} BETWEEN {MIN_INT} AND {MAX_INT} THEN {result} END"


def _double(operator: str, one: Value, other: Value) -> tuple[Sql, Sql]:
    """PostgreSQL fails where a double becomes infinite or vanishes, so only operands far from that are used."""
    left, right = one.kinds[Kind.DOUBLE], other.kinds[Kind.DOUBLE]
    is_tame = all_true(_is_tame(one), _is_tame(other), f"{right} <> 0" if operator == "/" else TRUE)
    if is_tame == TRUE:
        return f"({left} {operator} {right})", FALSE
    result = f"CASE WHEN {is_tame} THEN {left} {operator} {right} END"
    return result, all_true(f"{left} IS NOT NULL", f"{right} IS NOT NULL", f"NOT ({is_tame})")


def _is_tame(value: Value) -> Sql:
    if isinstance(value, JsonValue):
        return TRUE
    if isinstance(value, Constant):
        assert isinstance(value.value, float)
        return TRUE if value.value == 0 or SMALLEST_DOUBLE <= abs(value.value) <= LARGEST_DOUBLE else FALSE
    return _TAME.format(value.kinds[Kind.DOUBLE])


def _combined_times(operator: str, one: Value, other: Value, parameters: Parameters) -> Value:
    unknown = any_true(one.unknown, other.unknown)
    is_exact = one.is_exact and other.is_exact
    if operator == "-" and set(one.kinds) == set(other.kinds) == {Kind.TIMESTAMP}:
        begun, ended = other.kinds[Kind.TIMESTAMP], one.kinds[Kind.TIMESTAMP]
        elapsed = f"extract(epoch FROM {ended} - {begun}) * 1000000"
        is_short = f"abs({elapsed}) <= {MAX_MICROSECONDS}"
        result = f"CASE WHEN {is_short} THEN {elapsed} END"
        return Value({Kind.DURATION: result}, any_true(unknown, f"NOT ({is_short})"), is_exact)
    if operator == "+" and Kind.DURATION in one.kinds:
        one, other = other, one
    if (
        set(one.kinds) != {Kind.TIMESTAMP}
        or not isinstance(other, Constant)
        or other.kind is not Kind.DURATION
    ):
        return UNKNOWN_VALUE
    assert isinstance(other.value, int)
    by = other.value if operator == "+" else -other.value
    if isinstance(one, Constant):
        assert isinstance(one.value, datetime)
        moment = shifted(one.value, by)
        return UNKNOWN_VALUE if moment is None else constant(parameters, Kind.TIMESTAMP, moment)
    result = f"{one.kinds[Kind.TIMESTAMP]} + {parameters.bind(timedelta(microseconds=by), 'interval')}"
    is_time = f"{result} BETWEEN '{_FIRST_TIME}' AND '{_LAST_TIME}'"
    kinds = {Kind.TIMESTAMP: f"CASE WHEN {is_time} THEN {result} END"}
    return Value(kinds, any_true(unknown, f"NOT ({is_time})"), is_exact)
