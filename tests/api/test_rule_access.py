"""Who may do what on the rules surface, and in which program."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from domain.roles import Role
from store.database import Database
from tests.api.rules_surface import RULES, RulesSurface, assert_faults, assert_problem
from tests.fixtures.in_process import secret_of_new_key

OF_A_PROGRAM: list[tuple[str, str, Any]] = [
    ("GET", "/rules", None),
    ("POST", "/rules", {"name": "n", "trigger_type": "t"}),
    ("GET", "/rules/snoozed", None),
    ("GET", "/control", None),
    ("PATCH", "/control", {"is_paused": False}),
    ("POST", "/dry-run", {"event_payload": {}, "trigger_type": "t"}),
    ("POST", "/counterfactual", {"trigger_type": "t"}),
]
OF_A_RULE: list[tuple[str, str, Any]] = [
    ("GET", "/rules/{id}", None),
    ("PATCH", "/rules/{id}", {"priority": 5}),
    ("POST", "/rules/{id}/snooze", {"snoozed_until": None}),
    ("GET", "/rules/{id}/effective-state", None),
    ("PATCH", "/rules/{id}/alert-settings", {"preset": "strict"}),
    ("PATCH", "/rules/{id}/schedule", {"schedule_settings": None}),
    ("PATCH", "/rules/{id}/rollout", {"rollout_percentage": 5}),
    ("GET", "/rules/{id}/schedule/preview", None),
    ("POST", "/dry-run", {"event_payload": {}, "rule_id": "{id}"}),
    ("POST", "/counterfactual", {"rule_id": "{id}"}),
    ("DELETE", "/rules/{id}", None),
]


async def ask(
    rules: RulesSurface, asked: tuple[str, str, Any], rule_id: str, **headers: str
) -> httpx.Response:
    method, path, body = asked
    if body is not None:
        body = {name: rule_id if value == "{id}" else value for name, value in body.items()}
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return await rules.call(method, path.format(id=rule_id), json=body, headers=headers)


@pytest.mark.parametrize("asked", [*OF_A_PROGRAM, *OF_A_RULE], ids=lambda asked: f"{asked[0]} {asked[1]}")
async def test_only_supervisors_and_admins_are_let_in(
    rules: RulesSurface, database: Database, asked: tuple[str, str, Any]
) -> None:
    made = await rules.create()
    for role in (Role.AGENT, Role.VIEWER):
        key = await secret_of_new_key(database, role)
        assert_problem(await ask(rules, asked, made["id"], X_API_Key=key), 403, "forbidden")
    for wrong in ("sk_wrong", ""):
        answer = await ask(rules, asked, made["id"], X_API_Key=wrong)
        assert_problem(answer, 401, "unauthorized")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert await rules.read("/rules") == [made]
    supervisor = await secret_of_new_key(database, Role.SUPERVISOR)
    allowed = await ask(rules, asked, made["id"], X_API_Key=supervisor)
    assert allowed.is_success, allowed.text


@pytest.mark.parametrize("asked", OF_A_RULE, ids=lambda asked: f"{asked[0]} {asked[1]}")
async def test_a_rule_is_not_found_through_another_program_nor_when_there_is_none(
    rules: RulesSurface, api: httpx.AsyncClient, asked: tuple[str, str, Any]
) -> None:
    made = await rules.create()
    elsewhere = await RulesSurface.of_new_program(api)
    assert_problem(await ask(elsewhere, asked, made["id"]), 404, "not-found")
    assert_problem(await ask(rules, asked, str(uuid4())), 404, "not-found")
    assert await rules.read("/rules") == [made]


async def test_the_program_is_the_keys_own_or_the_one_that_the_header_names(
    rules: RulesSurface, api: httpx.AsyncClient
) -> None:
    made = await rules.create()
    assert_faults(await api.get(RULES), "X-Program-Id")
    assert_faults(await api.get(RULES, headers={"X-Program-Id": "no-uuid"}), "X-Program-Id")
    unknown = await api.get(RULES, headers={"X-Program-Id": str(uuid4())})
    assert_problem(unknown, 404, "not-found")
    asked = {"name": "bound", "role": "supervisor", "program_id": rules.program_id}
    bound = {"X-API-Key": (await api.post("/v1/api-keys", json=asked)).json()["key"]}
    assert (await api.get(RULES, headers=bound)).json() == [made]
    elsewhere = await RulesSurface.of_new_program(api)
    assert_problem(await elsewhere.call("GET", "/rules", headers=bound), 403, "forbidden")
