"""Whoever answers is known by their number, however it was written when they were told of."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from domain.actions import Channel
from domain.twilio_callbacks import Reply, Wish
from store.database import Database
from store.message_replies import take_reply
from store.participants import Lock, get_participant, upsert_participant
from store.programs import get_program
from store.runs import lock_run
from store.tables import Participant
from tests.fixtures.kept_messages import (
    consent_of,
    keep_message_to,
    listen,
    message_now,
    suppressions_of,
    told,
)
from tests.store.records import add_run

CONSENT = {"sms": "subscribed"}
HELD_UP_BY_THIS = text("SELECT count(*) FROM pg_locks WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))")


async def write(
    database: Database, program_id: UUID, external_id: str = "customer-1", **values: Any
) -> Participant:
    async with database.transaction() as session:
        program = await get_program(session, program_id)
        assert program is not None
        return (await upsert_participant(session, program, external_id, values)).after


async def stop(database: Database, program_id: UUID, sender: str) -> None:
    async with database.transaction() as session:
        reply = Reply(f"SM{uuid4()}", Channel.SMS, sender, "STOP", Wish.STOP)
        await take_reply(session, program_id, reply, "test", datetime.now(UTC))


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("+34 612-345 678", "+34612345678"),
        ("+44 (0) 7911 123456", "+447911123456"),
        ("+1-800-FLOWERS", "+18003569377"),
        ("+٣٤٦١٢٣٤٥٦٧٨", "+34612345678"),
    ],
)
async def test_a_stop_is_its_owners_however_the_number_is_written(
    database: Database, program_id: UUID, written: str, number: str
) -> None:
    await listen(database, program_id, "message.replied", "message.unsubscribed")
    person = await write(database, program_id, phone=written, consent=CONSENT)
    message_id = await keep_message_to(database, person, channel="sms", recipient=written)
    await stop(database, program_id, number)
    assert await suppressions_of(database, program_id) == [("sms", number, "unsubscribe")]
    assert await consent_of(database, person) == {"sms": "unsubscribed"}
    message = await message_now(database, message_id)
    assert message.replied_at is not None and message.unsubscribed_at is not None
    assert [event.type for event in await told(database, program_id)] == [
        "message.replied",
        "message.unsubscribed",
    ]


async def test_a_number_that_somebody_had_before_is_theirs_no_more(
    database: Database, program_id: UUID
) -> None:
    await write(database, program_id, phone="+44 (0) 7911 123456", consent=CONSENT)
    person = await write(database, program_id, phone="+34612345678")
    await stop(database, program_id, "+447911123456")
    assert await consent_of(database, person) == CONSENT
    await write(database, program_id, first_name="Noor")
    await stop(database, program_id, "+34612345678")
    assert await consent_of(database, person) == {"sms": "unsubscribed"}


async def test_a_sender_without_digits_is_nobody(database: Database, program_id: UUID) -> None:
    person = await write(database, program_id, phone="unlisted", consent=CONSENT)
    await stop(database, program_id, "CARILLON")
    assert await consent_of(database, person) == CONSENT


async def test_a_reply_waits_for_the_run_that_it_answers_without_keeping_its_people(
    database: Database, program_id: UUID
) -> None:
    person = await write(database, program_id, phone="+34612345678", consent=CONSENT)
    run_id = await add_run(database, program_id)
    await keep_message_to(
        database, person, channel="sms", recipient="+34612345678", status="unknown", run_id=run_id
    )
    async with database.transaction() as session:
        await lock_run(session, run_id)
        stopping = asyncio.create_task(stop(database, program_id, "+34612345678"))
        async with asyncio.timeout(10):
            while not (await session.execute(HELD_UP_BY_THIS)).scalar_one():
                await asyncio.sleep(0.01)
        assert await get_participant(session, program_id, person.id, Lock.AGAINST_CHANGE) is not None
    await stopping
    assert await consent_of(database, person) == {"sms": "unsubscribed"}
