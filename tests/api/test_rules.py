"""Rules over HTTP: made, listed in the order in which they are asked, changed, removed."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.api.rules_surface import RulesSurface, assert_faults, assert_problem

OF_THE_SEED = {
    *("id", "name", "description", "is_active", "trigger_type", "conditions", "actions", "priority"),
    *("rollout_percentage", "stop_on_match", "cooldown_secs", "created_at", "updated_at", "snoozed_until"),
    *("created_by", "updated_by"),
}
OURS = {"condition_expression", "alert_settings", "schedule_settings"}
FORM = {"all": [{"field": "event.amount", "operator": "gte", "value": 100}]}
EVERYTHING: dict[str, Any] = {
    "name": "Thank",
    "trigger_type": "purchase",
    "description": "for big ones",
    "is_active": False,
    "conditions": FORM,
    "actions": [{"type": "add_tag", "tag": "thanked"}],
    "priority": -3,
    "rollout_percentage": 25,
    "stop_on_match": True,
    "cooldown_secs": 60,
}


def in_days(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


async def names(rules: RulesSurface, path: str = "/rules", **params: Any) -> list[str]:
    return [rule["name"] for rule in await rules.read(path, **params)]


async def test_a_rule_has_the_fields_of_the_seed_and_ours(rules: RulesSurface) -> None:
    assert set(await rules.create()) == OF_THE_SEED | OURS


async def test_a_rule_needs_a_name_and_a_trigger_alone(rules: RulesSurface) -> None:
    made = await rules.create(name="Greet", trigger_type="signed_up")
    assert {name: made[name] for name in OF_THE_SEED | OURS if not name.endswith(("_at", "id"))} == {
        "name": "Greet",
        "description": None,
        "is_active": True,
        "trigger_type": "signed_up",
        "conditions": None,
        "actions": [],
        "priority": 0,
        "rollout_percentage": 100,
        "stop_on_match": False,
        "cooldown_secs": 0,
        "snoozed_until": None,
        "created_by": "in process",
        "updated_by": "in process",
        "condition_expression": None,
        "alert_settings": None,
        "schedule_settings": None,
    }
    assert made["created_at"] == made["updated_at"]


async def test_what_was_sent_is_shown_and_found_again(rules: RulesSurface) -> None:
    made = await rules.create(**EVERYTHING)
    assert {name: made[name] for name in EVERYTHING} == EVERYTHING
    assert made["condition_expression"] == "event.amount >= 100"
    assert await rules.read(f"/rules/{made['id']}") == made
    assert await rules.read("/rules") == [made]


@pytest.mark.parametrize(
    ("conditions", "expression"),
    [
        (None, None),
        ([], None),
        ({}, None),
        ("", None),
        ({"all": [], "any": []}, None),
        (FORM, "event.amount >= 100"),
        ("event.amount>=100", "event.amount>=100"),
        ({"all": [FORM], "any": [FORM["all"][0]]}, "event.amount >= 100 && event.amount >= 100"),
    ],
)
async def test_conditions_are_shown_as_they_were_sent_and_as_the_expression_they_come_to(
    rules: RulesSurface, conditions: object, expression: str | None
) -> None:
    made = await rules.create(conditions=conditions)
    assert (made["conditions"], made["condition_expression"]) == (conditions, expression)
    assert await rules.read(f"/rules/{made['id']}") == made


async def test_rules_are_listed_in_the_order_in_which_they_are_asked(rules: RulesSurface) -> None:
    for name, priority in (("older", 0), ("newer", 0), ("last", 1_000_000), ("first", -1_000_000)):
        await rules.create(name=name, priority=priority)
    assert await names(rules) == ["first", "older", "newer", "last"]


async def test_rules_are_filtered_by_type_and_whether_they_are_active(rules: RulesSurface) -> None:
    await rules.create(name="active")
    await rules.create(name="inactive", is_active=False)
    await rules.create(name="other", trigger_type="purchase")
    assert await names(rules, is_active=True) == ["active", "other"]
    assert await names(rules, is_active=False, trigger_type="signed_up") == ["inactive"]
    assert await names(rules, trigger_type="no\u00a0such") == []


async def test_the_snoozed_rules_are_listed_in_pages(rules: RulesSurface) -> None:
    for number in range(3):
        rule = await rules.create(name=f"snoozed {number}", is_active=number != 1)
        await rules.post(f"/rules/{rule['id']}/snooze", {"snoozed_until": in_days(1)})
    await rules.create(name="awake")
    listed = "/rules/snoozed"
    assert await names(rules, listed) == ["snoozed 0", "snoozed 1", "snoozed 2"]
    assert await names(rules, listed, page=2, per_page=2) == ["snoozed 2"]
    assert await names(rules, listed, page=3, per_page=2) == []
    assert await names(rules, listed, is_active=False) == ["snoozed 1"]
    assert await names(rules, listed, trigger_type="other") == []
    for wrong in ({"page": 0}, {"page": 10**30}, {"per_page": 0}, {"per_page": 101}, {"per_page": "x"}):
        assert_faults(await rules.call("GET", listed, params=wrong), *wrong)


@pytest.mark.parametrize("field", sorted(EVERYTHING))
async def test_a_patch_changes_what_is_sent_and_nothing_else(rules: RulesSurface, field: str) -> None:
    before = await rules.create()
    answer = await rules.patch(f"/rules/{before['id']}", {field: EVERYTHING[field]})
    assert answer.status_code == 200, answer.text
    changed = {name for name in before if answer.json()[name] != before[name]} - {"updated_at"}
    assert changed == ({"conditions", "condition_expression"} if field == "conditions" else {field})
    assert answer.json()["updated_at"] > before["updated_at"]
    assert await rules.read(f"/rules/{before['id']}") == answer.json()


@pytest.mark.parametrize("field", ["description", "conditions", "alert_settings", "schedule_settings"])
async def test_null_clears_what_a_rule_may_be_without(rules: RulesSurface, field: str) -> None:
    full = EVERYTHING | {"alert_settings": {}, "schedule_settings": {"timezone": "Europe/Madrid"}}
    made = await rules.create(**full)
    assert made[field] is not None
    changed = (await rules.patch(f"/rules/{made['id']}", {field: None})).json()
    assert changed[field] is None
    assert (changed["condition_expression"] is None) is (field == "conditions")


async def test_an_empty_patch_is_no_change(rules: RulesSurface) -> None:
    made = await rules.create()
    assert (await rules.patch(f"/rules/{made['id']}", {})).json() == made


async def test_patches_at_the_same_time_all_count(rules: RulesSurface) -> None:
    made = await rules.create()
    sent = {
        "priority": 7,
        "cooldown_secs": 5,
        "name": "both",
        "conditions": "event.a > 1",
        "description": "d",
    }
    answers = await asyncio.gather(
        *(rules.patch(f"/rules/{made['id']}", {name: value}) for name, value in sent.items())
    )
    assert {answer.status_code for answer in answers} == {200}
    found = await rules.read(f"/rules/{made['id']}")
    assert {name: found[name] for name in sent} == sent
    assert found["updated_at"] == max(answer.json()["updated_at"] for answer in answers)


async def test_a_patch_says_who_made_it(rules: RulesSurface, api: httpx.AsyncClient) -> None:
    made = await rules.create()
    key = (await api.post("/v1/api-keys", json={"name": "ana", "role": "supervisor"})).json()["key"]
    patched = await rules.call(
        "PATCH", f"/rules/{made['id']}", json={"priority": 1}, headers={"X-API-Key": key}
    )
    assert (patched.json()["created_by"], patched.json()["updated_by"]) == ("in process", "ana")


async def test_a_deleted_rule_is_gone(rules: RulesSurface) -> None:
    made = await rules.create()
    path = f"/rules/{made['id']}"
    answer = await rules.call("DELETE", path)
    assert (answer.status_code, answer.content) == (204, b"")
    for method in ("GET", "DELETE"):
        assert_problem(await rules.call(method, path), 404, "not-found")
    assert await rules.read("/rules") == []


async def test_a_repeated_request_makes_one_rule(rules: RulesSurface) -> None:
    body, headers = {"name": "n", "trigger_type": "t"}, {"Idempotency-Key": str(uuid4())}
    first, again = [await rules.call("POST", "/rules", json=body, headers=headers) for _ in range(2)]
    assert first.json() == again.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(await rules.read("/rules")) == 1


async def test_a_rule_names_only_webhooks_of_its_own_program(
    rules: RulesSurface, api: httpx.AsyncClient
) -> None:
    own = await rules.webhook()
    foreign = await (await RulesSurface.of_new_program(api)).webhook()
    call = {"type": "send_webhook", "webhook_id": own, "payload": {"a": 1}}
    made = await rules.create(
        actions=[call], alert_settings={"channels": [{"type": "webhook", "webhook_id": own}]}
    )
    assert made["actions"] == [call]
    for unknown in (foreign, str(uuid4())):
        wrong = {
            "actions": [call, call | {"webhook_id": unknown}],
            "alert_settings": {"channels": [{"type": "webhook", "webhook_id": unknown}]},
        }
        fields = ("actions.1.webhook_id", "alert_settings.channels.0.webhook_id")
        assert_faults(await rules.patch(f"/rules/{made['id']}", wrong), *fields)
        assert_faults(await rules.post("/rules", {"name": "n", "trigger_type": "t"} | wrong), *fields)
    assert await rules.read("/rules") == [made]
