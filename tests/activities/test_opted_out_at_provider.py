"""Who told the provider to stop is asked once: their number is suppressed and their consent taken back."""

from datetime import UTC, datetime
from uuid import UUID

from channels.channel import Delivery, DeliveryProblem, DeliveryStatus
from domain.actions import Channel
from domain.suppressions import is_erased
from store.database import Database
from store.participants import erase_participant
from store.refused_messages import remember_opt_out
from store.tables import AutomationRun, Participant
from tests.activities.gated_sends import add_run_to, carry_out, ledger, message_of_run, set_sending
from tests.activities.message_provider import Provider, dispatch
from tests.fixtures.kept_messages import (
    consent_of,
    keep_message_to,
    listen,
    message_now,
    suppressions_of,
    told,
)
from tests.fixtures.queued_messages import add_person, message_to, queue

ERROR = "refused: 21610 Attempt to send to unsubscribed recipient"
OPTED_OUT = Delivery(DeliveryStatus.FAILED, ERROR, DeliveryProblem.UNSUBSCRIBED)
CONSENT = {"sms": "subscribed", "email": "subscribed"}
NO_TEXTS = {"sms": "unsubscribed", "email": "subscribed"}


async def texted(database: Database, program_id: UUID, number: str = "+15005550004") -> Participant:
    return await add_person(database, program_id, phone=number, consent=CONSENT)


async def test_a_run_asks_the_provider_once_about_who_told_it_to_stop(
    database: Database, program_id: UUID
) -> None:
    await listen(database, program_id, "message.failed", "message.unsubscribed")
    person, relative = [await texted(database, program_id) for _ in range(2)]
    refusing = Provider(lambda message: OPTED_OUT)
    first = await add_run_to(database, [person], channel=Channel.SMS)
    await carry_out(database, first, refusing)
    assert await ledger(database, first) == [("failed", "unsubscribed", ERROR)]
    assert await suppressions_of(database, program_id) == [("sms", "+15005550004", "unsubscribe")]
    for one in (person, relative):
        assert await consent_of(database, one) == NO_TEXTS
    message = await message_of_run(database, first)
    assert (message.status, message.error) == ("failed", ERROR)
    assert message.unsubscribed_at is not None
    assert [event.type for event in await told(database, program_id)] == [
        "message.unsubscribed",
        "message.failed",
    ]

    second = await add_run_to(database, [person, relative], channel=Channel.SMS)
    await carry_out(database, second, refusing)
    assert await ledger(database, second) == [("skipped", "no_consent", None)] * 2
    assert len(refusing.handed) == 1


async def test_so_does_the_queue(database: Database, program_id: UUID) -> None:
    person = await texted(database, program_id)
    refusing = Provider(lambda message: OPTED_OUT)
    messages = [message_to(person, channel=Channel.SMS, recipient=person.phone) for _ in range(2)]
    for message in messages:
        await queue(database, message)
        await dispatch(database, program_id, refusing)
    statuses = [(await message_now(database, message.id)).status for message in messages]
    assert statuses == ["failed", "skipped"]
    assert len(refusing.handed) == 1
    assert await consent_of(database, person) == NO_TEXTS


async def test_who_did_not_want_it_holds_no_run(database: Database, program_id: UUID) -> None:
    await set_sending(database, program_id, {"hold_after_failures": {"percentage": 50, "of_last": 10}})
    people = [await texted(database, program_id, f"+3461234560{at}") for at in range(10)]
    run_id = await add_run_to(database, people, channel=Channel.SMS)
    await carry_out(database, run_id, Provider(lambda message: OPTED_OUT))
    assert len(await suppressions_of(database, program_id)) == 10
    async with database.transaction() as session:
        assert (await session.get_one(AutomationRun, run_id)).status == "executing"


async def test_of_an_owner_who_was_erased_meanwhile_no_number_is_kept(
    database: Database, program_id: UUID
) -> None:
    person = await texted(database, program_id)
    message_id = await keep_message_to(database, person, channel="sms", recipient=person.phone)
    async with database.transaction() as session:
        await erase_participant(session, program_id, person.id)
    for _ in range(2):
        async with database.transaction() as session:
            await remember_opt_out(session, message_id, "+15005550004", datetime.now(UTC))
    ((channel, address, reason),) = await suppressions_of(database, program_id)
    assert (channel, reason, is_erased(address)) == ("sms", "unsubscribe", True)
