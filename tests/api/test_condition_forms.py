"""Conditions given as forms: each answer shows the expression that they come to."""

from typing import Any

import httpx
import pytest

from cli.stack import Stack
from tests.api.refusal import assert_refused
from tests.fixtures.carillon import Carillon

CONDITIONS = {
    "all": [{"field": "participant.counters.orders", "operator": "gte", "value": 3}],
    "any": [
        {"field": "participant.tags", "operator": "contains", "value": "vip"},
        {"field": "participant.attributes.plan", "operator": "eq", "value": "pro"},
    ],
}
GROUPS = [
    {"logicalOperator": "or", "filters": [{"field": "tag", "operator": "eq", "value": "vip"}]},
    {"logicalOperator": "and", "filters": [{"field": "city", "operator": "neq", "value": "Oslo"}]},
]
HINTS = [{"type": "has_tag", "key": "vip"}, {"type": "has_counter", "key": "orders"}, {"a": 1}]
FORMS: list[tuple[str, Any, str]] = [
    ("expression", "participant.counters.orders>=3", "participant.counters.orders>=3"),
    (
        "conditions",
        CONDITIONS,
        "participant.counters.orders >= 3"
        ' && ("vip" in participant.tags || participant.attributes.plan == "pro")',
    ),
    (
        "filter_groups",
        GROUPS,
        '"vip" in participant.tags'
        ' && (!has(participant.attributes.city) || participant.attributes.city != "Oslo")',
    ),
    ("filter_hints", HINTS, '"vip" in participant.tags && has(participant.counters.orders)'),
]
each_form = pytest.mark.parametrize(("name", "form", "expression"), FORMS, ids=[name for name, _, _ in FORMS])
each_question = pytest.mark.parametrize("question", ["validate", "explain", "preview"])


@pytest.fixture(scope="module")
async def club(http: httpx.AsyncClient, stack: Stack) -> Carillon:
    """A program of which one person of two matches each of the forms."""
    club = await Carillon.with_new_program(http, stack.addresses.inbox_url)
    for body in (
        {"external_id": "u-1", "counters": {"orders": 3}, "tags": ["vip"]},
        {"external_id": "u-2", "attributes": {"city": "Oslo"}},
    ):
        assert (await http.post(f"{club.base}/participants", json=body)).status_code == 201
    return club


async def ask(club: Carillon, question: str, **body: object) -> httpx.Response:
    who = {"external_id": "u-1"} if question == "explain" else {}
    return await club.http.post(f"{club.base}/expressions/{question}", json=body | who)


async def answer(club: Carillon, question: str, **body: object) -> dict[str, Any]:
    found = await ask(club, question, **body)
    assert found.status_code == 200, found.text
    document: dict[str, Any] = found.json()
    return document


@each_form
async def test_each_answer_shows_the_expression(
    club: Carillon, name: str, form: Any, expression: str
) -> None:
    for question, told in (("validate", "valid"), ("explain", "matched"), ("preview", "exact")):
        found = await answer(club, question, **{name: form})
        assert (found["expression"], found[told]) == (expression, True)


@each_form
async def test_the_expression_shown_is_answered_alike(
    club: Carillon, name: str, form: Any, expression: str
) -> None:
    found = await answer(club, "preview", **{name: form})
    assert found["count"] == 1
    again = await answer(club, "preview", expression=expression)
    assert (again["count"], again["sample"]) == (found["count"], found["sample"])


@each_question
async def test_just_one_of_the_four_is_given(club: Carillon, question: str) -> None:
    details = assert_refused(await ask(club, question), "expression")
    assert details["reason"] == "required"
    both = await ask(club, question, expression="true", filter_hints=[])
    assert_refused(both, "filter_hints")
    assert_refused(await ask(club, question, filter_groups=[], conditions={}), "filter_groups")


@pytest.mark.parametrize(("name", "empty"), [("conditions", {}), ("filter_groups", []), ("filter_hints", [])])
async def test_an_empty_form_holds_for_everybody(club: Carillon, name: str, empty: object) -> None:
    found = await answer(club, "preview", **{name: empty})
    assert (found["expression"], found["count"]) == ("true", 2)


def condition(**fields: object) -> dict[str, Any]:
    return {"conditions": {"all": [CONDITIONS["any"][0], {"any": [fields]}]}}


def filtered(**fields: object) -> dict[str, Any]:
    return {"filter_groups": [GROUPS[0], {"logicalOperator": "and", "filters": [fields]}]}


def nested(depth: int) -> dict[str, Any]:
    return {"any": [nested(depth - 1)]} if depth else {}


