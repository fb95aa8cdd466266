"""Which events a journey's filters pick."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.condition_forms import ConditionFormError
from domain.journeys.event_patterns import audience_condition, event_pattern
from domain.journeys.filters import AudienceFilterGroup, EventFilterGroup
from tests.domain.journeys.samples import filters


def groups(*each: dict[str, Any]) -> list[EventFilterGroup]:
    return [EventFilterGroup.model_validate(one) for one in each]


def test_only_events_of_the_type_and_the_origin_are_picked() -> None:
    pattern = event_pattern("placed order", "shopify", ())
    assert pattern.picks("placed order", "shopify", {})
    assert not pattern.picks("placed order", "api", {})
    assert not pattern.picks("started checkout", "shopify", {})
    assert event_pattern("placed order", None, ()).picks("placed order", "anywhere", {})


def test_whoever_enters_a_segment_is_picked_by_either_of_its_names() -> None:
    entered = {"type": "entered segment", "segment_id": "00000000000000000000000a"}
    for name, picked in (
        ("00000000000000000000000a", True),
        ("00000000-0000-0000-0000-000a00000000", True),
        ("00000000-0000-0000-0000-000b00000000", False),
    ):
        for operator, value in (("eq", name), ("in", [name, "0" * 24])):
            one = groups(filters(("segment_id", operator, value)))
            pattern = event_pattern("entered segment", None, one)
            assert pattern.picks("entered segment", "omnisend", entered) is picked


def test_every_group_must_hold_and_a_group_holds_by_its_operator() -> None:
    pattern = event_pattern(
        "order",
        None,
        groups(
            filters(("total", "gte", 100), ("coupon", "eq", "VIP"), how="or"),
            filters(("currency", "in", ["EUR", "USD"]), ("test", "notExists")),
        ),
    )
    assert pattern.picks("order", "api", {"total": 150, "currency": "EUR"})
    assert pattern.picks("order", "api", {"total": 1, "coupon": "VIP", "currency": "USD"})
    assert not pattern.picks("order", "api", {"total": 150, "currency": "GBP"})
    assert not pattern.picks("order", "api", {"total": 150, "currency": "EUR", "test": True})
    assert not pattern.picks("order", "api", {"total": 50, "currency": "EUR"})


REFERENCE: dict[str, Any] = {
    "eq": lambda have, want: have == want,
    "neq": lambda have, want: have != want,
    "gt": lambda have, want: have is not None and have > want,
    "gte": lambda have, want: have is not None and have >= want,
    "lt": lambda have, want: have is not None and have < want,
    "lte": lambda have, want: have is not None and have <= want,
    "exists": lambda have, _: have is not None,
    "notExists": lambda have, _: have is None,
    "in": lambda have, want: have in want,
    "notIn": lambda have, want: have not in want,
}
TEXT_REFERENCE: dict[str, Any] = {
    "contains": lambda have, want: have is not None and want in have,
    "notContains": lambda have, want: have is None or want not in have,
    "startsWith": lambda have, want: have is not None and have.startswith(want),
    "endsWith": lambda have, want: have is not None and have.endswith(want),
}
NUMBERS = st.integers(-3, 3)
TEXTS = st.text("ab", max_size=3)


@st.composite
def one_filter(draw: st.DrawFn) -> tuple[tuple[Any, ...], Any]:
    """A filter of `n` or `s`, and what it says of their value."""
    if draw(st.booleans()):
        operator = draw(st.sampled_from(sorted(REFERENCE)))
        name, value = "n", draw(NUMBERS)
        wanted: Any = (
            draw(st.lists(NUMBERS, min_size=1, max_size=3)) if operator in ("in", "notIn") else value
        )
        holds = REFERENCE[operator]
    else:
        operator = draw(st.sampled_from(sorted(TEXT_REFERENCE)))
        name, wanted, holds = "s", draw(TEXTS), TEXT_REFERENCE[operator]
    said = (name, operator) if operator in ("exists", "notExists") else (name, operator, wanted)
    return said, lambda data: holds(data.get(name), wanted)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["and", "or"]), st.lists(one_filter(), min_size=1, max_size=3)),
        min_size=1,
        max_size=3,
    ),
    st.fixed_dictionaries({}, optional={"n": NUMBERS, "s": TEXTS}),
)
def test_groups_pick_what_each_comparison_says(drawn: Any, data: dict[str, Any]) -> None:
    pattern = event_pattern(
        "e", None, groups(*(filters(*(f for f, _ in each), how=how) for how, each in drawn))
    )
    expected = all((all if how == "and" else any)(holds(data) for _, holds in each) for how, each in drawn)
    assert pattern.picks("e", "api", data) is expected


@pytest.mark.parametrize(
    ("field", "operator", "value", "inside", "outside"),
    [
        ("segmentID", "eq", "s1", {"segments": ["s1"]}, {"segments": ["s2"]}),
        ("segmentID", "neq", "s1", {"segments": []}, {"segments": ["s1"]}),
        ("tag", "eq", "vip", {"tags": ["a", "vip"]}, {"tags": []}),
        ("tag", "neq", "vip", {"tags": []}, {"tags": ["vip"]}),
        ("gender", "eq", "f", {"attributes": {"gender": "f"}}, {"attributes": {}}),
        ("country", "eq", "US", {"attributes": {"country": "US"}}, {"attributes": {"country": "ES"}}),
        ("state", "notContains", "Cal", {"attributes": {}}, {"attributes": {"state": "California"}}),
        ("city", "contains", "York", {"attributes": {"city": "New York"}}, {"attributes": {}}),
        (
            "postalCode",
            "neq",
            "1",
            {"attributes": {"postal_code": "2"}},
            {"attributes": {"postal_code": "1"}},
        ),
        ("firstName", "contains", "Jo", {"first_name": "John"}, {"first_name": "Ann"}),
        ("lastName", "eq", "Smith", {"last_name": "Smith"}, {"last_name": None}),
    ],
)
def test_an_audience_is_made_of_contact_fields(
    field: str, operator: str, value: str, inside: dict[str, Any], outside: dict[str, Any]
) -> None:
    condition = audience_condition(AudienceFilterGroup.model_validate(filters((field, operator, value))))
    assert condition is not None
    assert condition.evaluate({f"participant.{name}": have for name, have in inside.items()}).matched
    assert not condition.evaluate({f"participant.{name}": have for name, have in outside.items()}).matched


def test_without_filters_there_is_nothing_to_ask() -> None:
    assert audience_condition(None) is None
    assert event_pattern("e", None, groups(filters())).condition is None


def test_a_filter_that_does_not_fit_is_refused_by_its_place() -> None:
    with pytest.raises(ConditionFormError) as refused:
        event_pattern("e", None, groups(filters(("a", "gt", "50"))))
    assert refused.value.path == "0.filters.0.value"
