"""Filter groups mean what they say, for anybody."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.condition_forms import ConditionFormError, FilterGroup, Subject, cel_of_filter_groups
from domain.condition_forms.contact_fields import ContactField
from domain.condition_forms.limits import MAX_COMPARISONS
from domain.expressions import PARTICIPANT, PARTICIPANT_EVENT

from .people import compares, found, holds, keys, numbers, people, scalars, texts

TEXT_FIELDS = {
    "firstName": "participant.first_name",
    "lastName": "participant.last_name",
    "country": "participant.attributes.country",
    "state": "participant.attributes.state",
    "city": "participant.attributes.city",
    "postalCode": "participant.attributes.postal_code",
}
LIST_FIELDS = {"segmentID": "participant.segments", "tag": "participant.tags"}
GENDER = "participant.attributes.gender"
filled = texts.filter(bool)
days = st.integers(-4, 4).map(lambda number: str(date(2026, 5, 1) + timedelta(days=number)))


def one_filter(type_: str, fields: Any, operators: tuple[str, ...], wanted: Any) -> Any:
    return st.fixed_dictionaries(
        {
            "type": st.just(type_),
            "field": fields,
            "operator": st.sampled_from(operators),
            "value": wanted,
        }
    )


paths = st.lists(keys, min_size=1, max_size=2).map(".".join)
filters = st.one_of(
    one_filter(
        "contact", st.sampled_from(sorted(TEXT_FIELDS)), ("eq", "neq", "contains", "notContains"), filled
    ),
    one_filter("contact", st.sampled_from(sorted(LIST_FIELDS)), ("eq", "neq"), filled),
    one_filter("contact", st.just("dateAdded"), ("eq", "neq", "gt", "lt"), days),
    one_filter("contact", st.just("gender"), ("eq",), st.sampled_from(["m", "f"])),
    one_filter("event", paths, ("eq", "neq"), scalars),
    one_filter("event", paths, ("gt", "gte", "lt", "lte"), numbers),
    one_filter("event", paths, ("contains", "notContains", "startsWith", "endsWith"), texts),
)
groups = st.lists(
    st.fixed_dictionaries(
        {"logicalOperator": st.sampled_from(["and", "or"]), "filters": st.lists(filters, max_size=3)}
    ),
    max_size=3,
)


def cel(form: list[dict[str, Any]], subject: Subject = Subject.CONTACT) -> str:
    return cel_of_filter_groups(
        [FilterGroup.model_validate(group) for group in form], subject, PARTICIPANT_EVENT
    )


def naive(form: dict[str, Any], person: dict[str, object]) -> bool:
    field, operator, value = form["field"], form["operator"], form["value"]
    if form["type"] == "event":
        return compares(operator, found(f"event.{field}", person), value)
    if field in LIST_FIELDS:
        held = person[LIST_FIELDS[field]]
        assert isinstance(held, list)
        wanted = {value, value.lower()} if field == "tag" else {value}
        return any(each in held for each in wanted) is (operator == "eq")
    if field == "dateAdded":
        added = person["participant.created_at"]
        assert isinstance(added, datetime)
        own, wanted = added.astimezone(UTC).date(), date.fromisoformat(value)
        return {"eq": own == wanted, "neq": own != wanted, "gt": own > wanted, "lt": own < wanted}[operator]
    return compares(operator, found(TEXT_FIELDS.get(field, GENDER), person), value)


@given(filters, people)
@settings(max_examples=300, deadline=None)
def test_each_filter_means_what_it_says(form: dict[str, Any], person: dict[str, object]) -> None:
    group = {"logicalOperator": "and", "filters": [form]}
    assert holds(cel([group]), person) is naive(form, person)


@given(groups, people)
@settings(max_examples=300, deadline=None)
def test_groups_mean_what_they_say(form: list[dict[str, Any]], person: dict[str, object]) -> None:
    def group_holds(group: dict[str, Any]) -> bool:
        said = [naive(each, person) for each in group["filters"]]
        return all(said) if group["logicalOperator"] == "and" else any(said) or not said

    assert holds(cel(form), person) is all(group_holds(group) for group in form)


@pytest.mark.parametrize("form", [[], [{"logicalOperator": "or", "filters": []}]])
def test_empty_groups_hold_always(form: list[dict[str, Any]]) -> None:
    assert cel(form) == "true"


def audience(*filters: tuple[str, str, object], by: str = "and") -> list[dict[str, Any]]:
    named = [{"field": field, "operator": operator, "value": value} for field, operator, value in filters]
    return [{"logicalOperator": by, "filters": named}]


@pytest.mark.parametrize(
    ("form", "written"),
    [
        (
            audience(("segmentID", "eq", "000000000000000000000001")),
            '"00000000-0000-0000-0000-000100000000" in participant.segments',
        ),
        (
            audience(("tag", "eq", "early-adopter"), ("tag", "neq", "beta-churned")),
            '"early-adopter" in participant.tags && !("beta-churned" in participant.tags)',
        ),
        (audience(("gender", "eq", "f")), 'participant.attributes.gender == "f"'),
        (
            audience(("country", "eq", "US"), ("city", "contains", "York")),
            'participant.attributes.country == "US" && participant.attributes.city.contains("York")',
        ),
        (
            audience(("dateAdded", "gt", "2025-01-01")),
            'participant.created_at >= timestamp("2025-01-02T00:00:00Z")',
        ),
        (
            audience(("tag", "eq", "VIP"), ("tag", "neq", "Beta")),
            '("VIP" in participant.tags || "vip" in participant.tags) && '
            '!("Beta" in participant.tags || "beta" in participant.tags)',
        ),
        (
            audience(("tag", "eq", "vip"), ("tag", "eq", "beta"), by="or"),
            '"vip" in participant.tags || "beta" in participant.tags',
        ),
        (
            audience(("tag", "eq", "a"), ("tag", "eq", "b"), by="or") + audience(("tag", "neq", "c")),
            '("a" in participant.tags || "b" in participant.tags) && !("c" in participant.tags)',
        ),
    ],
)
def test_the_expression_reads_as_if_written_by_hand(form: list[dict[str, Any]], written: str) -> None:
    assert cel(form) == written


def test_filters_are_about_the_subject_unless_they_say_otherwise() -> None:
    form = audience(("segment_id", "eq", "1"))
    assert cel(form, Subject.EVENT) == 'event.segment_id == "1"'
    form[0]["filters"].append({"type": "contact", "field": "tag", "operator": "eq", "value": "vip"})
    assert cel(form, Subject.EVENT) == 'event.segment_id == "1" && "vip" in participant.tags'


@pytest.mark.parametrize(
    ("field", "operator", "value", "path"),
    [
        ("email", "eq", "x", "field"),
        ("tag", "contains", "x", "operator"),
        ("tag", "exists", None, "operator"),
        ("dateAdded", "gte", "2025-01-01", "operator"),
        ("gender", "neq", "f", "operator"),
        ("firstName", "startsWith", "x", "operator"),
        ("tag", "eq", "", "value"),
        ("tag", "eq", 1, "value"),
        ("tag", "eq", None, "value"),
        ("gender", "eq", "female", "value"),
        ("dateAdded", "eq", "2025-02-29", "value"),
        ("dateAdded", "eq", "01.02.2025", "value"),
        ("dateAdded", "eq", "9999-12-31", "value"),
    ],
)
def test_what_a_contact_filter_does_not_take_is_refused_by_its_path(
    field: str, operator: str, value: object, path: str
) -> None:
    form = audience(("tag", "eq", "vip"), (field, operator, value))
    with pytest.raises(ConditionFormError) as caught:
        cel(form)
    assert caught.value.path == f"0.filters.1.{path}"
    assert caught.value.expected


@pytest.mark.parametrize(
    ("form", "path"),
    [
        ({"type": "event", "field": "a..b", "operator": "exists"}, "0.filters.0.field"),
        ({"type": "event", "field": "a", "operator": "gt", "value": "50"}, "0.filters.0.value"),
    ],
)
def test_what_an_event_filter_does_not_take_is_refused_by_its_path(form: dict[str, Any], path: str) -> None:
    with pytest.raises(ConditionFormError) as caught:
        cel([{"logicalOperator": "and", "filters": [form]}])
    assert caught.value.path == path


def test_a_filter_of_an_event_is_refused_where_there_is_none() -> None:
    form = {"type": "event", "field": "a", "operator": "exists"}
    group = FilterGroup.model_validate({"logicalOperator": "and", "filters": [form]})
    with pytest.raises(ConditionFormError) as caught:
        cel_of_filter_groups([group], Subject.CONTACT, PARTICIPANT)
    assert caught.value.path == "0.filters.0.type"


@pytest.mark.parametrize(
    ("group", "place"),
    [
        ({"logicalOperator": "nor", "filters": []}, "logicalOperator"),
        ({"filters": []}, "logicalOperator"),
        ({"logicalOperator": "and"}, "filters"),
        ({"logicalOperator": "and", "filters": [{"type": "message"}]}, "filters"),
        ({"logicalOperator": "and", "filters": [], "more": 1}, "more"),
    ],
)
def test_what_is_no_group_is_refused(group: dict[str, Any], place: str) -> None:
    with pytest.raises(ValidationError) as caught:
        FilterGroup.model_validate(group)
    assert caught.value.errors()[0]["loc"][0] == place


def test_filters_are_counted_over_all_groups() -> None:
    group = audience(*[("tag", "eq", "a")] * MAX_COMPARISONS)
    assert holds(cel(group), {"participant.tags": ["a"]})
    with pytest.raises(ConditionFormError) as caught:
        cel(group + audience(("tag", "eq", "a")))
    assert caught.value.path == ""


def test_every_field_of_contacts_is_tried() -> None:
    assert {*TEXT_FIELDS, *LIST_FIELDS, "dateAdded", "gender"} == set(ContactField)
