"""A request that is wrong is answered with a problem that names the field, and nothing is stored."""

import json
from typing import Any

import httpx
import pytest
from sqlmodel import SQLModel, col, func, select

from store.database import Database
from store.tables import AutomationControl, AutomationRule
from tests.api.bad_automations import Bad
from tests.api.bad_rules import ALL, AMOUNT, GOOD, MANY, UNREADABLE
from tests.api.rules_surface import RulesSurface, assert_problem

JSON = {"Content-Type": "application/json"}
# PATCH takes any of the fields, so nothing is missing there.
OF_PATCHES = [bad for bad in ALL if not bad.what.startswith("no ")]
WRITES = [
    ("POST", "/rules"),
    ("PATCH", "/rules/{id}"),
    ("POST", "/rules/{id}/snooze"),
    ("PATCH", "/rules/{id}/alert-settings"),
    ("PATCH", "/rules/{id}/schedule"),
    ("PATCH", "/rules/{id}/rollout"),
    ("PATCH", "/control"),
    ("POST", "/dry-run"),
    ("POST", "/counterfactual"),
]
MIB = 1_048_576


@pytest.fixture(scope="module")
async def kept(api: httpx.AsyncClient) -> RulesSurface:
    """A program in which every request is to be refused."""
    return await RulesSurface.of_new_program(api)


async def stored(database: Database, rules: RulesSurface) -> int:
    """How much the record has of the program's rules and their control."""
    tables: tuple[type[SQLModel], ...] = (AutomationRule, AutomationControl)
    total = 0
    async with database.transaction() as session:
        for table in tables:
            of_program = col(table.program_id) == rules.program_id  # type: ignore[attr-defined]
            total += (await session.exec(select(func.count()).select_from(table).where(of_program))).one()
    return total


async def send(rules: RulesSurface, method: str, path: str, body: bytes) -> httpx.Response:
    return await rules.call(method, path, content=body, headers=JSON)


def assert_refused(answer: httpx.Response, field: str) -> None:
    problem = assert_problem(answer, 400, "validation-failed")
    assert field in [fault["field"] for fault in problem["errors"]], problem["errors"]


@pytest.mark.parametrize("bad", ALL, ids=str)
async def test_a_bad_rule_is_refused_by_its_field_and_leaves_nothing(
    kept: RulesSurface, database: Database, bad: Bad
) -> None:
    assert_refused(await send(kept, "POST", "/rules", bad.body), bad.field)
    assert await stored(database, kept) == 0


async def test_a_bad_change_is_refused_by_its_field_and_changes_nothing(rules: RulesSurface) -> None:
    rule = await rules.create(conditions={"all": [AMOUNT]})
    for bad in OF_PATCHES:
        assert_refused(await send(rules, "PATCH", f"/rules/{rule['id']}", bad.body), bad.field)
    assert await rules.read("/rules") == [rule]


@pytest.mark.parametrize(("method", "path"), WRITES)
async def test_a_body_that_is_none_is_refused_everywhere_and_changes_nothing(
    rules: RulesSurface, method: str, path: str
) -> None:
    rule = await rules.create()
    for bad in UNREADABLE:
        answer = await send(rules, method, path.format(id=rule["id"]), bad.body)
        assert_problem(answer, 400, "validation-failed")
    assert await rules.read("/rules") == [rule]
    assert (await rules.read("/control"))["updated_by"] is None


@pytest.mark.parametrize(("method", "path"), WRITES)
async def test_a_body_past_the_limit_is_refused_with_413(rules: RulesSurface, method: str, path: str) -> None:
    rule = await rules.create()
    body = json.dumps(GOOD | {"description": "x" * MIB}).encode()
    answer = await send(rules, method, path.format(id=rule["id"]), body)
    assert_problem(answer, 413, "payload-too-large")
    assert await rules.read("/rules") == [rule]


@pytest.mark.parametrize(
    "payload",
    [
        {"a": "x" * (MIB - 200)},
        {"a": [0] * MANY},
        {f"key {number}": 0 for number in range(40_000)},
        {"a": {"b": {"c": {"d": {"e": {"f": {"g": {"h": {"i": 1}}}}}}}}},
        {"a": 2**64},
        {"a": "\ud800"},
        {"a": float("inf")},
    ],
    ids=["1 MiB", "100000 items", "40000 keys", "9 levels", "65 bits", "half a pair", "infinity"],
)
async def test_a_payload_that_no_event_could_have_is_refused(
    rules: RulesSurface, payload: dict[str, Any]
) -> None:
    body = json.dumps({"event_payload": payload, "trigger_type": "t"}).encode()
    answer = await send(rules, "POST", "/dry-run", body)
    (fault,) = assert_problem(answer, 400, "validation-failed")["errors"]
    assert fault["field"].split(".")[0] == "event_payload"


async def test_a_body_of_another_content_type_is_refused(rules: RulesSurface) -> None:
    headers = {"Content-Type": "text/plain"}
    answer = await rules.call("POST", "/rules", content=json.dumps(GOOD), headers=headers)
    assert_refused(answer, "body")


@pytest.mark.parametrize("text", ["\0", "x" * 256])
async def test_a_filter_that_no_rule_could_meet_is_refused(rules: RulesSurface, text: str) -> None:
    assert_refused(await rules.call("GET", "/rules", params={"trigger_type": text}), "trigger_type")


@pytest.mark.parametrize("text", ["😀" * 255, "' OR 1=1 --", "<b>", "%s {{ x }}"])
async def test_names_may_be_any_text_of_one_line(rules: RulesSurface, text: str) -> None:
    assert (await rules.create(name=text))["name"] == text


@pytest.mark.parametrize("text", ["😀" * 255, "' OR 1=1 --", "<b>", "%s {{ x }}", "\u202e"])
async def test_types_and_descriptions_may_be_any_text(rules: RulesSurface, text: str) -> None:
    rule = await rules.create(trigger_type=text, description=text)
    assert await rules.read("/rules", trigger_type=text) == [rule]
    assert rule["description"] == text
