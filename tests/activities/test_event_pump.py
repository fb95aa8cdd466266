"""The pump: every event through the rules once, in order, with all of its effects or none."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlmodel import col, select
from temporalio.testing import ActivityEnvironment

from activities import event_pump as pump
from domain.activity_contract import PumpEvents, PumpRound
from domain.event_retries import RETRY_DELAYS
from store import rule_batches
from store.database import Database
from store.tables import (
    AutomationChange,
    AutomationRule,
    Conversation,
    ConversationNote,
    Event,
    Message,
    Participant,
    RuleRun,
    RuleRunTally,
    WebhookDelivery,
    WebhookEndpoint,
)
from tests.activities.pumping import PAST, activities_of, add_event, add_person, add_rule, drain

MAIL = {"type": "send_message", "channel": "email", "subject": "Hi", "body": "{{ event.n }}"}


@pytest.fixture(autouse=True)
async def empty_queue(database: Database) -> AsyncIterator[None]:
    await drain(database)
    yield
    await drain(database)


async def get(database: Database, table: Any, row_id: UUID) -> Any:
    async with database.transaction() as session:
        return await session.get(table, row_id)


async def rows(database: Database, table: Any, program_id: UUID) -> list[Any]:
    async with database.transaction() as session:
        return list(await session.exec(select(table).where(table.program_id == program_id)))


async def test_an_event_that_nobody_listens_to_is_completed(database: Database, program_id: UUID) -> None:
    event_id = await add_event(database, program_id)
    await drain(database)
    event = await get(database, Event, event_id)
    assert (event.status, event.attempts, event.error) == ("COMPLETED", 1, None)
    assert event.processed_at is not None
    assert await rows(database, RuleRun, program_id) == []


async def test_a_run_tells_what_the_rule_made_of_the_event(database: Database, program_id: UUID) -> None:
    person = await add_person(database, program_id)
    doing = await add_rule(database, program_id, {"type": "add_tag", "tag": "buyer"}, name="tab\tand \\ \n")
    event_id = await add_event(database, program_id, participant_id=person, channel_source="web")
    await drain(database)
    (run,) = await rows(database, RuleRun, program_id)
    assert (run.rule_id, run.event_id, run.contact_id, run.channel_source) == (doing, event_id, person, "web")
    assert (run.matched, run.executed, run.stopped_by, run.rule_name) == (True, True, None, "tab\tand \\ \n")
    assert run.result == {"actions": [{"type": "add_tag", "status": "done"}]}
    assert (await get(database, Participant, person)).tags == ["buyer"]


async def test_tallies_count_every_run_by_rule_and_hour(database: Database, program_id: UUID) -> None:
    acting = await add_rule(database, program_id)
    held = await add_rule(database, program_id, rollout_percentage=0)
    unmet = await add_rule(database, program_id, condition_expression="event.amount > 5")
    failing = await add_rule(database, program_id, {"type": "assign", "assignee": "x"})
    for _ in range(3):
        await add_event(database, program_id)
    await drain(database)
    tallies = {one.rule_id: one for one in await rows(database, RuleRunTally, program_id)}
    counted = {rule: (one.total, one.matched, one.executed, one.held) for rule, one in tallies.items()}
    assert counted == {acting: (3, 3, 3, 0), held: (3, 3, 0, 3), unmet: (3, 0, 0, 0), failing: (3, 3, 0, 0)}


async def test_every_kind_of_effect_is_there_once_the_event_is_completed(
    database: Database, program_id: UUID
) -> None:
    endpoint = WebhookEndpoint(
        program_id=program_id, url="https://example.com", secret="s", event_types=["none"]
    )
    person = await add_person(database, program_id, email="ana@example.com", consent={"email": "subscribed"})
    about = Conversation(program_id=program_id, contact_id=person, labels=["new"])
    async with database.transaction() as session:
        session.add_all([endpoint, about])
    rule_id = await add_rule(
        database,
        program_id,
        MAIL,
        {"type": "send_webhook", "webhook_id": str(endpoint.id), "payload": {"a": 1}},
        {"type": "add_note", "body": "{{ event.n }} of {{ conversation.status }}"},
        {"type": "assign", "assignee": "team"},
        {"type": "emit_event", "event_type": "thanked", "event_data": {"n": 1}},
        {"type": "schedule_event", "event_name": "remind", "delay_seconds": 60},
    )
    event_id = await add_event(
        database,
        program_id,
        participant_id=person,
        conversation_id=about.id,
        event_data={"type": "purchase", "n": 7},
    )
    await drain(database)
    (message,) = await rows(database, Message, program_id)
    assert (message.recipient, message.body, message.status) == ("ana@example.com", "7", "queued")
    assert (message.rule_id, message.event_id, message.participant_id) == (rule_id, event_id, person)
    async with database.transaction() as session:
        delivery = (
            await session.exec(select(WebhookDelivery).where(col(WebhookDelivery.endpoint_id) == endpoint.id))
        ).one()
        note = (
            await session.exec(
                select(ConversationNote).where(col(ConversationNote.conversation_id) == about.id)
            )
        ).one()
    assert delivery.type == "rule.action" and delivery.data["payload"] == {"a": 1}
    assert (note.body, note.author) == ("7 of open", f"rule:{rule_id}")
    changed = await get(database, Conversation, about.id)
    assert (changed.assignee, changed.labels) == ("team", ["new"])
    (emitted,) = [one for one in await rows(database, Event, program_id) if one.type == "thanked"]
    assert (emitted.causation_id, emitted.rule_chain, emitted.source) == (event_id, [rule_id], "rule")
    assert (emitted.participant_id, emitted.conversation_id, emitted.status) == (
        person,
        about.id,
        "COMPLETED",
    )
    (staged,) = await rows(database, AutomationChange, program_id)
    assert (staged.causation_id, staged.rule_chain) == (event_id, [rule_id])
    assert (staged.id, staged.body["source"], staged.body["participant_id"]) == (
        staged.automation_id,
        "rule_action",
        str(person),
    )


async def test_rules_that_cause_each_other_end_and_the_chain_is_on_record(
    database: Database, program_id: UUID
) -> None:
    ping = await add_rule(
        database, program_id, {"type": "emit_event", "event_type": "pong"}, trigger_type="ping"
    )
    pong = await add_rule(
        database, program_id, {"type": "emit_event", "event_type": "ping"}, trigger_type="pong"
    )
    await add_event(database, program_id, type="ping")
    await drain(database)
    events = sorted(await rows(database, Event, program_id), key=lambda one: one.seq)
    assert [(one.type, one.rule_chain) for one in events] == [
        ("ping", []),
        ("pong", [ping]),
        ("ping", [ping, pong]),
    ]
    stopped = [one.stopped_by for one in await rows(database, RuleRun, program_id)]
    assert sorted(stopped, key=str) == [None, None, "loop"]


async def test_a_rule_does_not_react_to_its_own_changes_of_a_participant_and_others_do(
    database: Database, program_id: UUID
) -> None:
    person = await add_person(database, program_id)
    own = await add_rule(
        database, program_id, {"type": "counter", "name": "own"}, trigger_type="participant.updated"
    )
    other = await add_rule(
        database,
        program_id,
        {"type": "counter", "name": "other"},
        trigger_type="participant.updated",
        priority=1,
    )
    first = await add_rule(database, program_id, {"type": "add_tag", "tag": "buyer"})
    await add_event(database, program_id, participant_id=person)
    await drain(database)
    changes = [one for one in await rows(database, Event, program_id) if one.type == "participant.updated"]
    chains = [one.rule_chain for one in sorted(changes, key=lambda one: one.seq)]
    assert chains == [[first], [first, own, other]]
    assert (await get(database, Participant, person)).counters == {"own": 1, "other": 1}


async def test_a_cooldown_holds_between_batches(database: Database, program_id: UUID) -> None:
    person = await add_person(database, program_id)
    await add_rule(database, program_id, {"type": "counter", "name": "n"}, cooldown_secs=3_600)
    for _ in range(3):
        await add_event(database, program_id, participant_id=person)
        await drain(database)
    assert (await get(database, Participant, person)).counters == {"n": 1}


async def test_an_event_that_fails_holds_up_its_subject_alone_and_is_tried_until_it_is_given_up(
    database: Database, program_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, ben = await add_person(database, program_id), await add_person(database, program_id)
    await add_rule(database, program_id, {"type": "counter", "name": "n"})
    broken = await add_event(database, program_id, participant_id=ana)
    behind = await add_event(database, program_id, participant_id=ana)
    await add_event(database, program_id, participant_id=ben)
    real = pump.process

    def process(event: Any, *arguments: Any) -> Any:
        if event.id == broken:
            raise ZeroDivisionError("ana@example.com")
        return real(event, *arguments)

    monkeypatch.setattr(pump, "process", process)
    await drain(database)
    failed = await get(database, Event, broken)
    assert (failed.status, failed.attempts, failed.error) == ("PENDING", 1, "ZeroDivisionError")
    assert (await get(database, Event, behind)).status == "RECEIVED"
    assert (await get(database, Participant, ben)).counters == {"n": 1}
    for _ in RETRY_DELAYS:
        async with database.transaction() as session:
            (await session.get(Event, broken)).available_at = datetime.now(UTC) - PAST  # type: ignore[union-attr]
        await drain(database)
    failed = await get(database, Event, broken)
    assert (failed.status, failed.attempts) == ("FAILED", len(RETRY_DELAYS) + 1)
    assert (await get(database, Event, behind)).status == "COMPLETED"
    assert (await get(database, Participant, ana)).counters == {"n": 1}


async def test_what_fails_while_it_is_written_is_found_and_leaves_nothing_behind(
    database: Database, program_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [await add_person(database, program_id) for _ in range(4)]
    await add_rule(database, program_id, {"type": "counter", "name": "n"})
    events = [await add_event(database, program_id, participant_id=person) for person in people]
    real = pump.carry_out

    async def carry_out(session: Any, programs: Any, processed: Any, *rest: Any) -> None:
        await real(session, programs, processed, *rest)
        if any(one.event.id == events[2] for one in processed):
            raise ZeroDivisionError

    monkeypatch.setattr(pump, "carry_out", carry_out)
    await drain(database)
    statuses = [(await get(database, Event, event)).status for event in events]
    assert statuses == ["COMPLETED", "COMPLETED", "PENDING", "COMPLETED"]
    counters = [(await get(database, Participant, person)).counters for person in people]
    assert counters == [{"n": 1}, {"n": 1}, {}, {"n": 1}]
    assert len(await rows(database, RuleRun, program_id)) == 3


async def test_a_slow_condition_snoozes_its_rule_and_stops_nobody_elses(
    database: Database, program_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = iter(range(0, 1_000_000, 60))
    monkeypatch.setattr(rule_batches, "thread_time", lambda: next(ticks))
    person = await add_person(database, program_id)
    slow = await add_rule(
        database, program_id, {"type": "add_tag", "tag": "a"}, condition_expression="event.slow == 987654321"
    )
    await add_rule(database, program_id, {"type": "add_tag", "tag": "b"})
    event_id = await add_event(
        database, program_id, participant_id=person, event_data={"type": "purchase", "slow": 987654321}
    )
    await drain(database)
    rested = await get(database, AutomationRule, slow)
    assert rested.snoozed_until > datetime.now(UTC) and "too slow" in rested.updated_by
    assert (await get(database, Event, event_id)).status == "COMPLETED"
    assert (await get(database, Participant, person)).tags == ["b"]


async def test_pumps_at_once_process_every_event_once(database: Database, program_id: UUID) -> None:
    person = await add_person(database, program_id)
    await add_rule(database, program_id, {"type": "counter", "name": "n"})
    for _ in range(120):
        await add_event(database, program_id, participant_id=person)
    await asyncio.gather(*(drain(database) for _ in range(4)))
    await drain(database)
    assert (await get(database, Participant, person)).counters == {"n": 120}
    assert len(await rows(database, RuleRun, program_id)) == 120


async def test_a_pump_of_another_number_of_pumps_retires(database: Database) -> None:
    activities = activities_of(database, pumps=2)
    done = await ActivityEnvironment().run(activities.pump_events, PumpEvents(pump=0, pumps=4))
    assert done == PumpRound(retired=True)


@given(
    batches=st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=12), min_size=1, max_size=4),
    limit=st.integers(1, 6),
)
# Each example writes to a database: one that fails is told as it is.
@settings(
    max_examples=12, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture]
)
async def test_each_participant_meets_their_events_in_the_order_of_arrival(
    database: Database, program_id: UUID, batches: list[list[int]], limit: int
) -> None:
    people = [await add_person(database, program_id) for _ in range(4)]
    log = {"type": "set_attribute", "name": "last"}
    rules = [
        await add_rule(database, program_id, {**log, "value": n}, condition_expression=f"event.n == {n}")
        for n in range(50)
    ]
    sent: dict[UUID, list[int]] = {person: [] for person in people}
    number = 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pump, "BATCH", limit)
        for batch in batches:
            for who in batch:
                data = {"type": "purchase", "n": number}
                await add_event(database, program_id, participant_id=people[who], event_data=data)
                sent[people[who]].append(number)
                number += 1
            await asyncio.gather(drain(database), drain(database))
        await drain(database)
    async with database.transaction() as session:
        runs = await session.exec(
            select(RuleRun)
            .where(col(RuleRun.rule_id).in_(rules), col(RuleRun.executed))
            .order_by(col(RuleRun.id))
        )
        met: dict[UUID, list[int]] = {person: [] for person in people}
        for run in runs:
            assert run.contact_id is not None
            met[run.contact_id].append(rules.index(run.rule_id))
    assert met == sent
