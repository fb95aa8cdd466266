"""Putting stored events to an edited rule over HTTP: what would differ, and nothing comes of it."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text
from sqlmodel import SQLModel

from api import counterfactual_service
from domain.expressions import breaker
from domain.rules.rule import Gate
from store.database import Database
from store.tables import Event
from tests.api.rules_surface import RulesSurface, assert_faults, assert_problem
from tests.store.rule_history import add_event, add_rule_run

BIG = "event.amount >= 100"
JSON = {"Content-Type": "application/json"}
FIELDS = [
    *("rule_id", "events_examined", "truncated", "from", "to", "baseline", "edited", "recorded"),
    *("newly_matching", "no_longer_matching", "unchanged_matching", "errors", "as_of"),
]


async def compare(rules: RulesSurface, **body: Any) -> dict[str, Any]:
    answer = await rules.post("/counterfactual", body)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    assert list(told) == FIELDS
    return told


async def bought(database: Database, rules: RulesSurface, hours_ago: float, **fields: Any) -> Event:
    """A purchase that was processed at once, of 100 unless `amount` says otherwise."""
    at = datetime.now(UTC) - timedelta(hours=hours_ago)
    data = {"type": "purchase", "amount": fields.pop("amount", 100)}
    values = {"event_data": data, "created_at": at, "processed_at": at} | fields
    return await add_event(database, UUID(rules.program_id), **values)


def counts(told: dict[str, Any]) -> tuple[int, int, int]:
    """Newly matching, no longer matching, unchanged."""
    return told["newly_matching"]["count"], told["no_longer_matching"]["count"], told["unchanged_matching"]


async def test_an_edit_is_told_by_what_it_would_change(rules: RulesSurface, database: Database) -> None:
    rule = await rules.create(trigger_type="purchase", conditions="event.amount >= 50 && event.amount < 200")
    person = await rules.person()
    await bought(database, rules, 4, amount=60)
    await bought(database, rules, 3, amount=100)
    event = await bought(database, rules, 2, amount=500, participant_id=UUID(person))
    await bought(database, rules, 1, amount=5)
    told = await compare(rules, rule_id=rule["id"], conditions=BIG)
    assert counts(told) == (1, 1, 1)
    assert (told["baseline"], told["edited"]) == (
        {"matched": 2, "executed": 2},
        {"matched": 2, "executed": 2},
    )
    assert told["newly_matching"] == {
        "count": 1,
        "participants": 1,
        "sample": [
            {
                "event_id": str(event.id),
                "participant_id": person,
                "external_id": "noor",
                "created_at": event.created_at.isoformat().replace("+00:00", "Z"),
                "event_type": "purchase",
            }
        ],
    }
    assert told["no_longer_matching"]["participants"] == 0
    assert (told["rule_id"], told["events_examined"], told["truncated"]) == (rule["id"], 4, False)
    assert datetime.fromisoformat(told["to"]) - datetime.fromisoformat(told["from"]) == timedelta(days=7)


async def test_nothing_edited_changes_nothing(rules: RulesSurface, database: Database) -> None:
    rule = await rules.create(trigger_type="purchase", conditions=BIG, cooldown_secs=60)
    for amount in (50, 100, 150):
        await bought(database, rules, 1, amount=amount)
    told = await compare(rules, rule_id=rule["id"])
    assert counts(told) == (0, 0, 2)
    assert told["baseline"] == told["edited"]


async def test_a_new_rule_has_nothing_to_be_compared_with(rules: RulesSurface, database: Database) -> None:
    await bought(database, rules, 1)
    await bought(database, rules, 1, type="refund")
    form = {"all": [{"field": "event.amount", "operator": "gte", "value": 100}]}
    for conditions in (form, BIG, None, {}, ""):
        told = await compare(rules, trigger_type="purchase", conditions=conditions)
        assert counts(told) == (1, 0, 0)
        assert (told["rule_id"], told["recorded"]) == (None, None)
        assert told["baseline"] == {"matched": 0, "executed": 0}


@pytest.mark.parametrize(
    ("edit", "matched", "executed"),
    [
        ({"conditions": None}, 3, 3),
        ({"conditions": "event.amount > 100"}, 0, 0),
        ({"trigger_type": "refund"}, 1, 1),
        ({"cooldown_secs": 5_400}, 3, 2),
        ({"cooldown_secs": 86_400}, 3, 1),
        ({"rollout_percentage": 0}, 3, 0),
        ({"schedule_settings": {"end_at": "2020-01-01T00:00:00Z"}}, 3, 0),
        ({"schedule_settings": None, "rollout_percentage": 100}, 3, 3),
    ],
)
async def test_each_field_that_decides_may_be_edited(
    rules: RulesSurface, database: Database, edit: dict[str, Any], matched: int, executed: int
) -> None:
    rule = await rules.create(trigger_type="purchase", conditions=BIG)
    person = UUID(await rules.person())
    for hours in (5, 3, 2):
        await bought(database, rules, hours, participant_id=person)
    await bought(database, rules, 1, type="refund")
    told = await compare(rules, rule_id=rule["id"], **edit)
    assert told["edited"] == {"matched": matched, "executed": executed}
    assert told["baseline"] == {"matched": 3, "executed": 3}


async def test_a_rule_that_rests_and_a_paused_program_are_compared_as_if_they_did_not(
    rules: RulesSurface, database: Database
) -> None:
    rule = await rules.create(trigger_type="purchase", is_active=False)
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    await rules.post(f"/rules/{rule['id']}/snooze", {"snoozed_until": until})
    await rules.patch("/control", {"is_paused": True})
    await bought(database, rules, 1)
    told = await compare(rules, rule_id=rule["id"])
    assert told["baseline"] == told["edited"] == {"matched": 1, "executed": 1}


async def test_people_are_as_they_were_when_the_event_was_processed(
    rules: RulesSurface, database: Database
) -> None:
    conditions = "participant.counters.points >= 2 && participant.status == 'ACTIVE'"
    rule = await rules.create(trigger_type="purchase", conditions=conditions)
    person = await rules.person(counters={"points": 1})
    events = []
    for points in (2, 3):
        events.append(await bought(database, rules, 0, participant_id=UUID(person)))
        await change(rules, person, counters={"points": points})
    told = await compare(rules, rule_id=rule["id"], conditions="participant.counters.points < 2")
    assert counts(told) == (1, 1, 0)
    assert told["newly_matching"]["sample"][0]["event_id"] == str(events[0].id)
    assert told["as_of"] == {"now": ["participant.status"], "then": ["participant.counters"]}


async def test_what_waits_to_be_processed_sees_people_as_they_are(
    rules: RulesSurface, database: Database
) -> None:
    person = await rules.person(counters={"points": 1})
    await bought(database, rules, 1, participant_id=UUID(person), status="PENDING", processed_at=None)
    await change(rules, person, counters={"points": 2})
    told = await compare(rules, trigger_type="purchase", conditions="participant.counters.points == 2")
    assert counts(told) == (1, 0, 0)


async def test_conversations_segments_and_the_program_are_as_they_are(
    rules: RulesSurface, database: Database
) -> None:
    base = f"/v1/programs/{rules.program_id}"
    talk = (await rules.http.post(f"{base}/conversations", json={})).json()
    person = await rules.person()
    await bought(database, rules, 1, conversation_id=UUID(talk["id"]), participant_id=UUID(person))
    conditions = (
        "conversation.status == 'open' && size(participant.segments) == 0 && program.name == 'Cafe members' "
        "&& event.type == 'purchase'"
    )
    told = await compare(rules, trigger_type="purchase", conditions=conditions)
    assert counts(told) == (1, 0, 0)
    assert told["as_of"] == {
        "now": ["conversation.status", "participant.segments", "program.name"],
        "then": ["event"],
    }


async def test_what_was_recorded_then_is_told_beside_it(rules: RulesSurface, database: Database) -> None:
    rule = await rules.create(trigger_type="purchase")
    for stopped_by in (None, Gate.COOLDOWN, Gate.CONDITIONS):
        event = await bought(database, rules, 1)
        await add_rule_run(database, event, rule_id=UUID(rule["id"]), stopped_by=stopped_by)
        await add_rule_run(database, event)
    await bought(database, rules, 1)
    told = await compare(rules, rule_id=rule["id"])
    assert told["recorded"] == {"matched": 2, "executed": 1, "runs": 3}
    assert told["baseline"] == {"matched": 4, "executed": 4}


async def test_what_cannot_be_evaluated_is_told_without_the_data(
    rules: RulesSurface, database: Database
) -> None:
    for amount in (100, "secret", "secret"):
        await bought(database, rules, 1, amount=amount)
    told = await compare(rules, trigger_type="purchase", conditions="event.amount > 1 && event.x == 1")
    assert told["errors"]["count"] == 3
    reasons = {one["reason"]: one["count"] for one in told["errors"]["reasons"]}
    assert sum(reasons.values()) == 3 and reasons["event.x is missing"] == 1
    assert "secret" not in str(told)


async def test_only_the_newest_events_of_the_last_days_are_looked_at(
    rules: RulesSurface, database: Database
) -> None:
    for hours in (100, 40, 30, 20, 10):
        await bought(database, rules, hours)
    told = await compare(rules, trigger_type="purchase", days=2)
    assert (told["events_examined"], told["truncated"]) == (4, False)
    told = await compare(rules, trigger_type="purchase", days=90, max_events=3)
    assert (told["events_examined"], told["truncated"]) == (3, True)
    reaches_back = datetime.fromisoformat(told["to"]) - datetime.fromisoformat(told["from"])
    assert round(reaches_back / timedelta(hours=1)) == 30
    assert (await compare(rules, trigger_type="purchase", max_events=5))["truncated"] is False
    assert (await compare(rules, trigger_type="none", max_events=1))["events_examined"] == 0


async def test_a_sample_is_as_large_as_asked_and_the_newest_come_first(
    rules: RulesSurface, database: Database
) -> None:
    made = [str((await bought(database, rules, hours)).id) for hours in range(4)]
    for size in (0, 3, 50):
        told = await compare(rules, trigger_type="purchase", sample=size)
        sampled = [one["event_id"] for one in told["newly_matching"]["sample"]]
        assert sampled == made[:size]
        assert told["newly_matching"]["count"] == 4


async def test_who_has_been_erased_has_no_name(rules: RulesSurface, database: Database) -> None:
    gone = uuid4()
    await bought(database, rules, 1, participant_id=gone)
    (sampled,) = (await compare(rules, trigger_type="purchase"))["newly_matching"]["sample"]
    assert (sampled["participant_id"], sampled["external_id"]) == (str(gone), None)
    told = await compare(rules, trigger_type="purchase", conditions='participant.status == "ACTIVE"')
    assert counts(told) == (0, 0, 0)


async def test_what_is_of_another_program_is_neither_found_nor_looked_at(
    rules: RulesSurface, database: Database, api: httpx.AsyncClient
) -> None:
    rule = await rules.create(trigger_type="purchase")
    await bought(database, rules, 1)
    elsewhere = await RulesSurface.of_new_program(api)
    for rule_id in (rule["id"], str(uuid4())):
        answer = await elsewhere.post("/counterfactual", {"rule_id": rule_id})
        assert_problem(answer, 404, "not-found")
    assert (await compare(elsewhere, trigger_type="purchase"))["events_examined"] == 0


async def test_nothing_comes_of_it(rules: RulesSurface, database: Database) -> None:
    actions = [{"type": "add_tag", "tag": "seen"}, {"type": "emit_event", "event_type": "seen"}]
    rule = await rules.create(trigger_type="purchase", actions=actions, cooldown_secs=60)
    person = UUID(await rules.person())
    for hours in (3, 2, 1):
        await bought(database, rules, hours, participant_id=person)
    before = await everything(database)
    told = await compare(rules, rule_id=rule["id"], conditions='!("seen" in participant.tags)')
    assert told["edited"]["executed"] == 3
    assert await everything(database) == before


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "rule_id"),
        ({"conditions": BIG}, "rule_id"),
        ({"rule_id": None}, "rule_id"),
        ({"rule_id": "no-uuid"}, "rule_id"),
        ({"trigger_type": None}, "trigger_type"),
        ({"trigger_type": ""}, "trigger_type"),
        ({"trigger_type": "\0"}, "trigger_type"),
        ({"trigger_type": "\ud800"}, "trigger_type"),
        ({"trigger_type": "t", "conditions": 5}, "conditions"),
        ({"trigger_type": "t", "conditions": "event.amount >"}, "conditions"),
        ({"trigger_type": "t", "conditions": "1 + 1"}, "conditions"),
        (
            {"trigger_type": "t", "conditions": {"all": [{"field": "nope", "operator": "exists"}]}},
            "conditions.all.0.field",
        ),
        ({"trigger_type": "t", "rollout_percentage": 101}, "rollout_percentage"),
        ({"trigger_type": "t", "rollout_percentage": None}, "rollout_percentage"),
        ({"trigger_type": "t", "cooldown_secs": -1}, "cooldown_secs"),
        ({"trigger_type": "t", "schedule_settings": {"timezone": "Mars"}}, "schedule_settings.timezone"),
        ({"trigger_type": "t", "days": 0}, "days"),
        ({"trigger_type": "t", "days": 91}, "days"),
        ({"trigger_type": "t", "days": "7"}, "days"),
        ({"trigger_type": "t", "sample": 51}, "sample"),
        ({"trigger_type": "t", "sample": -1}, "sample"),
        ({"trigger_type": "t", "max_events": 0}, "max_events"),
        ({"trigger_type": "t", "max_events": 200_001}, "max_events"),
        ({"trigger_type": "t", "max_events": 10**30}, "max_events"),
        ({"trigger_type": "t", "actions": []}, "actions"),
        ({"trigger_type": "t", "name": "x"}, "name"),
    ],
)
async def test_a_question_that_is_wrong_is_refused(
    rules: RulesSurface, body: dict[str, Any], field: str
) -> None:
    answer = await rules.call("POST", "/counterfactual", content=json.dumps(body), headers=JSON)
    assert_faults(answer, field)


async def test_conditions_that_turn_out_slow_are_refused_by_the_rule_that_has_them(
    rules: RulesSurface, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = await rules.create(trigger_type="purchase", conditions="event.amount.size() == 3")
    await bought(database, rules, 1, amount="100")
    monkeypatch.setattr(breaker, "SECONDS_BEFORE_JUDGING", 0.0)
    monkeypatch.setattr(breaker, "SECONDS_PER_ROW", 0.0)
    new = {"trigger_type": "purchase", "conditions": "event.amount.size() == 3"}
    assert_faults(await rules.post("/counterfactual", new), "conditions")
    faster = {"rule_id": rule["id"], "conditions": "true"}
    assert_faults(await rules.post("/counterfactual", faster), "rule_id")


async def test_what_takes_too_long_is_refused(
    rules: RulesSurface, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bought(database, rules, 1)
    monkeypatch.setattr(counterfactual_service, "LONGEST", timedelta(0))
    assert_faults(await rules.post("/counterfactual", {"trigger_type": "purchase"}), "max_events")
    monkeypatch.undo()
    assert counts(await compare(rules, trigger_type="purchase")) == (1, 0, 0)


async def change(rules: RulesSurface, person: str, **fields: Any) -> None:
    answer = await rules.http.patch(f"/v1/programs/{rules.program_id}/participants/{person}", json=fields)
    assert answer.status_code == 200, answer.text


async def everything(database: Database) -> dict[str, object]:
    """What each table holds."""
    held: dict[str, object] = {}
    async with database.transaction() as session:
        for table in SQLModel.metadata.tables:
            rows = (
                f"SELECT count(*), md5(string_agg(md5(t::text), '' ORDER BY md5(t::text))) FROM {table} AS t"  # noqa: S608
            )
            held[table] = tuple((await session.execute(text(rows))).one())
    return held
