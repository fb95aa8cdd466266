"""Whatever the data hold, an evaluation ends in an answer."""

import sys
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.expressions import Verdict, compile_condition
from domain.json_limits import MAX_DEPTH, MAX_ITEMS, MAX_STRING_BYTES

from .values import NOW, values


class Colour(StrEnum):
    RED = "red"


def nested(depth: int) -> object:
    value: object = 1
    for _ in range(depth):
        value = [value]
    return value


def endless() -> list[object]:
    itself: list[object] = []
    itself.append(itself)
    return itself


X = "participant.attributes.x == 1"
ALL = 'participant.attributes.exists(k, k == "y")'


UNHOLDABLE: dict[str, object] = {
    "an integer past 64 bits": 2**64,
    "a negative one": -(2**63) - 1,
    "a huge one": 10**400,
    "a tuple": (1,),
    "a decimal": Decimal(1),
    "a time": NOW,
    "a date": date(2026, 1, 1),
    "a UUID": UUID(int=1),
    "any object": object(),
    "a class": int,
    "a set": {1, 2},
    "half a surrogate pair": "\ud800",
    "one as a key": {"\ud800": 1},
    "null as a key": {None: 1},
    "an enumeration": Colour.RED,
    "a list that holds itself": endless(),
    "a list one level too deep": nested(MAX_DEPTH),
    "a list that is far too deep": nested(100_000),
    "a text too long": "x" * (MAX_STRING_BYTES + 1),
    "a list too long": [0] * (MAX_ITEMS + 1),
    "an object too large": {str(key): 0 for key in range(MAX_ITEMS + 1)},
}


@pytest.mark.parametrize("value", UNHOLDABLE.values(), ids=UNHOLDABLE.keys())
def test_what_the_engine_cannot_hold_is_false_with_an_error(value: object) -> None:
    verdict = compile_condition(X).evaluate(values(attributes={"x": value}))
    assert not verdict.matched
    assert verdict.error
    whole = compile_condition(ALL).evaluate(values(attributes={"x": value, "y": 1}))
    assert not whole.matched
    assert whole.error


@pytest.mark.parametrize(
    "value", [None, 2**63 - 1, float("nan"), float("inf"), [], {}, [None], nested(MAX_DEPTH - 1)]
)
def test_what_it_can_hold_is_compared(value: object) -> None:
    assert compile_condition(X).evaluate(values(attributes={"x": value})) == Verdict(False)


def test_a_field_that_is_not_referred_to_spoils_nothing() -> None:
    assert compile_condition(X).evaluate(values(attributes={"x": 1, "y": 2**70, "z": "\ud800"})).matched


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        (X, "attributes", []),
        (X, "attributes", "text"),
        (ALL, "attributes", NOW),
        ('"q" in participant.tags', "tags", {}),
        ('"q" in participant.tags', "tags", "text"),
        ('"q" in participant.tags', "tags", ["q", None]),
        ("participant.has_email", "has_email", 1),
        ("participant.has_email", "has_email", "true"),
        ('participant.email == "a"', "email", 5),
        ('participant.consent.sms == "x"', "consent", {"sms": 5}),
    ],
)
def test_a_variable_of_another_type_is_false_with_an_error(text: str, name: str, value: object) -> None:
    verdict = compile_condition(text).evaluate(values(**{name: value}))
    assert not verdict.matched
    assert verdict.error


@pytest.mark.parametrize("value", [datetime(2026, 1, 1), date(2026, 1, 1), "2026-01-01T00:00:00Z", 1.0])  # noqa: DTZ001
def test_a_time_needs_an_offset(value: object) -> None:
    verdict = compile_condition("participant.created_at < now").evaluate(values(created_at=value))
    assert verdict == Verdict(False, "participant.created_at is not a time with an offset")


def test_times_past_what_the_engine_holds_are_errors() -> None:
    for value in (datetime.max.replace(tzinfo=NOW.tzinfo), datetime.min.replace(tzinfo=NOW.tzinfo)):
        verdict = compile_condition("participant.created_at < now").evaluate(values(created_at=value))
        assert not verdict.matched


def test_text_of_a_subclass_is_text() -> None:
    assert compile_condition('participant.status == "red"').evaluate(values(status=Colour.RED)).matched


CONDITIONS = [
    X,
    ALL,
    "participant.attributes.x.y.z > 3",
    'participant.attributes["x"][0] == null',
    'get(participant.attributes, "x", 0) > 1',
    "round(participant.attributes.x, 2) > 1",
    "participant.attributes.x.exists(item, item.size() > 2)",
    "participant.attributes.x.map(item, item + item) == [participant.attributes.y]",
    'participant.attributes.x == participant.attributes.y || participant.attributes.x.matches("a+")',
    'participant.counters.x >= 1.5 && string(participant.counters.x) != "" && participant.tags.size() > 0',
    "timestamp(participant.attributes.x) < now",
    'participant.tags.exists(t, t == participant.attributes.x) && participant.consent.x == "subscribed"',
    "type(participant.attributes.x) == string || int(participant.attributes.x) == 1",
]

hostile = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec=None))
    | st.sampled_from(
        ["x", "", 2**63, 2**64, -(2**63), "2026-02-30T00:00:00Z", Decimal("1.1"), NOW, timedelta(1), (1,)]
    ),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["x", "y", "z", ""]) | st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)
hostile_maps = st.dictionaries(st.sampled_from(["x", "y", "z"]), hostile, max_size=3)


@given(st.sampled_from(CONDITIONS), hostile_maps, hostile_maps | hostile, hostile)
def test_evaluation_never_raises(text: str, attributes: Any, counters: Any, tags: Any) -> None:
    verdict = compile_condition(text).evaluate(
        values(attributes=attributes, counters=counters, tags=tags, consent=counters)
    )
    assert not (verdict.matched and verdict.error)


@given(st.text(min_size=6), st.sampled_from(["x", "secret"]))
def test_an_error_never_holds_the_data(secret: str, name: str) -> None:
    attributes = {"x": secret, secret: secret}
    for text in (
        *CONDITIONS[:3],
        "participant.attributes[participant.attributes.x + participant.attributes.x] == 1",
    ):
        error = compile_condition(text).evaluate(values(attributes=attributes)).error
        assert error is None or secret not in error


def test_nulls_can_be_evaluated_for_ever() -> None:
    conditions = [
        compile_condition(text)
        for text in (
            "participant.attributes.x == null",
            "participant.attributes.x == 1",
            "participant.attributes.x > 1",
            "participant.attributes.l.exists(i, i == null)",
            "participant.last_contacted_at < now",
        )
    ]
    nulls = values(attributes={"x": None, "l": [None, None], "m": {"n": None}})

    def evaluate(times: int) -> None:
        for _ in range(times):
            for condition in conditions:
                condition.evaluate(nulls)

    evaluate(1_000)
    process = psutil.Process()
    references, memory = sys.getrefcount(None), process.memory_info().rss
    evaluate(6_000)
    assert abs(sys.getrefcount(None) - references) < 1_000
    assert process.memory_info().rss - memory < 8 * 1024 * 1024
