"""Expressions before they are saved: whether they can be, and why they hold for someone."""

from typing import Any

import httpx
import pytest

from cli.stack import Stack
from tests.api.refusal import assert_refused
from tests.fixtures.carillon import Carillon


@pytest.fixture(scope="module")
async def own(http: httpx.AsyncClient, stack: Stack) -> Carillon:
    return await Carillon.with_new_program(http, stack.addresses.inbox_url)


@pytest.fixture(scope="module")
async def person(own: Carillon) -> dict[str, Any]:
    body = {"external_id": "u-1", "counters": {"orders": 3}, "tags": ["vip"], "timezone": "Asia/Kolkata"}
    answer = await own.http.post(f"{own.base}/participants", json=body)
    assert answer.status_code == 201
    found: dict[str, Any] = answer.json()
    return found


async def ask(own: Carillon, what: str, **body: object) -> httpx.Response:
    return await own.http.post(f"{own.base}/expressions/{what}", json=body)


async def validity(own: Carillon, **body: object) -> dict[str, Any]:
    answer = await ask(own, "validate", **body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_valid_expression_tells_what_it_refers_to_and_costs(own: Carillon) -> None:
    found = await validity(own, expression='"vip" in participant.tags && participant.counters.orders > 3')
    assert (found["valid"], found["problems"]) == (True, [])
    assert found["variables"] == ["participant.counters", "participant.tags"]
    assert 0 < found["cost"] < found["cost_budget"]


async def test_every_problem_has_its_place_and_a_suggestion(own: Carillon) -> None:
    found = await validity(own, expression='"vip" in participant.tag &&\n  nobody')
    assert not found["valid"]
    assert found["problems"] == [
        {
            "line": 1,
            "column": 22,
            "reason": "undeclared reference to 'participant.tag'",
            "expected": None,
            "suggestion": "participant.tags",
        },
        {
            "line": 2,
            "column": 3,
            "reason": "undeclared reference to 'nobody'",
            "expected": None,
            "suggestion": None,
        },
    ]


@pytest.mark.parametrize("expression", ["", "1 +", "(" * 900 + "true" + ")" * 900, "x" * 50_000, "\u2028"])
async def test_what_is_no_expression_is_answered_and_not_refused(own: Carillon, expression: str) -> None:
    found = await validity(own, expression=expression)
    assert not found["valid"]
    assert found["problems"]


async def test_attributes_have_the_types_that_the_request_or_the_program_says(
    http: httpx.AsyncClient, stack: Stack, own: Carillon
) -> None:
    expression = "participant.attributes.plan == 3"
    assert (await validity(own, expression=expression))["valid"]
    assert not (await validity(own, expression=expression, attribute_types={"plan": "string"}))["valid"]
    answer = await http.post(
        "/v1/programs", json={"name": "Typed", "settings": {"attribute_types": {"plan": "string"}}}
    )
    assert answer.status_code == 201, answer.text
    typed = f"/v1/programs/{answer.json()['id']}"
    found = (await http.post(f"{typed}/expressions/validate", json={"expression": expression})).json()
    assert found["problems"][0]["column"] == 29
    automation = {
        "name": "Typed",
        "event_name": "typed",
        "scope": "participants",
        "trigger": {"type": "immediate"},
        "participant_filter": expression,
    }
    details = assert_refused(await http.post(f"{typed}/automations", json=automation), "participant_filter")
    assert details["position"] == {"line": 1, "column": 29}


async def test_a_program_says_its_types_in_words_that_are_known(http: httpx.AsyncClient) -> None:
    settings = {"attribute_types": {"plan": "integer"}}
    answer = await http.post("/v1/programs", json={"name": "Mistyped", "settings": settings})
    details = assert_refused(answer, "settings.attribute_types.plan")
    assert details["expected"] == "string or number or bool or timestamp"


async def test_an_automation_that_is_refused_names_the_place_of_the_problem(own: Carillon) -> None:
    body = {
        "name": "Misspelt",
        "event_name": "misspelt",
        "scope": "participants",
        "trigger": {"type": "immediate"},
        "guard_condition": 'true &&\n "vip" in participant.tag',
    }
    answer = await own.http.post(f"{own.base}/automations", json=body)
    details = assert_refused(answer, "guard_condition")
    assert details["position"] == {"line": 2, "column": 23}
    assert details["suggestion"] == "participant.tags"


async def test_an_event_is_known_where_there_is_one(own: Carillon) -> None:
    assert not (await validity(own, expression="event.amount > 3"))["valid"]
    assert (await validity(own, expression="event.amount > 3", with_event=True))["valid"]


async def test_an_explanation_says_why_it_does_not_hold(own: Carillon, person: dict[str, Any]) -> None:
    expression = 'participant.counters.orders >= 5 && "vip" in participant.tags'
    by_id = await ask(own, "explain", expression=expression, participant_id=person["id"])
    assert by_id.status_code == 200, by_id.text
    found = by_id.json()
    assert found["matched"] is False
    whole = found["explanation"]
    assert (whole["kind"], whole["value"], whole["sentence"]) == ("value", False, "1 of 2 hold, and all must")
    orders, tags = whole["parts"]
    assert orders["sentence"] == "participant.counters.orders is 3, which is not at least 5"
    assert orders["position"] == {"line": 1, "column": 29}
    assert tags["sentence"] == 'participant.tags holds "vip"'
    by_own_id = await ask(own, "explain", expression=expression, external_id="u-1")
    assert by_own_id.json() == found


async def test_an_explanation_names_the_missing_field(own: Carillon, person: dict[str, Any]) -> None:
    answer = await ask(
        own, "explain", expression='participant.attributes.plan == "pro"', external_id=person["external_id"]
    )
    whole = answer.json()["explanation"]
    assert whole["kind"] == "missing"
    assert whole["sentence"] == "participant.attributes.plan is missing, so the condition is false"


async def test_an_explanation_takes_an_event(own: Carillon, person: dict[str, Any]) -> None:
    answer = await ask(own, "explain", expression="event.amount > 3", external_id="u-1", event={"amount": 50})
    assert answer.json()["matched"] is True
    assert_refused(await ask(own, "explain", expression="event.amount > 3", external_id="u-1"), "expression")
    large = {"amount": list(range(1_001))}
    refused = await ask(own, "explain", expression="event.amount > 3", external_id="u-1", event=large)
    assert_refused(refused, "event.amount")


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ({}, 400),
        ({"external_id": "u-1", "participant_id": "00000000-0000-0000-0000-000000000000"}, 400),
        ({"external_id": "nobody"}, 404),
        ({"participant_id": "00000000-0000-0000-0000-000000000000"}, 404),
    ],
)
async def test_an_explanation_is_about_one_person(own: Carillon, who: dict[str, str], status: int) -> None:
    assert (await ask(own, "explain", expression="true", **who)).status_code == status


