"""Trying rules over HTTP: what they would do, gate by gate, and nothing comes of it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text

from domain.rules.rule import Gate
from store.database import Database
from store.tables import Conversation, RuleCooldown
from tests.api.rules_surface import RulesSurface, assert_faults, assert_problem
from tests.store.journeying import add_journey

BIG = "event.amount >= 100"
EVERY_ACTION: list[dict[str, Any]] = [
    {"type": "add_tag", "tag": "thanked"},
    {"type": "counter", "name": "orders", "add": 2},
    {"type": "send_message", "channel": "email", "subject": "Hi", "body": "{{ participant.external_id }}"},
    {"type": "assign", "assignee": "ana"},
    {"type": "add_note", "body": "spent {{ event.amount }}"},
    {"type": "emit_event", "event_type": "big", "event_data": {"by": "rule"}},
    {"type": "schedule_event", "event_name": "later", "delay_seconds": 3_600},
    {"type": "broadcast", "event_name": "news", "participant_filter": '"vip" in participant.tags'},
]
TABLES = (
    *("event", "message", "automation", "automation_change", "automation_rule", "rule_run", "rule_cooldown"),
    *("rule_run_tally", "conversation_note", "webhook_delivery", "participant_state_change"),
)


async def try_out(rules: RulesSurface, **body: Any) -> dict[str, Any]:
    answer = await rules.post("/dry-run", {"event_payload": {"amount": 120}} | body)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    assert set(told) == {"matched", "would_execute", "stopped_by", "gates", "conditions", "actions"}
    return told


async def try_inline(rules: RulesSurface, **body: Any) -> dict[str, Any]:
    return await try_out(rules, **{"trigger_type": "purchase"} | body)


async def mailable(rules: RulesSurface) -> str:
    return await rules.person(email="noor@example.com", consent={"email": "subscribed"}, tags=["vip"])


async def conversation(rules: RulesSurface, database: Database, contact: str | None = None) -> str:
    row = Conversation(program_id=UUID(rules.program_id), contact_id=contact and UUID(contact))
    async with database.transaction() as session:
        session.add(row)
    return str(row.id)


def gates(told: dict[str, Any]) -> dict[str, bool | None]:
    return {gate["gate"]: gate["open"] for gate in told["gates"]}


async def test_a_rule_that_nobody_has_saved_is_tried(rules: RulesSurface) -> None:
    told = await try_inline(rules, conditions=BIG, actions=[{"type": "emit_event", "event_type": "big"}])
    assert (told["matched"], told["would_execute"], told["stopped_by"]) == (True, True, None)
    assert gates(told) == {"conditions": True, "actions": True}
    assert told["actions"] == [
        {
            "type": "emit_event",
            "status": "done",
            "reason": None,
            "effect": {"type": "big", "data": {"type": "big"}},
        }
    ]


async def test_conditions_that_do_not_hold_stop_it_and_are_explained(rules: RulesSurface) -> None:
    form = {"all": [{"field": "event.amount", "operator": "gte", "value": 500}]}
    for conditions in ("event.amount >= 500", form):
        told = await try_inline(rules, conditions=conditions, actions=EVERY_ACTION)
        assert (told["matched"], told["would_execute"], told["actions"]) == (False, False, [])
        assert told["stopped_by"] == "conditions"
        assert gates(told) == {"conditions": False, "actions": None}
        assert told["conditions"]["sentence"] == "event.amount is 120, which is not at least 500"


@pytest.mark.parametrize("conditions", [None, [], {}, ""])
async def test_without_conditions_there_is_nothing_to_explain(
    rules: RulesSurface, conditions: object
) -> None:
    told = await try_inline(rules, conditions=conditions)
    assert (told["matched"], told["conditions"]) == (True, None)


async def test_each_action_tells_what_it_would_do(rules: RulesSurface, database: Database) -> None:
    person = await mailable(rules)
    webhook = await rules.webhook()
    call = {"type": "send_webhook", "webhook_id": webhook, "payload": {"a": 1}}
    told = await try_inline(
        rules,
        actions=[*EVERY_ACTION, call],
        participant_id=person,
        conversation_id=await conversation(rules, database),
    )
    assert told["would_execute"] is True
    assert {action["status"] for action in told["actions"]} == {"done"}
    effects = {action["type"]: action["effect"] for action in told["actions"]}
    automation = effects.pop("schedule_event")
    assert (automation["event_name"], automation["participant_id"]) == ("later", person)
    assert effects.pop("broadcast")["participant_filter"] == '"vip" in participant.tags'
    assert effects == {
        "add_tag": {"tag": "thanked"},
        "counter": {"name": "orders", "add": 2},
        "send_message": {
            "channel": "email",
            "recipient": "noor@example.com",
            "subject": "Hi",
            "body": "noor",
        },
        "assign": {"assignee": "ana"},
        "add_note": {"body": "spent 120"},
        "emit_event": {"type": "big", "data": {"type": "big", "by": "rule"}},
        "send_webhook": {"webhook_id": webhook, "payload": {"a": 1}},
    }


async def test_an_action_that_consent_keeps_back_is_skipped_and_the_others_are_done(
    rules: RulesSurface,
) -> None:
    await rules.person(email="noor@example.com", consent={"email": "unsubscribed"})
    told = await try_inline(rules, external_id="noor", actions=[EVERY_ACTION[2], EVERY_ACTION[5]])
    skipped, done = told["actions"]
    assert (skipped["status"], skipped["reason"], skipped["effect"]) == ("skipped", "no_consent", None)
    assert (done["status"], done["effect"]["type"]) == ("done", "big")


async def test_an_action_that_fails_stops_all(rules: RulesSurface) -> None:
    told = await try_inline(rules, actions=[EVERY_ACTION[5], EVERY_ACTION[0]])
    assert (told["matched"], told["would_execute"], told["stopped_by"]) == (True, False, "actions")
    assert gates(told) == {"conditions": True, "actions": False}
    assert [(action["status"], action["effect"]) for action in told["actions"]] == [
        ("done", None),
        ("failed", None),
    ]
    assert told["actions"][1]["reason"] == "the event has no participant"


async def test_conditions_see_the_person_the_conversation_and_the_program(
    rules: RulesSurface, database: Database
) -> None:
    person = await mailable(rules)
    conditions = (
        '"vip" in participant.tags && conversation.status == "open" && event.type == "purchase" '
        '&& program.name == "Cafe members"'
    )
    own = {"conditions": conditions, "conversation_id": await conversation(rules, database)}
    assert (await try_inline(rules, **own, participant_id=person))["matched"] is True
    assert (await try_inline(rules, **own, external_id="noor"))["matched"] is True
    assert (await try_inline(rules, **own))["matched"] is False


async def test_an_event_of_a_conversation_is_about_its_contact(
    rules: RulesSurface, database: Database
) -> None:
    mine = await conversation(rules, database, await mailable(rules))
    told = await try_inline(rules, conversation_id=mine, conditions='participant.external_id == "noor"')
    assert told["matched"] is True


async def test_what_a_rule_does_is_not_seen_by_its_own_conditions(rules: RulesSurface) -> None:
    person = await mailable(rules)
    told = await try_inline(
        rules, participant_id=person, conditions='!("thanked" in participant.tags)', actions=EVERY_ACTION[:1]
    )
    assert told["matched"] is told["conditions"]["value"] is True


async def test_a_stored_rule_is_tried_as_it_stands(rules: RulesSurface) -> None:
    rule = await rules.create(trigger_type="purchase", conditions=BIG, actions=[EVERY_ACTION[5]])
    told = await try_out(rules, rule_id=rule["id"])
    assert (told["would_execute"], told["stopped_by"]) == (True, None)
    assert list(gates(told)) == list(Gate)
    assert set(gates(told).values()) == {True}


@pytest.mark.parametrize(
    ("fields", "gate"),
    [
        ({"is_active": False}, Gate.ACTIVE),
        ({"schedule_settings": {"end_at": "2020-01-01T00:00:00Z"}}, Gate.SCHEDULE),
        ({"conditions": "event.amount > 500"}, Gate.CONDITIONS),
        ({"rollout_percentage": 0}, Gate.ROLLOUT),
        ({"actions": [{"type": "add_tag", "tag": "x"}]}, Gate.ACTIONS),
    ],
)
async def test_a_stored_rule_is_stopped_by_the_gate_that_is_shut(
    rules: RulesSurface, fields: dict[str, Any], gate: Gate
) -> None:
    rule = await rules.create(**{"trigger_type": "purchase", "conditions": BIG} | fields)
    assert_stopped_by(await try_out(rules, rule_id=rule["id"]), gate)


async def test_snooze_and_pause_stop_a_stored_rule(rules: RulesSurface) -> None:
    rule = await rules.create(trigger_type="purchase")
    await rules.patch("/control", {"is_paused": True})
    assert_stopped_by(await try_out(rules, rule_id=rule["id"]), Gate.PAUSE)
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    await rules.post(f"/rules/{rule['id']}/snooze", {"snoozed_until": until})
    assert_stopped_by(await try_out(rules, rule_id=rule["id"]), Gate.SNOOZE)
    assert (await try_inline(rules))["would_execute"] is True


async def test_the_cooldown_of_one_person_is_none_of_another(rules: RulesSurface, database: Database) -> None:
    rule = await rules.create(trigger_type="purchase", cooldown_secs=3_600)
    person = await mailable(rules)
    acted = RuleCooldown(rule_id=UUID(rule["id"]), subject_id=UUID(person), executed_at=datetime.now(UTC))
    async with database.transaction() as session:
        session.add(acted)
    assert_stopped_by(await try_out(rules, rule_id=rule["id"], participant_id=person), Gate.COOLDOWN)
    other = await rules.person(external_id="ida")
    assert (await try_out(rules, rule_id=rule["id"], participant_id=other))["would_execute"] is True


async def test_nothing_comes_of_it(rules: RulesSurface, database: Database) -> None:
    person = await mailable(rules)
    place = {"participant_id": person, "conversation_id": await conversation(rules, database)}
    call = {"type": "send_webhook", "webhook_id": await rules.webhook()}
    fields = {"trigger_type": "purchase", "actions": [*EVERY_ACTION, call], "cooldown_secs": 60}
    rule = await rules.create(**fields)
    before = await everything(rules, database, person)
    assert (await try_out(rules, rule_id=rule["id"], **place))["would_execute"] is True
    del fields["cooldown_secs"]
    assert (await try_out(rules, **fields, **place))["would_execute"] is True
    assert await everything(rules, database, person) == before


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"event_payload": []}, "event_payload"),
        ({"event_payload": {"a": "\0"}}, "event_payload.a"),
        ({"event_payload": {"a": [0] * 1_001}}, "event_payload.a"),
        ({"event_payload": {"type": "other"}}, "event_payload.type"),
        ({"event_payload": {"type": 3}}, "event_payload.type"),
        ({"trigger_type": None}, "rule_id"),
        ({"rule_id": "no-uuid"}, "rule_id"),
        ({"rule_id": str(uuid4())}, "trigger_type"),
        ({"conditions": "event.amount >"}, "conditions"),
        ({"conditions": {"all": [{"field": "nope", "operator": "exists"}]}}, "conditions.all.0.field"),
        ({"actions": [{"type": "explode"}]}, "actions.0.type"),
        ({"actions": [{"type": "add_note", "body": "{{"}]}, "actions.0.body"),
        ({"actions": [{"type": "send_webhook", "webhook_id": str(uuid4())}]}, "actions.0.webhook_id"),
        ({"external_id": "noor", "participant_id": str(uuid4())}, "participant_id"),
        ({"external_id": "\0"}, "external_id"),
        ({"name": "x"}, "name"),
    ],
)
async def test_a_trial_that_is_wrong_is_refused(
    rules: RulesSurface, body: dict[str, Any], field: str
) -> None:
    sent = {"event_payload": {}, "trigger_type": "purchase"} | body
    assert_faults(await rules.post("/dry-run", sent), field)


async def test_what_is_not_there_or_of_another_program_is_not_found(
    rules: RulesSurface, api: httpx.AsyncClient, database: Database
) -> None:
    elsewhere = await RulesSurface.of_new_program(api)
    rule, person = (await elsewhere.create())["id"], await elsewhere.person()
    talk = await conversation(elsewhere, database)
    asked: list[dict[str, Any]] = [{"rule_id": rule}, {"rule_id": str(uuid4())}]
    inline = {"trigger_type": "purchase"}
    asked += [inline | {"participant_id": id_} for id_ in (person, str(uuid4()))]
    asked += [inline | {"external_id": "noor"}]
    asked += [inline | {"conversation_id": id_} for id_ in (talk, str(uuid4()))]
    for body in asked:
        assert_problem(await rules.post("/dry-run", {"event_payload": {}} | body), 404, "not-found")


def assert_stopped_by(told: dict[str, Any], gate: Gate) -> None:
    assert told["stopped_by"] == gate
    assert told["would_execute"] is False
    order = list(Gate)
    place = order.index(gate)
    assert told["matched"] is (place > order.index(Gate.CONDITIONS))
    assert list(gates(told).values()) == [True] * place + [False] + [None] * (len(order) - place - 1)


async def everything(rules: RulesSurface, database: Database, person: str) -> list[object]:
    """How many rows the record has wherever a rule leaves something, and the person it would change."""
    async with database.transaction() as session:
        counts = [await session.scalar(text(f"SELECT count(*) FROM {table}")) for table in TABLES]  # noqa: S608
        talks = (await session.execute(text("SELECT * FROM conversation ORDER BY id"))).all()
    found = await rules.http.get(f"/v1/programs/{rules.program_id}/participants/{person}")
    return [*counts, talks, found.json()]


async def test_journeys_that_it_would_enter_and_leave_are_told(
    rules: RulesSurface, database: Database
) -> None:
    journey_id = await add_journey(database, UUID(rules.program_id))
    actions = [{"type": type_, "journey_id": journey_id} for type_ in ("enroll_journey", "exit_journey")]
    told = await try_inline(rules, actions=actions, participant_id=await mailable(rules))
    assert [(one["type"], one["effect"]) for one in told["actions"]] == [
        ("enroll_journey", {"journey_id": journey_id}),
        ("exit_journey", {"journey_id": journey_id}),
    ]
