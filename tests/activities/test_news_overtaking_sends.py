"""A message may be told to have arrived before its sender hears that it was taken, or instead of it."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import pytest

from channels.channel import Delivery, DeliveryProblem, DeliveryStatus
from domain.message_news import MessageNews, NewsKind
from store.database import Database
from store.message_following import follow_message
from store.tables import Participant, RunParticipant
from tests.activities.gated_sends import add_run_to, carry_out, ledger, quiet_now, set_sending
from tests.activities.message_provider import IN_DOUBT, SENT, Provider, add_mailable_run, dispatch, mail_run
from tests.fixtures.kept_messages import listen, message_now, told
from tests.fixtures.queued_messages import add_person, message_to, queue, the_message

FAULT = Delivery(DeliveryStatus.FAILED, "500 went wrong", DeliveryProblem.PROVIDER_FAULT)


async def told_of_arrival(database: Database, message_id: UUID) -> None:
    async with database.transaction() as session:
        news = MessageNews(NewsKind.DELIVERED, datetime.now(UTC))
        assert await follow_message(session, message_id, news, "callback:test")


@pytest.mark.parametrize("answer", [SENT, IN_DOUBT, FAULT], ids=lambda answer: str(answer.status))
async def test_a_queued_message_that_has_arrived_is_sent_whatever_its_sender_hears(
    database: Database, program_id: UUID, answer: Delivery
) -> None:
    await listen(database, program_id, "message.sent", "message.failed")
    person = await add_person(database, program_id)
    message = message_to(person, rule_id=None, event_id=None)
    await queue(database, message)
    provider = Provider(lambda _: answer)
    provider.open.clear()
    sending = asyncio.create_task(dispatch(database, program_id, provider))
    await provider.was_handed(1)
    await told_of_arrival(database, message.id)
    provider.open.set()
    await sending
    now = await message_now(database, message.id)
    assert (now.status, now.body) == ("sent", None)
    assert [event.type for event in await told(database, program_id)] == ["message.sent"]
    async with database.transaction() as session:
        assert (await session.get_one(Participant, person.id)).last_contacted_at is not None


@pytest.mark.parametrize("answer", [SENT, IN_DOUBT, FAULT], ids=lambda answer: str(answer.status))
async def test_so_is_one_of_a_run_in_its_ledger_too(
    database: Database, program_id: UUID, answer: Delivery
) -> None:
    await listen(database, program_id, "message.sent", "message.failed")
    run_id, _ = await add_mailable_run(database, program_id)
    provider = Provider(lambda message: answer if message.recipient == "0@example.com" else SENT)
    provider.open.clear()
    sending = asyncio.create_task(mail_run(database, run_id, provider))
    await provider.was_handed(2)
    (first,) = [one.message_id for one in provider.handed if one.recipient == "0@example.com"]
    await told_of_arrival(database, first)
    provider.open.set()
    await sending
    async with database.transaction() as session:
        ledger = [(await session.get_one(RunParticipant, (run_id, seq))).outcome for seq in range(2)]
    assert ledger == ["sent", "sent"]
    assert (await message_now(database, first)).status == "sent"
    assert [event.type for event in await told(database, program_id)] == ["message.sent"] * 2


async def test_so_is_one_that_waited_in_the_queue_for_its_run(database: Database, program_id: UUID) -> None:
    await set_sending(database, program_id, quiet_now())
    person, provider = await add_person(database, program_id, timezone="UTC"), Provider()
    run_id = await add_run_to(database, [person])
    await carry_out(database, run_id, provider)
    assert await ledger(database, run_id) == [("deferred", "quiet_hours", None)]
    await told_of_arrival(database, (await the_message(database, program_id)).id)
    assert await ledger(database, run_id) == [("sent", None, None)]
