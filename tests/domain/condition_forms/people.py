"""Random people, the words they share with random forms, and what a form says of one, read naively."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from domain.expressions import PARTICIPANT_EVENT, compile_condition
from tests.domain.expressions.values import values

MISSING = object()
TEXTS = ("", "a", "ab", "b", "A", "1", '"', "\\", "' || true", "é\u2028\x7f", "\n", "in", "null", "vip", "US")
KEYS = ("plan", "in", "a b", 'a"b', "é", "city", "_00", "null", "`", "a\\")
ADDED = datetime(2026, 5, 1, tzinfo=UTC)
NEGATIVE = {"neq": "eq", "notContains": "contains", "notIn": "in", "notExists": "exists"}

texts = st.sampled_from(TEXTS)
keys = st.sampled_from(KEYS)
numbers = st.integers(-3, 3) | st.sampled_from([-1.5, 0.0, -0.0, 1.0, 2.5, 1e300, -(2**63), 2**63 - 1])
scalars = st.booleans() | numbers | texts
instants = st.integers(-3 * 86_400, 3 * 86_400).map(lambda seconds: ADDED + timedelta(seconds=seconds))
stored = st.recursive(
    st.none() | scalars,
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(keys, inside, max_size=3),
    max_leaves=5,
)
maps = st.dictionaries(keys, stored, max_size=5)
lists = st.lists(texts, max_size=4)
PARTICIPANT_VALUES = {
    "email": st.none() | texts,
    "first_name": st.none() | texts,
    "last_name": st.none() | texts,
    "has_email": st.booleans(),
    "attributes": st.dictionaries(
        keys | st.sampled_from(["gender", "country", "state", "postal_code"]), stored, max_size=6
    ),
    "counters": st.dictionaries(keys, numbers, max_size=4),
    "tags": lists,
    "segments": lists,
    "consent": st.dictionaries(keys, texts, max_size=3),
    "created_at": instants,
    "last_contacted_at": st.none() | instants,
}
people = st.builds(
    lambda changes, event: values(**changes) | {"event": event},
    st.fixed_dictionaries(PARTICIPANT_VALUES),
    maps,
)


def holds(expression: str, person: Mapping[str, object]) -> bool:
    return compile_condition(expression, PARTICIPANT_EVENT).evaluate(person).matched


def found(name: str, person: Mapping[str, Any]) -> Any:
    """The value of a dotted name, MISSING where there is none. What a participant has many of is a set."""
    if name in person:
        value = person[name]
        return MISSING if value is None else frozenset(value) if isinstance(value, list) else value
    variable = next(known for known in person if name.startswith(f"{known}."))
    value = person[variable]
    for key in name[len(variable) + 1 :].split("."):
        if not isinstance(value, dict) or key not in value:
            return MISSING
        value = value[key]
    return value


def compares(operator: str, value: Any, wanted: Any) -> bool:
    """Whether what was found stands in that relation to what is wanted."""
    if operator in NEGATIVE:
        return not compares(NEGATIVE[operator], value, wanted)
    if value is MISSING:
        return False
    match operator:
        case "exists":
            return True
        case "eq":
            return same(value, wanted)
        case "in":
            own = value if isinstance(value, frozenset) else [value]
            return any(same(each, other) for each in own for other in wanted)
        case "contains" | "startsWith" | "endsWith":
            return _tests_text(operator, value, wanted)
        case _:
            return _is_ordered(operator, value, wanted)


def same(value: Any, wanted: Any) -> bool:
    if isinstance(value, datetime):
        return value == datetime.fromisoformat(wanted)
    return _kind(value) is _kind(wanted) and bool(value == wanted)


def _kind(value: object) -> object:
    return float if _is_number(value) else type(value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _tests_text(operator: str, value: Any, wanted: str) -> bool:
    if operator == "contains":
        return isinstance(value, str | frozenset) and wanted in value
    return isinstance(value, str) and (
        value.startswith(wanted) if operator == "startsWith" else value.endswith(wanted)
    )


def _is_ordered(operator: str, value: Any, wanted: Any) -> bool:
    if isinstance(value, datetime):
        wanted = datetime.fromisoformat(wanted)
    elif not _is_number(value):
        return False
    return {
        "gt": value > wanted,
        "gte": value >= wanted,
        "lt": value < wanted,
        "lte": value <= wanted,
    }[operator]
