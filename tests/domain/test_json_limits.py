"""What JSON may be stored."""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.json_limits import (
    MAX_DEPTH,
    MAX_ITEMS,
    MAX_PROBLEMS,
    MAX_STRING_BYTES,
    JsonProblem,
    check_json_limits,
    normalise_json,
)


class Colour(StrEnum):
    RED = "red"


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        0,
        2**63 - 1,
        -(2**63),
        1.5,
        "",
        "é" * (MAX_STRING_BYTES // 2),
        [],
        {},
        [0] * MAX_ITEMS,
        nested(MAX_DEPTH),
        {"a": {"b": [1, "x", None, {"c": 2.0}]}},
    ],
    ids=lambda value: repr(value)[:20],
)
def test_json_within_the_limits_is_accepted(value: object) -> None:
    assert check_json_limits(value) == []


@pytest.mark.parametrize(
    ("value", "path", "reason"),
    [
        ({"a": {"b": [0, 2**63]}}, "a.b.1", "an integer that does not fit in 64 bits"),
        ({"a": -(2**63) - 1}, "a", "an integer that does not fit in 64 bits"),
        ({"a": float("nan")}, "a", "a number that is not finite"),
        ([float("-inf")], "0", "a number that is not finite"),
        ({"a": "x\0"}, "a", "text that holds the NUL character"),
        ({"a": "\ud800"}, "a", "text that holds half of a surrogate pair"),
        ({"a": "é" * (MAX_STRING_BYTES // 2) + "x"}, "a", "text of 8193 bytes; at most 8192 can be stored"),
        ({"a": [0] * (MAX_ITEMS + 1)}, "a", "a list of 1001 items; at most 1000 can be stored"),
        (dict.fromkeys(map(str, range(1001))), "", "an object of 1001 items; at most 1000 can be stored"),
        (nested(MAX_DEPTH + 1), ".".join("0" * MAX_DEPTH), "nested more than 8 levels deep"),
        ({"a": {1: 2}}, "a", "key: a key that is not text"),
        ({"a": {"\0": 2}}, "a", "key: text that holds the NUL character"),
        ({"a": (1,)}, "a", "not a JSON value: tuple"),
        (Decimal(1), "", "not a JSON value: Decimal"),
        (["x" * 8000] * 9, "", "72028 bytes of JSON; at most 65536 can be stored"),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_each_limit_is_told_with_its_path(value: object, path: str, reason: str) -> None:
    assert check_json_limits(value) == [JsonProblem(path, reason)]


def test_problems_are_listed_together_up_to_a_bound() -> None:
    assert [problem.path for problem in check_json_limits({"a": "\0", "b": 1, "c": [2**64]})] == ["a", "c.0"]
    assert len(check_json_limits(["\0"] * MAX_ITEMS)) == MAX_PROBLEMS


def test_what_has_no_end_is_refused() -> None:
    itself: list[Any] = []
    itself.append(itself)
    assert check_json_limits(itself)[0].reason == "nested more than 8 levels deep"
    assert check_json_limits(normalise_json(itself))
    assert check_json_limits(normalise_json(nested(100_000)))


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        ((1, (2,)), [1, [2]]),
        (MappingProxyType({"a": (1,)}), {"a": [1]}),
        (Colour.RED, "red"),
        ({Colour.RED: Colour.RED}, {"red": "red"}),
        (Decimal("12"), 12),
        (Decimal("1.25"), 1.25),
        (date(2026, 5, 1), "2026-05-01"),
        (datetime(2026, 5, 1, 12, tzinfo=UTC), "2026-05-01T12:00:00.000000Z"),
        (
            datetime(2026, 5, 1, 12, 0, 0, 5, tzinfo=timezone(timedelta(hours=2))),
            "2026-05-01T10:00:00.000005Z",
        ),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    ],
)
def test_values_with_a_counterpart_in_json_become_it(value: object, plain: object) -> None:
    normal = normalise_json(value)
    assert normal == plain
    assert type(normal) is type(plain)
    assert check_json_limits(normal) == []


@pytest.mark.parametrize(
    "value",
    [datetime.fromisoformat("2026-05-01T12:00"), Decimal("NaN"), Decimal("1e400"), object(), {1}, b"x"],
)
def test_values_without_one_are_left_for_the_check_to_refuse(value: object) -> None:
    assert check_json_limits(normalise_json({"a": value}))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None), max_size=20),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner, max_size=5),
    max_leaves=30,
)


@given(json_values)
def test_plain_json_is_left_as_it_is(value: Any) -> None:
    assert repr(normalise_json(value)) == repr(value)


@given(json_values)
def test_what_is_accepted_can_be_written_and_read_back(value: Any) -> None:
    if check_json_limits(value) == []:
        assert json.loads(json.dumps(value, allow_nan=False, ensure_ascii=False).encode()) == value
