"""What the seed's rules mean, each point on the whole stack.

Elsewhere: that a preset excludes explicit settings (tests/api/test_rule_settings.py), that nothing comes of a dry run
(tests/api/test_rule_dry_run.py), and that a rule whose snooze has passed is not listed as snoozed (tests/store/test_rules.py).
"""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.api.rules_surface import RulesSurface
from tests.fixtures.carillon import eventually

Thing = dict[str, Any]

PEOPLE = [f"person-{number}" for number in range(60)]
EVERY_FLAG = list(product([True, False], repeat=4))


@pytest.fixture
async def rules(http: httpx.AsyncClient) -> RulesSurface:
    return await RulesSurface.of_new_program(http)


async def processed(rules: RulesSurface, *external_ids: str, **data: Any) -> list[Thing]:
    """One event of each, in this order, once all have been through the rules."""
    events = [{"external_id": one, "event_data": {"type": "purchase"} | data} for one in external_ids]
    answer = await rules.http.post(
        "/v1/events/batch", json={"program_id": rules.program_id, "events": events}
    )
    assert answer.status_code == 202, answer.text

    async def over() -> bool:
        done, all_ = [
            await rules.read("/events", per_page=1, **query) for query in ({"status": "processed"}, {})
        ]
        return bool(done["total"] == all_["total"])

    await eventually(over)
    return [await rules.read(f"/events/{one['id']}") for one in answer.json()["accepted"]]


async def listed(rules: RulesSurface, path: str, **query: Any) -> list[Thing]:
    """The rows of all pages, by cursor."""
    rows: list[Thing] = []
    cursor: Thing = {}
    while True:
        page = await rules.read(path, **query, **cursor)
        rows += page["items"]
        if page["next_cursor"] is None:
            assert len(rows) == page["total"]
            return rows
        cursor = {"cursor": page["next_cursor"]}


async def acted_for(rules: RulesSurface, rule: Thing, events: list[Thing]) -> set[str]:
    """The contacts of the events on which the rule acted."""
    runs = await listed(rules, f"/runs/rule/{rule['id']}", per_page=100, executed=True)
    among = {event["id"] for event in events}
    return {run["contact_id"] for run in runs if run["event_id"] in among}


async def roll_out(rules: RulesSurface, rule: Thing, percentage: int) -> None:
    answer = await rules.patch(f"/rules/{rule['id']}/rollout", {"rollout_percentage": percentage})
    assert answer.status_code == 200, answer.text


async def test_whoever_a_rollout_has_reached_stays_when_it_is_raised(rules: RulesSurface) -> None:
    rule = await rules.create(trigger_type="purchase", rollout_percentage=30)
    reached = await acted_for(rules, rule, await processed(rules, *PEOPLE))
    await roll_out(rules, rule, 60)
    raised = await acted_for(rules, rule, await processed(rules, *PEOPLE))
    again = await acted_for(rules, rule, await processed(rules, *PEOPLE))
    await roll_out(rules, rule, 100)
    everybody = await acted_for(rules, rule, await processed(rules, *PEOPLE))
    assert reached < raised < everybody
    assert reached and again == raised
    assert len(everybody) == len(PEOPLE)


async def test_a_cooldown_is_one_rules_and_one_subjects(rules: RulesSurface) -> None:
    cooling = await rules.create(name="cooling", trigger_type="purchase", cooldown_secs=3_600)
    other = await rules.create(
        name="other", trigger_type="purchase", cooldown_secs=3_600, conditions="event.late == true"
    )
    free = await rules.create(name="free", trigger_type="purchase")
    await processed(rules, "ana", "ben", late=False)
    ana, ben = await processed(rules, "ana", "cem", late=True)
    stopped = {run["rule_id"]: run["stopped_by"] for run in await listed(rules, f"/runs/event/{ana['id']}")}
    assert stopped == {cooling["id"]: "cooldown", other["id"]: None, free["id"]: None}
    assert await acted_for(rules, cooling, [ana, ben]) == {ben["contact_id"]}


