"""Queued messages: there once, and nothing left of people who are erased."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from domain.outcomes import Outcome
from domain.send_policy import SendPolicy
from domain.wake_up import Sleeper, WakeUp
from store.database import Database
from store.message_dispatch import programs_with_unattended_messages
from store.messages import still_there
from store.participants import erase_participant
from store.queued_messages import queue_messages
from store.tables import Message, Program, RunParticipant
from store.waking import wake_ups
from tests.fixtures.queued_messages import (
    add_person,
    change_message,
    message_to,
    messages_of,
    queue,
    the_message,
)
from tests.store.records import add_run


async def test_a_queued_message_waits_for_its_programs_workflow(database: Database, program_id: UUID) -> None:
    person = await add_person(database, program_id)
    message = message_to(person)
    async with database.transaction() as session:
        await queue_messages(session, [message])
    assert wake_ups(session) == {WakeUp(Sleeper.MESSAGES, program_id)}
    stored = await the_message(database, program_id)
    assert (stored.id, stored.key, stored.participant_id) == (message.id, message.key, person.id)
    assert (stored.channel, stored.recipient) == ("email", person.email)
    assert (stored.subject, stored.body) == ("Welcome", "Glad to have you")
    assert (stored.rule_id, stored.event_id) == (message.rule_id, message.event_id)
    assert (stored.status, stored.attempts, stored.claim, stored.settled_at) == ("queued", 0, None, None)
    assert stored.available_at is not None


async def test_a_queued_message_says_what_it_belongs_to(database: Database, program_id: UUID) -> None:
    person, enrollment, template = await add_person(database, program_id), uuid4(), uuid4()
    whose = {"journey_id": "0a" * 12, "enrollment_id": enrollment, "block_id": "0b" * 12}
    await queue(
        database,
        message_to(person, **whose, template_id=template, sending=SendPolicy(priority=7), rule_id=None),
    )
    stored = await the_message(database, program_id)
    assert (stored.journey_id, stored.enrollment_id, stored.block_id) == tuple(whose.values())
    assert (stored.template_id, stored.priority, stored.options) == (template, 7, None)


async def test_of_messages_with_one_key_the_first_stays(database: Database, program_id: UUID) -> None:
    person = await add_person(database, program_id)
    first = message_to(person, subject="first")
    await queue(database, first)
    await queue(database, message_to(person, key=first.key, subject="second"), message_to(person))
    assert sorted(str(one.subject) for one in await messages_of(database, program_id)) == ["Welcome", "first"]


async def test_messages_of_several_programs_wake_each_of_them(database: Database, program_id: UUID) -> None:
    async with database.transaction() as session:
        other = Program(name="Elsewhere")
        session.add(other)
    people = [await add_person(database, program) for program in (program_id, other.id)]
    async with database.transaction() as session:
        await queue_messages(session, [message_to(person) for person in people])
    assert {wake_up.id for wake_up in wake_ups(session)} == {program_id, other.id}


async def test_nothing_to_queue_wakes_nobody(database: Database) -> None:
    async with database.transaction() as session:
        await queue_messages(session, [])
    assert wake_ups(session) == set()


async def test_what_did_not_happen_sends_nothing(database: Database, program_id: UUID) -> None:
    person = await add_person(database, program_id)
    with pytest.raises(RuntimeError):
        async with database.transaction() as session:
            await queue_messages(session, [message_to(person)])
            raise RuntimeError
    assert await messages_of(database, program_id) == []


async def test_an_alert_is_a_message_to_nobody_on_record(database: Database, program_id: UUID) -> None:
    person = await add_person(database, program_id)
    await queue(database, message_to(person, participant_id=None, event_id=None))
    assert (await the_message(database, program_id)).participant_id is None


@pytest.mark.parametrize(
    ("status", "left"),
    [("queued", "cancelled"), ("sending", "sending"), ("sent", "sent"), ("failed", "failed")],
)
async def test_of_messages_to_somebody_erased_nothing_is_left_but_that_they_were(
    database: Database, program_id: UUID, status: str, left: str
) -> None:
    person, other = await add_person(database, program_id), await add_person(database, program_id)
    message, kept = message_to(person, key=f"a:{person.id}"), message_to(other, key=f"b:{other.id}")
    await queue(database, message, kept)
    said = {"error": f"no mailbox {person.email}", "options": {"title": "Hello Ana"}}
    await change_message(database, message, status=status, **said)
    async with database.transaction() as session:
        assert await erase_participant(session, program_id, person.id)
    erased, untouched = await messages_of(database, program_id)
    assert (erased.recipient, erased.subject, erased.body, erased.error) == ("", None, None, None)
    assert (erased.status, erased.options) == (left, None)
    assert (erased.settled_at is not None) == (left == "cancelled")
    assert (untouched.recipient, untouched.subject, untouched.status) == (other.email, "Welcome", "queued")


async def test_what_a_provider_said_of_somebody_erased_leaves_the_ledger_too(
    database: Database, program_id: UUID
) -> None:
    run_id = await add_run(database, program_id, people=2)
    async with database.transaction() as session:
        rows = [await session.get_one(RunParticipant, (run_id, seq)) for seq in range(2)]
        for row in rows:
            row.outcome, row.error = Outcome.FAILED.value, "no mailbox somebody@example.com"
            session.add(
                Message(
                    key=f"run:{row.participant_id}",
                    program_id=program_id,
                    run_id=run_id,
                    participant_id=row.participant_id,
                    channel="email",
                    recipient="somebody@example.com",
                    status="failed",
                )
            )
    async with database.transaction() as session:
        await erase_participant(session, program_id, rows[0].participant_id)
    async with database.transaction() as session:
        ledger = [await session.get_one(RunParticipant, (run_id, seq)) for seq in range(2)]
    assert [row.error for row in ledger] == [None, "no mailbox somebody@example.com"]
    assert [row.outcome for row in ledger] == ["failed", "failed"]


async def test_whoever_is_being_erased_counts_as_gone_and_nobody_waits(
    database: Database, program_id: UUID
) -> None:
    leaving, staying = await add_person(database, program_id), await add_person(database, program_id)
    async with database.transaction() as erasing:
        await erase_participant(erasing, program_id, leaving.id)
        async with database.transaction() as session:
            assert await still_there(session, [leaving.id, staying.id, uuid4()]) == {staying.id}
    async with database.transaction() as session:
        assert await still_there(session, []) == set()


async def test_nobody_is_erased_who_was_found_there(database: Database, program_id: UUID) -> None:
    person = await add_person(database, program_id)

    async def erase() -> None:
        async with database.transaction() as erasing:
            await erase_participant(erasing, program_id, person.id)

    async with database.transaction() as session:
        assert await still_there(session, [person.id]) == {person.id}
        erasing = asyncio.create_task(erase())
        await asyncio.wait({erasing}, timeout=0.3)
        assert not erasing.done()
        await queue_messages(session, [message_to(person)])
    await erasing
    assert (await the_message(database, program_id)).recipient == ""


async def test_programs_whose_messages_wait_for_nobody_are_found(
    database: Database, program_id: UUID
) -> None:
    person = await add_person(database, program_id)
    waiting, claimed, settled = (message_to(person) for _ in range(3))
    soon = datetime.now(UTC) + timedelta(minutes=1)

    async def unattended(before: datetime = soon) -> bool:
        async with database.transaction() as session:
            return program_id in await programs_with_unattended_messages(session, before, 10_000)

    assert not await unattended()
    await queue(database, settled)
    await change_message(database, settled, status="sent")
    assert not await unattended()
    await queue(database, waiting)
    assert await unattended()
    assert not await unattended(datetime.now(UTC) - timedelta(minutes=1))
    await change_message(database, waiting, available_at=datetime.now(UTC) + timedelta(hours=1))
    assert not await unattended()
    await queue(database, claimed)
    await change_message(database, claimed, status="sending", claim=uuid4())
    assert await unattended()