async def test_a_preview_counts_whom_it_holds_for_and_names_some(
    http: httpx.AsyncClient, stack: Stack
) -> None:
    club = await Carillon.with_new_program(http, stack.addresses.inbox_url)
    ids = []
    for number in range(4):
        body = {
            "external_id": f"p-{number}",
            "tags": ["vip"] if number else [],
            "counters": {"points": number},
        }
        ids.append((await http.post(f"{club.base}/participants", json=body)).json()["id"])
    exact = (await ask(club, "preview", expression='"vip" in participant.tags', sample=2)).json()
    assert (exact["count"], exact["exact"], exact["rechecked"]) == (3, True, 0)
    assert exact["sample"] == sorted(ids[1:])[:2]
    assert exact["plan_cost"] > 0
    asked = 'participant.external_id.matches("^p-[0-2]$") && participant.counters.points % 2 == 1'
    rechecked = (await ask(club, "preview", expression=asked)).json()
    assert (rechecked["count"], rechecked["sample"], rechecked["exact"]) == (1, [ids[1]], False)
    assert rechecked["rechecked"] >= 1


async def test_a_preview_of_what_is_no_expression_is_refused_with_its_place(own: Carillon) -> None:
    answer = await ask(own, "preview", expression='"vip" in participant.tag')
    details = assert_refused(answer, "expression")
    assert (details["position"], details["suggestion"]) == ({"line": 1, "column": 22}, "participant.tags")
    assert_refused(await ask(own, "preview", expression="true", sample=101), "sample")


async def test_a_run_tells_why_its_guard_kept_someone_out_whatever_has_become_of_them_since(
    own: Carillon, person: dict[str, Any]
) -> None:
    automation = await own.create(
        trigger={"type": "immediate"},
        participant_filter='"vip" in participant.tags',
        guard_condition="participant.counters.orders >= 5",
    )
    run = await own.closed_run(automation["id"])
    counters = {"counters": {"orders": 9}, "tags": []}
    changed = await own.http.patch(f"{own.base}/participants/{person['id']}", json=counters)
    assert changed.status_code == 200, changed.text
    path = f"{own.base}/automations/{automation['id']}/runs/{run['id']}/participants"
    answer = await own.http.get(f"{path}/{person['id']}/explain")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["participant_filter"]["matched"]
    assert found["guard_condition"]["explanation"]["sentence"] == (
        "participant.counters.orders is 3, which is not at least 5"
    )
    assert (found["outcome"], found["reason"]) == ("skipped", "guard_false")
    assert [(one["gate"], one["open"]) for one in found["gates"]] == [
        ("filter", True),
        ("status", True),
        ("guard", False),
    ]
    nobody = await own.http.get(f"{path}/00000000-0000-0000-0000-000000000000/explain")
    assert nobody.status_code == 404
