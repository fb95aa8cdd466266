from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.expressions import RULE, compile_condition
from domain.expressions.necessary import necessary_comparisons

LITERALS = ("5", "-1", "2.5", "9007199254740993", '"a"', '"b"', '""', "true", "null", "5u")
OPERATORS = ("==", "!=", "<", "<=", ">", ">=")
VALUES = st.one_of(
    st.integers(-2, 6),
    st.sampled_from([9007199254740993, 9007199254740992.0, 2.5, 5.0]),
    st.sampled_from(["a", "b", "", "5", "é", "\U0001f600", "\uffff"]),
    st.booleans(),
    st.none(),
    st.lists(st.integers(), max_size=1),
    st.dictionaries(st.just("k"), st.integers(), max_size=1),
)
comparisons = st.builds(
    lambda field, operator, literal, swapped: (
        f"{literal} {operator} {field}" if swapped else f"{field} {operator} {literal}"
    ),
    st.sampled_from(["event.x", 'event["y"]', "participant.counters.x", 'get(event, "x", 1)']),
    st.sampled_from(OPERATORS),
    st.sampled_from(LITERALS),
    st.booleans(),
)
expressions = st.recursive(
    comparisons,
    lambda parts: st.builds(
        lambda left, operator, right: f"({left} {operator} {right})",
        parts,
        st.sampled_from(["&&", "&&", "||"]),
        parts,
    ),
    max_leaves=4,
)


@given(
    expressions, st.dictionaries(st.sampled_from(["x", "y"]), VALUES), st.dictionaries(st.just("x"), VALUES)
)
@example('event.x == "a" && event.y > 5', {"x": 5}, {})
@example("event.x < 9007199254740993", {"x": 9007199254740992.0}, {})
def test_what_is_ruled_out_does_not_hold(text: str, event: dict[str, Any], counters: dict[str, Any]) -> None:
    try:
        condition = compile_condition(text, RULE)
    except ValueError:
        return
    values = {"event": event, "participant.counters": counters}
    if any(comparison.is_false(values) for comparison in necessary_comparisons(condition)):
        verdict = condition.evaluate(values)
        assert (verdict.matched, verdict.error) == (False, None)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ('event.x == "a" && event.y > 5 && "t" in participant.tags', 2),
        ('5 >= event["x"]', 1),
        ("event.x == 1 || event.y == 2", 0),
        ("!(event.x == 1)", 0),
        ("event.x.y == 1", 0),
        ("participant.attributes.age >= 18", 1),
    ],
)
def test_comparisons_are_found_where_all_of_them_must_hold(text: str, count: int) -> None:
    assert len(necessary_comparisons(compile_condition(text, RULE))) == count
