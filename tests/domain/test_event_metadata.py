from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.event_metadata import display_name, property_tree
from domain.event_properties import properties_of


def types_of(*examples: dict[str, Any]) -> dict[str, str]:
    properties = properties_of(examples[0])
    return {name: node["type"] for name, node in property_tree(properties, examples).items()}


@pytest.mark.parametrize(
    ("value", "type_"),
    [
        ("a", "string"),
        (3, "integer"),
        (3.5, "float"),
        (True, "boolean"),
        ("2026-11-28", "date"),
        ("2026-11-28T09:00:00Z", "date"),
        ("2026-99-28", "string"),
        (None, "string"),
        ({"a": 1}, "struct"),
        (["a"], "stringList"),
        ([1, 2], "integerList"),
        ([1, 2.5], "floatList"),
        ([True], "booleanList"),
        (["2026-11-28"], "dateList"),
        ([{"a": 1}], "structList"),
        ([1, "a"], "stringList"),
        ([], "stringList"),
    ],
)
def test_each_value_shows_its_type(value: object, type_: str) -> None:
    assert types_of({"type": "t", "x": value}) == {"x": type_}


def test_all_examples_together_tell_the_type() -> None:
    assert types_of({"x": 1, "y": "2026-11-28"}, {"x": 1.5, "y": "soon"}) == {"x": "float", "y": "string"}


def test_without_examples_the_learned_type_stands() -> None:
    learned = properties_of({"n": 1, "s": "x", "l": [1]})
    assert {name: node["type"] for name, node in property_tree(learned, []).items()} == {
        "n": "float",
        "s": "string",
        "l": "stringList",
    }


def test_what_structs_hold_is_nested_and_so_is_what_lists_of_them_hold() -> None:
    example = {
        "buyer": {"plan": {"level": 3}},
        "lines": [{"sku": "a", "price": 2}, {"sku": "b", "price": 2.5}],
    }
    tree = property_tree(properties_of(example), [example])
    assert tree["buyer"]["properties"]["plan"]["properties"]["level"]["type"] == "integer"
    assert {name: node["type"] for name, node in tree["lines"]["properties"].items()} == {
        "sku": "string",
        "price": "float",
    }


@pytest.mark.parametrize(
    ("name", "shown"),
    [("placed order", "Placed Order"), ("productID", "Product ID"), ("total_price", "Total Price"), ("", "")],
)
def test_names_are_shown_as_in_a_heading(name: str, shown: str) -> None:
    assert display_name(name) == shown


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(st.text(max_size=4), json, max_size=4), min_size=1, max_size=3))
def test_any_events_have_a_tree(examples: list[dict[str, Any]]) -> None:
    tree = property_tree(properties_of(examples[0]), examples)
    assert set(tree) <= {name for name in examples[0] if name != "type"}
