"""Refusals on the rules surface: problems of RFC 9457, whoever refuses."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from api.error_handlers import install_error_handlers
from api.errors import Fault, FaultCode, Refusal, invalid_fields
from api.problems import problem_of
from api.validation_problems import FAULTS_AT_MOST
from domain.roles import Role
from store.database import Database
from tests.api.rules_surface import BASE, RULES, RulesSurface, assert_faults, assert_problem
from tests.fixtures.in_process import api_in_process, secret_of_new_key

JSON = {"Content-Type": "application/json"}


@pytest.fixture
async def small(database_url: str, database: Database) -> AsyncIterator[httpx.AsyncClient]:
    """An API that takes little at once."""
    async with api_in_process(
        database_url, rate_limit_per_second=0.001, rate_limit_burst=1, api_max_body_bytes=1_024
    ) as client:
        client.headers["X-API-Key"] = await secret_of_new_key(database, Role.ADMIN)
        yield client


async def test_everything_that_is_wrong_is_told_at_once(rules: RulesSurface) -> None:
    body = {
        "trigger_type": "",
        "colour": "red",
        "priority": 1.5,
        "rollout_percentage": 101,
        "stop_on_match": "yes",
        "conditions": {"all": [{"field": "event.a", "operator": "is"}]},
        "actions": [{"type": "add_tag", "tag": "x"}, {"type": "explode"}, {"tag": "x"}],
    }
    problem = assert_problem(await rules.post("/rules", body), 400, "validation-failed")
    assert {fault["field"]: fault["code"] for fault in problem["errors"]} == {
        "name": "required",
        "trigger_type": "out_of_range",
        "conditions.all.0.operator": "unknown_value",
        "actions.1.type": "unknown_value",
        "actions.2.type": "required",
        "priority": "wrong_type",
        "rollout_percentage": "out_of_range",
        "stop_on_match": "wrong_type",
        "colour": "unknown_field",
    }
    assert problem["detail"] == "name: required (and 8 more)"


async def test_what_compiling_finds_is_told_at_once_with_its_place(rules: RulesSurface) -> None:
    body = {
        "name": "n",
        "trigger_type": "t",
        "conditions": "participant.tgas.size() > 0 && nope",
        "actions": [
            {"type": "add_note", "body": "{{"},
            {"type": "send_webhook", "webhook_id": str(uuid4())},
        ],
    }
    faults = assert_faults(
        await rules.post("/rules", body), "conditions", "conditions", "actions.0.body", "actions.1.webhook_id"
    )
    assert [fault.get("position") for fault in faults[:2]] == [
        {"line": 1, "column": 13},
        {"line": 1, "column": 32},
    ]
    assert faults[0]["suggestion"] == "participant.tags"
    assert faults[2]["expected"] == "a Liquid template"


async def test_a_flood_of_mistakes_is_told_in_part(rules: RulesSurface) -> None:
    body = {"name": "n", "trigger_type": "t"} | {f"field {number}": 1 for number in range(5_000)}
    problem = assert_problem(await rules.post("/rules", body), 400, "validation-failed")
    assert len(problem["errors"]) == FAULTS_AT_MOST
    long = await rules.post("/rules", {"name": "n", "trigger_type": "t", "x" * 500_000: "y" * 500_000})
    assert_problem(long, 400, "validation-failed")
    assert len(long.content) < 2_000


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000, b'{"priority": ' + b"9" * 4_500 + b"}"])
async def test_a_body_that_cannot_be_read_is_a_problem(rules: RulesSurface, body: bytes) -> None:
    answer = await rules.call("POST", "/rules", content=body, headers=JSON)
    assert_faults(answer, "body")


async def test_a_query_and_a_path_that_are_wrong_are_problems(rules: RulesSurface) -> None:
    assert_faults(await rules.call("GET", "/rules", params={"is_active": "maybe"}), "is_active")
    assert_faults(await rules.call("GET", "/rules/no-uuid"), "rule_id")
    wrong = {"page": 0, "per_page": 0, "is_active": "maybe"}
    problem = assert_problem(
        await rules.call("GET", "/rules/snoozed", params=wrong), 400, "validation-failed"
    )
    assert {fault["field"] for fault in problem["errors"]} == set(wrong)


async def test_addresses_and_methods_that_are_not_there_are_problems(rules: RulesSurface) -> None:
    assert_problem(await rules.call("GET", "/nothing"), 404, "not-found")
    answer = await rules.call("PUT", "/rules")
    assert_problem(answer, 405, "method-not-allowed")
    assert answer.headers["Allow"] == "GET, POST"


async def test_a_stranger_meets_a_problem_everywhere(api: httpx.AsyncClient) -> None:
    for method, path in (("GET", RULES), ("POST", RULES), ("GET", f"{BASE}/nothing")):
        answer = await api.request(method, path, headers={"X-API-Key": "wrong"})
        assert_problem(answer, 401, "unauthorized")
        assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("declared", [True, False])
async def test_a_body_that_is_too_large_is_a_problem(small: httpx.AsyncClient, *, declared: bool) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b" " * 2_000

    answer = await small.post(RULES, content=b" " * 2_000 if declared else chunks(), headers=JSON)
    problem = assert_problem(answer, 413, "payload-too-large")
    assert problem["errors"][0]["expected"] == "at most 1024 bytes"
    assert answer.headers["Connection"] == "close"


async def test_too_many_requests_are_a_problem_that_says_when_to_come_back(small: httpx.AsyncClient) -> None:
    await small.get(RULES)
    answer = await small.get(RULES)
    assert_problem(answer, 429, "too-many-requests")
    assert int(answer.headers["Retry-After"]) > 0


async def test_an_idempotency_key_used_for_something_else_is_a_problem(rules: RulesSurface) -> None:
    headers = {"Idempotency-Key": str(uuid4())}
    first = await rules.call("POST", "/rules", json={"name": "n", "trigger_type": "t"}, headers=headers)
    assert first.status_code == 201
    answer = await rules.call("POST", "/rules", json={"name": "m", "trigger_type": "t"}, headers=headers)
    assert_problem(answer, 409, "idempotency-conflict")


async def test_a_refusal_that_is_repeated_is_the_same_problem(rules: RulesSurface) -> None:
    headers = {"Idempotency-Key": str(uuid4())}
    first, again = [await rules.call("POST", "/rules", json={}, headers=headers) for _ in range(2)]
    assert_faults(again, "name", "trigger_type")
    assert again.headers["Idempotency-Replayed"] == "true"
    assert first.json() == again.json()


async def test_when_the_database_is_away_the_problem_says_when_to_come_back() -> None:
    nowhere = "postgresql://nobody@127.0.0.1:1/nothing"
    async with api_in_process(nowhere) as client:
        answer = await client.get(RULES, headers={"X-API-Key": "sk_any"})
    assert_problem(answer, 503, "unavailable")
    assert int(answer.headers["Retry-After"]) > 0


async def test_a_fault_of_ours_is_a_problem_that_says_nothing_of_it() -> None:
    app = FastAPI()
    install_error_handlers(app)

    @app.get(RULES)
    def fail() -> None:
        raise RuntimeError("a row of Zoë's")

    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://carillon") as client:
        answer = await client.get(RULES)
    assert assert_problem(answer, 500, "internal")["detail"] == "Internal error"
    assert "Zoë" not in answer.text


async def test_other_surfaces_tell_the_first_mistake_in_their_own_shape(api: httpx.AsyncClient) -> None:
    for path in ("/v1/programs", "/v1/automations-of-another-kind/x"):
        answer = await api.post(path, json={"colour": "red"})
        assert answer.headers["Content-Type"] == "application/json"
        assert set(answer.json()) <= {"code", "message", "details"}


def test_no_two_requests_have_the_same_instance() -> None:
    refusal = Refusal(404, "Rule not found")
    assert problem_of(refusal)["instance"] != problem_of(refusal)["instance"]


@pytest.mark.parametrize(
    ("faults", "detail"),
    [
        ([("a", "required")], "a: required"),
        ([("a", "required"), ("b", "unknown")], "a: required (and 1 more)"),
    ],
)
def test_the_detail_tells_the_first_and_how_many_more(faults: list[tuple[str, str]], detail: str) -> None:
    refusal = invalid_fields([Fault(field=field, reason=reason) for field, reason in faults])
    problem: dict[str, Any] = problem_of(refusal)
    assert problem["detail"] == detail
    assert problem["errors"][0] == {"field": "a", "code": FaultCode.INVALID, "message": "required"}