TAG = "participant.tags"
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"conditions": []}, "conditions"),
    ({"conditions": {"all": [1]}}, "conditions.all.0"),
    ({"conditions": {"all": [{}] * 51}}, "conditions.all"),
    ({"conditions": {"most": []}}, "conditions.most"),
    ({"conditions": nested(5)}, "conditions.any.0.any.0.any.0.any.0.any.0"),
    (condition(operator="eq", value=1), "conditions.all.1.any.0.operator"),
    (condition(field=TAG), "conditions.all.1.any.0.operator"),
    (condition(field=TAG, operator="like", value="a"), "conditions.all.1.any.0.operator"),
    (condition(field=TAG, operator="eq", value="a"), "conditions.all.1.any.0.operator"),
    (condition(field=TAG, operator="contains", value=1), "conditions.all.1.any.0.value"),
    (condition(field=TAG, operator="contains", value={}), "conditions.all.1.any.0.value"),
    (condition(field=TAG, operator="contains", value="\0"), "conditions.all.1.any.0.value"),
    (condition(field=TAG, operator="in", value=["a", 1]), "conditions.all.1.any.0.value.1"),
    (condition(field=TAG, operator="in", value=["a", None]), "conditions.all.1.any.0.value.1"),
    (condition(field="event.a", operator="exists"), "conditions.all.1.any.0.field"),
    (condition(field="participant.tag", operator="exists"), "conditions.all.1.any.0.field"),
    (
        {
            "conditions": {
                "any": [condition(field="participant.email", operator="eq", value="x" * 255)["conditions"]]
                * 9
            }
        },
        "conditions",
    ),
    ({"filter_groups": {}}, "filter_groups"),
    ({"filter_groups": [{"filters": []}]}, "filter_groups.0.logicalOperator"),
    (filtered(field="tag", operator="exists"), "filter_groups.1.filters.0.operator"),
    (filtered(field="points", operator="eq", value="1"), "filter_groups.1.filters.0.field"),
    (filtered(field="gender", operator="eq", value="x"), "filter_groups.1.filters.0.value"),
    (filtered(type="event", field="a", operator="exists"), "filter_groups.1.filters.0.type"),
    (filtered(type="message", field="a", operator="exists"), "filter_groups.1.filters.0.type"),
    ({"filter_hints": [1]}, "filter_hints.0"),
    ({"filter_hints": [{}] * 101}, "filter_hints"),
    ({"filter_hints": [{"type": "has_tag"}]}, "filter_hints.0.key"),
    ({"filter_hints": [{"a": "\0"}]}, "filter_hints.0.a"),
]


@pytest.mark.parametrize(
    ("body", "field"), REFUSED, ids=[f"{field} {number}" for number, (_, field) in enumerate(REFUSED)]
)
@each_question
async def test_what_is_wrong_with_a_form_is_refused_by_its_path(
    club: Carillon, question: str, body: dict[str, Any], field: str
) -> None:
    assert_refused(await ask(club, question, **body), field)


@each_question
async def test_a_form_nested_without_end_is_refused(club: Carillon, question: str) -> None:
    assert (await ask(club, question, conditions=nested(400))).status_code == 400


async def test_a_form_may_be_about_an_event_where_there_is_one(club: Carillon) -> None:
    form = {"field": "event.order.total", "operator": "gt", "value": 50}
    found = await answer(club, "validate", conditions={"all": [form]}, with_event=True)
    assert (found["expression"], found["variables"]) == ("event.order.total > 50", ["event"])
    groups = filtered(type="event", field="order.total", operator="gt", value=50)
    found = await answer(club, "explain", **groups, event={"order": {"total": 70}})
    assert (found["expression"], found["matched"]) == (
        '"vip" in participant.tags && event.order.total > 50',
        True,
    )


async def test_a_form_that_is_at_odds_with_the_types_of_attributes_is_told_of(club: Carillon) -> None:
    form = {"field": "participant.attributes.plan", "operator": "gt", "value": 3}
    types = {"plan": "string"}
    found = await answer(club, "validate", conditions={"all": [form]}, attribute_types=types)
    assert (found["expression"], found["valid"]) == ("participant.attributes.plan > 3", False)
    assert found["problems"][0]["reason"].startswith("participant.attributes.plan is text")


async def test_a_preview_of_a_form_at_odds_with_them_names_the_form(http: httpx.AsyncClient) -> None:
    settings = {"attribute_types": {"plan": "string"}}
    typed = (await http.post("/v1/programs", json={"name": "Typed forms", "settings": settings})).json()["id"]
    form = {"all": [{"field": "participant.attributes.plan", "operator": "gt", "value": 3}]}
    refused = await http.post(f"/v1/programs/{typed}/expressions/preview", json={"conditions": form})
    assert "position" not in assert_refused(refused, "conditions")
