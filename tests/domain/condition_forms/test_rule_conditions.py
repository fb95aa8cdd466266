"""`{all, any}` conditions mean what they say, for anybody."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.condition_forms import ConditionFormError, Operator, RuleConditions, cel_of_conditions
from domain.condition_forms.limits import MAX_COMPARISONS, MAX_GROUP_DEPTH
from domain.expressions import PARTICIPANT_EVENT

from .people import compares, found, holds, instants, keys, numbers, people, scalars, texts

OF_TEXT = ("eq", "neq", "contains", "notContains", "startsWith", "endsWith")
PRESENCE = {"exists", "notExists"}


def condition(fields: Any, operators: tuple[str, ...], wanted: Any) -> Any:
    """Operators that a value of the right kind follows."""
    return st.fixed_dictionaries({"field": fields, "operator": st.sampled_from(operators), "value": wanted})


def listed(wanted: Any) -> Any:
    return st.lists(wanted, min_size=1, max_size=3)


text_fields = st.sampled_from(["participant.email", "participant.first_name"]) | keys.map(
    "participant.consent.{}".format
)
any_fields = st.builds(
    lambda root, path: ".".join([root, *path]),
    st.sampled_from(["participant.attributes", "participant.counters", "event"]),
    st.lists(keys, min_size=1, max_size=3),
)
time_fields = st.sampled_from(["participant.created_at", "participant.last_contacted_at"])
list_fields = st.sampled_from(["participant.tags", "participant.segments"])
truth_fields = st.just("participant.has_email")
conditions = st.one_of(
    condition(text_fields, OF_TEXT, texts),
    condition(text_fields | list_fields, ("in", "notIn"), listed(texts)),
    condition(any_fields, ("eq", "neq"), scalars),
    condition(any_fields, ("gt", "gte", "lt", "lte"), numbers),
    condition(any_fields, OF_TEXT, texts),
    condition(any_fields, ("in", "notIn"), listed(scalars)),
    condition(
        time_fields,
        ("eq", "neq", "gt", "gte", "lt", "lte"),
        instants.map(lambda at: at.isoformat()),
    ),
    condition(list_fields, ("contains", "notContains"), texts),
    condition(truth_fields, ("eq", "neq"), st.booleans()),
    st.fixed_dictionaries(
        {
            "field": text_fields | any_fields | time_fields | truth_fields,
            "operator": st.sampled_from(["exists", "notExists"]),
        }
    ),
)
groups = st.recursive(
    st.fixed_dictionaries(
        {}, optional={"all": st.lists(conditions, max_size=3), "any": st.lists(conditions, max_size=3)}
    ),
    lambda inside: st.fixed_dictionaries(
        {"any": st.lists(conditions | inside, max_size=2)},
        optional={"all": st.lists(conditions | inside, max_size=2)},
    ),
    max_leaves=3,
)


def naive(form: dict[str, Any], person: dict[str, object]) -> bool:
    if "field" in form:
        return compares(form["operator"], found(form["field"], person), form.get("value"))
    enough = [naive(item, person) for item in form.get("any", [])]
    return all(naive(item, person) for item in form.get("all", [])) and (any(enough) or not enough)


def cel(form: dict[str, Any]) -> str:
    return cel_of_conditions(RuleConditions.model_validate(form), PARTICIPANT_EVENT)


@given(conditions, people)
@settings(max_examples=300, deadline=None)
def test_each_comparison_means_what_it_says(form: dict[str, Any], person: dict[str, object]) -> None:
    assert holds(cel({"all": [form]}), person) is naive(form, person)


@given(groups, people)
@settings(max_examples=300, deadline=None)
def test_groups_mean_what_they_say(form: dict[str, Any], person: dict[str, object]) -> None:
    assert holds(cel(form), person) is naive(form, person)


@given(conditions, people)
@settings(max_examples=300, deadline=None)
def test_a_negative_operator_holds_exactly_where_its_positive_one_does_not(
    form: dict[str, Any], person: dict[str, object]
) -> None:
    for positive, negative in (
        ("eq", "neq"),
        ("contains", "notContains"),
        ("in", "notIn"),
        ("exists", "notExists"),
    ):
        if form["operator"] in (positive, negative):
            one, other = (cel({"all": [form | {"operator": each}]}) for each in (positive, negative))
            assert holds(one, person) is not holds(other, person)


@pytest.mark.parametrize("form", [{}, {"all": []}, {"any": []}, {"any": [{}]}, {"all": [{"any": []}]}])
def test_empty_conditions_hold_always(form: dict[str, Any]) -> None:
    assert cel(form) == "true"


@pytest.mark.parametrize(
    ("condition", "written"),
    [
        (("participant.attributes.plan", "eq", "pro"), 'participant.attributes.plan == "pro"'),
        (
            ("participant.attributes.plan", "neq", "pro"),
            '!has(participant.attributes.plan) || participant.attributes.plan != "pro"',
        ),
        (("participant.counters.orders", "gte", 5), "participant.counters.orders >= 5"),
        (("participant.tags", "contains", "vip"), '"vip" in participant.tags'),
        (("participant.tags", "notContains", "vip"), '!("vip" in participant.tags)'),
        (("participant.tags", "in", ["a", "b"]), '"a" in participant.tags || "b" in participant.tags'),
        (("participant.email", "endsWith", "@x.org"), 'participant.email.endsWith("@x.org")'),
        (
            ("participant.attributes.city", "notContains", "York"),
            "!has(participant.attributes.city) || type(participant.attributes.city) != string"
            ' || !participant.attributes.city.contains("York")',
        ),
        (
            ("event.order.total", "notExists", None),
            "!has(event.order) || type(event.order) != map || !has(event.order.total)",
        ),
        (
            ("participant.created_at", "lt", "2026-05-01T02:00:00+02:00"),
            'participant.created_at < timestamp("2026-05-01T00:00:00Z")',
        ),
    ],
)
def test_the_expression_reads_as_if_written_by_hand(condition: tuple[str, str, object], written: str) -> None:
    field, operator, value = condition
    form = {"field": field, "operator": operator} | ({} if value is None else {"value": value})
    assert cel({"all": [form]}) == written


def refusal(form: dict[str, Any]) -> ConditionFormError:
    with pytest.raises(ConditionFormError) as caught:
        cel(form)
    return caught.value


@pytest.mark.parametrize(
    ("field", "operator", "value", "path"),
    [
        ("nobody", "eq", 1, "field"),
        ("participant", "eq", 1, "field"),
        ("participant.attributes", "exists", None, "field"),
        ("participant.attributes.", "exists", None, "field"),
        ("participant.email.domain", "eq", "x", "field"),
        ("participant.consent.email.x", "eq", "x", "field"),
        ("event." + ".".join("abcdefghi"), "eq", 1, "field"),
        ("participant.email", "gt", 1, "operator"),
        ("participant.tags", "eq", "vip", "operator"),
        ("participant.has_email", "contains", "x", "operator"),
        ("participant.created_at", "in", ["2026-05-01T00:00:00Z"], "operator"),
        ("event.a", "gt", "1", "value"),
        ("event.a", "gt", True, "value"),
        ("event.a", "contains", 1, "value"),
        ("event.a", "eq", None, "value"),
        ("event.a", "eq", [1], "value"),
        ("event.a", "in", 1, "value"),
        ("event.a", "exists", 1, "value"),
        ("event.a", "notExists", 1, "value"),
        ("participant.email", "eq", 1, "value"),
        ("participant.email", "in", ["a", 1], "value.1"),
        ("participant.has_email", "eq", "true", "value"),
        ("participant.created_at", "gt", "2026-05-01", "value"),
        ("participant.created_at", "gt", "2026-05-01T00:00:00", "value"),
        ("participant.created_at", "gt", "2026-13-01T00:00:00Z", "value"),
        ("participant.created_at", "gt", "0001-01-01T00:00:00+01:00", "value"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_path(
    field: str, operator: str, value: object, path: str
) -> None:
    form = {"field": field, "operator": operator, "value": value}
    error = refusal({"all": [{}], "any": [{"all": [form]}]})
    assert error.path == f"any.0.all.0.{path}"
    assert error.reason
    assert error.expected


def test_an_event_is_no_field_where_there_is_none() -> None:
    form = RuleConditions.model_validate({"all": [{"field": "event.a", "operator": "exists"}]})
    with pytest.raises(ConditionFormError) as caught:
        cel_of_conditions(form)
    assert caught.value.path == "all.0.field"


@pytest.mark.parametrize(
    ("form", "place"),
    [
        ({"all": [{"field": "event.a", "operator": "like"}]}, ("all", 0, "condition", "operator")),
        ({"all": [{"field": "event.a", "operator": "eq", "valu": 1}]}, ("all", 0, "condition", "valu")),
        ({"al": []}, ("al",)),
        ({"all": [{"any": [{"field": ""}]}]}, ("all", 0, "group", "any", 0, "condition", "field")),
        ({"all": [{"field": "event.\0", "operator": "exists"}]}, ("all", 0, "condition", "field")),
        ({"all": [{}] * (MAX_COMPARISONS + 1)}, ("all",)),
    ],
)
def test_what_is_no_form_is_refused_by_its_path(form: dict[str, Any], place: tuple[str | int, ...]) -> None:
    with pytest.raises(ValidationError) as caught:
        RuleConditions.model_validate(form)
    assert place in [error["loc"] for error in caught.value.errors()]


def test_as_many_conditions_and_groups_as_allowed_can_be_given() -> None:
    form: dict[str, Any] = {"all": [{"field": "event.a", "operator": "gt", "value": 1}] * MAX_COMPARISONS}
    assert holds(cel(form), {"event": {"a": 2}})
    for _ in range(MAX_GROUP_DEPTH - 1):
        form = {"any": [form]}
    assert holds(cel(form), {"event": {"a": 2}})
    assert refusal({"all": [form]}).path == "all.0" + ".any.0" * (MAX_GROUP_DEPTH - 1)
    more = {"all": [*form["any"], {"field": "event.a", "operator": "exists"}]}
    assert refusal({"all": more["all"]}).reason == f"{MAX_COMPARISONS + 1} conditions"


def test_what_would_be_too_long_an_expression_is_refused_as_a_whole() -> None:
    wordy = {"field": "event.a", "operator": "eq", "value": "x" * 255}
    error = refusal({"any": [wordy] * 10})
    assert (error.path, error.expected) == ("", "at most 2048 characters")


def test_every_operator_is_tried() -> None:
    tried = {*OF_TEXT, "in", "notIn", "gt", "gte", "lt", "lte", *PRESENCE}
    assert tried == set(Operator)