async def test_the_lower_priority_is_asked_first_and_only_a_match_that_acted_stops_the_rest(
    rules: RulesSurface,
) -> None:
    tag = {"type": "add_tag", "tag": "met"}
    met, unmet = '"met" in participant.tags', '!("met" in participant.tags)'
    fields: dict[str, Thing] = {
        "never asked": {"priority": 20},
        "stops": {"priority": 10, "stop_on_match": True, "conditions": met},
        "matches without acting": {
            "priority": 5,
            "stop_on_match": True,
            "conditions": met,
            "rollout_percentage": 0,
        },
        "does not match": {"priority": 1, "stop_on_match": True, "conditions": unmet},
        "first": {"priority": -10, "conditions": unmet, "actions": [tag]},
    }
    for name, of_rule in fields.items():
        await rules.create(name=name, trigger_type="purchase", **of_rule)
    (event,) = await processed(rules, "ana")
    runs = await listed(rules, f"/runs/event/{event['id']}")
    assert {run["rule_name"]: (run["matched"], run["executed"]) for run in runs} == {
        "first": (True, True),
        "does not match": (False, False),
        "matches without acting": (True, False),
        "stops": (True, True),
    }


@pytest.mark.parametrize(("is_active", "is_snoozed", "is_paused", "is_scheduled"), EVERY_FLAG)
async def test_a_rule_is_effective_when_it_is_active_and_neither_snoozed_nor_paused_and_on_schedule(
    rules: RulesSurface, is_active: bool, is_snoozed: bool, is_paused: bool, is_scheduled: bool
) -> None:
    schedule = None if is_scheduled else {"end_at": "2020-01-01T00:00:00Z"}
    rule = await rules.create(is_active=is_active, schedule_settings=schedule)
    if is_snoozed:
        tomorrow = datetime.now(UTC) + timedelta(days=1)
        await rules.post(f"/rules/{rule['id']}/snooze", {"snoozed_until": tomorrow.isoformat()})
    await rules.patch("/control", {"is_paused": is_paused})
    state = await rules.read(f"/rules/{rule['id']}/effective-state")
    assert (state["is_active"], state["is_snoozed"]) == (is_active, is_snoozed)
    assert (state["global_paused"], state["schedule_active"]) == (is_paused, is_scheduled)
    assert state["effective_active"] is (is_active and not is_snoozed and not is_paused and is_scheduled)


async def test_payload_hash_is_the_sha_256_of_the_payload_with_sorted_keys_and_no_blanks(
    rules: RulesSurface,
) -> None:
    payload = {"type": "purchase", "z": [1, 2.5, None, True], "amount": 120, "shop": {"ä": "☕", "b": ""}}
    text = json.dumps(payload, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    digest = hashlib.sha256(text.encode()).hexdigest()
    (first,) = await processed(rules, "ana", **payload)
    (same,) = await processed(rules, "ben", **dict(reversed(payload.items())))
    await processed(rules, "ana", **payload | {"amount": 121})
    assert (first["payload"], first["payload_hash"]) == (payload, digest)
    alike = await rules.read(f"/events/fingerprint/{digest}")
    assert [event["id"] for event in alike] == [same["id"], first["id"]]


async def test_a_cursor_is_an_instant_a_bar_and_the_id_of_the_last_row(rules: RulesSurface) -> None:
    rule = await rules.create(trigger_type="purchase")
    await processed(rules, *PEOPLE[:3])
    for path in ("/events", "/runs", f"/runs/rule/{rule['id']}"):
        page = await rules.read(path, per_page=2)
        instant, id_ = page["next_cursor"].split("|")
        last = page["items"][-1]
        assert datetime.fromisoformat(instant) == datetime.fromisoformat(last["created_at"])
        assert UUID(id_) == UUID(last["id"])
        rest = await rules.read(path, per_page=2, cursor=f"{last['created_at']}|{last['id']}")
        by_number = await rules.read(path, per_page=2, page=2)
        assert rest["items"] == by_number["items"]
        assert len({one["id"] for one in (*page["items"], *rest["items"])}) == page["total"] == 3
