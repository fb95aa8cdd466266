from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.event_properties import LONGEST_PATH, MAX_DEPTH, MAX_PATHS, PropertyType, merged, properties_of

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3)
DOCUMENTS = st.dictionaries(
    st.text(max_size=3),
    st.recursive(
        SCALARS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
        max_leaves=20,
    ),
    max_size=6,
)


def test_each_path_has_the_type_of_what_is_there() -> None:
    document = {
        "type": "purchase",
        "amount": 12.5,
        "count": 3,
        "gift": True,
        "coupon": None,
        "lines": [{"sku": "a"}],
        "customer": {"plan": "pro", "address": {"city": "Lugo"}},
    }
    assert properties_of(document) == {
        "type": "string",
        "amount": "number",
        "count": "number",
        "gift": "boolean",
        "coupon": "null",
        "lines": "array",
        "customer": "object",
        "customer.plan": "string",
        "customer.address": "object",
        "customer.address.city": "string",
    }


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ("x", "y", "string"),
        (1, 2.5, "number"),
        (1, "1", "mixed"),
        (True, 1, "mixed"),
        ([], {}, "mixed"),
        (None, "x", "string"),
        (None, None, "null"),
    ],
    ids=str,
)
def test_a_property_that_is_this_and_that_is_mixed_unless_it_is_only_null_at_times(
    one: Any, other: Any, both: str
) -> None:
    for first, second in ((one, other), (other, one)):
        known = merged(properties_of({"a": first}), properties_of({"a": second}))
        assert known == {"a": both}
        assert merged(known, properties_of({"a": first})) == known


def test_what_is_mixed_stays_mixed() -> None:
    mixed = {"a": PropertyType.MIXED}
    assert merged(mixed, properties_of({"a": None})) == mixed
    assert merged(properties_of({"a": 1}), mixed) == mixed


def test_a_dotted_key_and_a_nested_one_are_one_path() -> None:
    assert properties_of({"a.b": 1, "a": {"b": "x"}}) == {"a.b": "mixed", "a": "object"}


def test_it_looks_no_deeper_than_its_limit() -> None:
    document: dict[str, Any] = {"leaf": 1}
    for _ in range(MAX_DEPTH + 2):
        document = {"a": document}
    assert list(properties_of(document)) == [".".join("a" * depth) for depth in range(1, MAX_DEPTH + 1)]


def test_paths_that_are_too_long_are_left_out() -> None:
    document = {"a" * LONGEST_PATH: 1, "b" * (LONGEST_PATH + 1): {"c": 1}, "d": {"e" * LONGEST_PATH: 1}}
    assert properties_of(document) == {"a" * LONGEST_PATH: "number", "d": "object"}


def test_once_there_are_too_many_paths_no_more_come_in_and_none_goes() -> None:
    full = properties_of({str(number): 1 for number in range(MAX_PATHS + 50)})
    assert len(full) == MAX_PATHS
    later = merged(full, properties_of({"new": 1, "0": "x"}))
    assert later == full | {"0": PropertyType.MIXED}


@given(DOCUMENTS)
def test_what_has_been_seen_teaches_nothing_new(document: dict[str, Any]) -> None:
    known = properties_of(document)
    assert merged(known, properties_of(document)) == known
    assert merged({}, known) == known


@given(DOCUMENTS, DOCUMENTS, DOCUMENTS)
def test_the_order_of_examples_makes_no_difference(
    one: dict[str, Any], two: dict[str, Any], three: dict[str, Any]
) -> None:
    a, b, c = properties_of(one), properties_of(two), properties_of(three)
    assert merged(merged(a, b), c) == merged(merged(c, a), b)
