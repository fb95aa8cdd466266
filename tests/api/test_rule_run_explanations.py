"""Why a rule acted or did not, told after the fact: its gates, and its conditions on what was so then."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from domain.rules.gating import MAX_CHAIN
from domain.rules.rollout import bucket
from domain.rules.rule import Gate
from store.database import Database
from store.tables import AutomationRule, Conversation, Event, Participant, RuleCooldown, RuleRun
from tests.api.rules_surface import RulesSurface
from tests.store.rule_history import NOON, add_event, add_rule, add_rule_run

BIG_SPENDER = "event.amount >= 100 && participant.counters.orders >= 5"


@pytest.fixture
def program(rules: RulesSurface) -> UUID:
    return UUID(rules.program_id)


async def explained(rules: RulesSurface, run: RuleRun) -> dict[str, Any]:
    answer: dict[str, Any] = await rules.read(f"/runs/{run.id}/explain")
    return answer


def gate(answer: dict[str, Any], name: Gate) -> dict[str, Any]:
    (found,) = (one for one in answer["gates"] if one["gate"] == name)
    return {one["name"]: one["value"] for one in found["inputs"]}


async def now_in(database: Database) -> datetime:
    """By the clock that dates the changes of participants."""
    async with database.transaction() as session:
        at: datetime = (await session.execute(text("SELECT clock_timestamp()"))).scalar_one()
    return at


async def change(database: Database, participant_id: UUID, **values: Any) -> None:
    async with database.transaction() as session:
        participant = await session.get_one(Participant, participant_id)
        for name, value in values.items():
            setattr(participant, name, value)


async def add_person(database: Database, program: UUID, **values: Any) -> Participant:
    person = Participant(program_id=program, external_id=f"c-{uuid4()}", **values)
    async with database.transaction() as session:
        session.add(person)
    return person


async def run_on(
    database: Database, rule: AutomationRule, event: Event, stopped_by: Gate | None = None, **fields: Any
) -> RuleRun:
    """The rule's run on the event at this very moment."""
    values = {"rule_id": rule.id, "created_at": await now_in(database)} | fields
    return await add_rule_run(database, event, stopped_by=stopped_by, **values)


@pytest.mark.parametrize("stopped_by", [None, *Gate])
async def test_each_gate_is_told_in_order_with_whether_it_was_open(
    rules: RulesSurface, program: UUID, database: Database, stopped_by: Gate | None
) -> None:
    rule = await add_rule(database, program)
    run = await run_on(database, rule, await add_event(database, program), stopped_by)
    answer = await explained(rules, run)
    assert [one["gate"] for one in answer["gates"]] == [gate.value for gate in Gate]
    shut = None if stopped_by is None else list(Gate).index(stopped_by)
    for place, one in enumerate(answer["gates"]):
        assert one["open"] is (None if shut is not None and place > shut else place != shut)
    assert answer["run"] == await rules.read(f"/runs/{run.id}")


async def test_each_gate_tells_what_it_looked_at_and_as_of_when(
    rules: RulesSurface, program: UUID, database: Database
) -> None:
    person, chain = uuid4(), [uuid4()]
    schedule = {"timezone": "Europe/Madrid", "windows": [{"start": "09:00", "end": "18:00"}]}
    rule = await add_rule(
        database, program, rollout_percentage=40, cooldown_secs=60, schedule_settings=schedule
    )
    event = await add_event(database, program, participant_id=person, rule_chain=chain)
    actions = [{"type": "add_tag", "status": "done"}]
    run = await run_on(database, rule, event, result={"actions": actions})
    async with database.transaction() as session:
        session.add(RuleCooldown(rule_id=rule.id, subject_id=person, executed_at=NOON))
    answer = await explained(rules, run)
    assert gate(answer, Gate.ACTIVE) == {"is_active": True}
    assert gate(answer, Gate.SNOOZE) == {"snoozed_until": None}
    assert gate(answer, Gate.PAUSE) == {"is_paused": False, "paused_until": None}
    assert gate(answer, Gate.SCHEDULE) == {"schedule_settings": schedule}
    assert gate(answer, Gate.LOOP) == {"rule_chain": [str(chain[0])], "most_rules": MAX_CHAIN}
    assert gate(answer, Gate.ROLLOUT) == {"bucket": bucket(rule.id, person), "rollout_percentage": 40}
    assert gate(answer, Gate.COOLDOWN) == {"last_executed_at": "2026-06-01T12:00:00Z", "cooldown_secs": 60}
    assert gate(answer, Gate.ACTIONS) == {"actions": actions}
    known_then = {
        one["name"] for shown in answer["gates"] for one in shown["inputs"] if one["as_of"] == answer["as_of"]
    }
    assert known_then == {"rule_chain", "most_rules", "bucket", "last_executed_at", "actions"}


async def test_a_later_execution_is_no_reason_for_what_was_before_it(
    rules: RulesSurface, program: UUID, database: Database
) -> None:
    rule = await add_rule(database, program, cooldown_secs=60)
    event = await add_event(database, program)
    run = await run_on(database, rule, event)
    async with database.transaction() as session:
        later = run.created_at + timedelta(seconds=90)
        session.add(RuleCooldown(rule_id=rule.id, subject_id=event.id, executed_at=later))
    assert gate(await explained(rules, run), Gate.COOLDOWN) == {"cooldown_secs": 60}


async def test_conditions_are_explained_on_the_state_as_it_was(
    rules: RulesSurface, program: UUID, database: Database
) -> None:
    person = await add_person(database, program, counters={"orders": 4}, email="old@example.com")
    rule = await add_rule(database, program, condition_expression=f"{BIG_SPENDER} && participant.has_email")
    event = await add_event(
        database, program, participant_id=person.id, event_data={"type": "purchase", "amount": 120}
    )
    run = await run_on(database, rule, event, Gate.CONDITIONS)
    await change(database, person.id, counters={"orders": 9})
    answer = await explained(rules, run)
    conditions = answer["conditions"]
    assert conditions["expression"] == f"{BIG_SPENDER} && participant.has_email"
    assert (conditions["matched"], conditions["agrees_with_record"]) == (False, True)
    parts = {part["text"]: part["value"] for part in conditions["explanation"]["parts"]}
    assert parts == {
        "event.amount >= 100": True,
        "participant.counters.orders >= 5": False,
        "participant.has_email": True,
    }
    then = {one["name"] for one in conditions["variables"] if one["as_of"] == answer["as_of"]}
    now = {one["name"] for one in conditions["variables"]} - then
    assert (then, now) == ({"event", "participant.counters"}, {"participant.has_email"})
    assert (answer["rule_changed_since"], answer["unexplained"]) == (False, None)


async def test_what_the_rule_itself_changed_is_not_taken_for_what_it_met(
    rules: RulesSurface, program: UUID, database: Database
) -> None:
    person = await add_person(database, program, tags=["new"])
    rule = await add_rule(database, program, condition_expression='!("thanked" in participant.tags)')
    event = await add_event(database, program, participant_id=person.id)
    run = await run_on(database, rule, event)
    await change(database, person.id, tags=["new", "thanked"])
    conditions = (await explained(rules, run))["conditions"]
    assert (conditions["matched"], conditions["agrees_with_record"]) == (True, True)


async def test_a_rule_that_changed_since_is_told_and_so_is_that_it_no_longer_agrees(
    rules: RulesSurface, program: UUID, database: Database
) -> None:
    rule = await add_rule(database, program, condition_expression="event.amount >= 100")
    event = await add_event(database, program, event_data={"type": "purchase", "amount": 120})
    run = await run_on(database, rule, event)
    async with database.transaction() as session:
        stored = await session.get_one(AutomationRule, rule.id)
        stored.condition_expression = "event.amount >= 1000"
        stored.updated_at = run.created_at + timedelta(seconds=1)
    answer = await explained(rules, run)
    assert answer["rule_changed_since"] is True
    assert answer["conditions"]["expression"] == "event.amount >= 1000"
    assert (answer["conditions"]["matched"], answer["conditions"]["agrees_with_record"]) == (False, False)


async def test_conditions_that_were_not_asked_agree_with_nothing(
    rules: RulesSurface, program: UUID, database: Database
) -> None:
    rule = await add_rule(database, program, condition_expression="event.amount >= 100")
    run = await run_on(database, rule, await add_event(database, program), Gate.SNOOZE)
    conditions = (await explained(rules, run))["conditions"]
    assert (conditions["matched"], conditions["agrees_with_record"]) == (False, None)


async def test_actions_and_the_error_are_told_as_they_were_recorded(
    rules: RulesSurface, program: UUID, database: Database
) -> None:
    rule = await add_rule(database, program)
    actions = [
        {"type": "add_tag", "status": "done"},
        {"type": "assign", "status": "failed", "reason": "the event has no conversation"},
    ]
    result = {"actions": actions, "error": "assign: the event has no conversation"}
    run = await run_on(database, rule, await add_event(database, program), Gate.ACTIONS, result=result)
    answer = await explained(rules, run)
    assert (answer["actions"], answer["error"]) == (actions, "assign: the event has no conversation")


@pytest.mark.parametrize(
    ("gone", "reason"),
    [
        (AutomationRule, "rule_deleted"),
        (Event, "event_gone"),
        (Participant, "participant_erased"),
        (Conversation, "conversation_deleted"),
        (None, None),
    ],
)
async def test_what_is_gone_is_named_in_place_of_the_conditions(
    rules: RulesSurface, program: UUID, database: Database, gone: type[Any] | None, reason: str | None
) -> None:
    person = await add_person(database, program)
    async with database.transaction() as session:
        conversation = Conversation(program_id=program, status="open")
        session.add(conversation)
    rule = await add_rule(database, program, condition_expression='conversation.status == "open"')
    event = await add_event(database, program, participant_id=person.id, conversation_id=conversation.id)
    run = await run_on(database, rule, event)
    ids = {AutomationRule: rule.id, Event: event.id, Participant: person.id, Conversation: conversation.id}
    if gone is not None:
        async with database.transaction() as session:
            await session.delete(await session.get_one(gone, ids[gone]))
    answer = await explained(rules, run)
    assert answer["unexplained"] == reason
    assert (answer["conditions"] is None) is (reason is not None)
    assert (answer["rule_changed_since"] is None) is (gone is AutomationRule)
    assert len(answer["gates"]) == len(Gate)


async def test_a_rule_without_conditions_has_none_to_explain(
    rules: RulesSurface, program: UUID, database: Database
) -> None:
    run = await run_on(database, await add_rule(database, program), await add_event(database, program))
    answer = await explained(rules, run)
    assert (answer["conditions"], answer["unexplained"]) == (None, "no_conditions")
