"""The messages of a run, and people who are erased while they are sent."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlmodel import col, select
from temporalio.exceptions import ApplicationError

from channels import EmailChannel
from channels.channel import Delivery, DeliveryProblem, InDoubt
from domain.actions import Channel, SendMessage
from domain.delivery_policy import DeliveryPolicy
from domain.outcomes import UNSETTLED
from runtime.settings import Settings
from store.database import Database
from store.message_templates import keep_version
from store.participants import erase_participant
from store.tables import AutomationRun, Message, MessageTemplate, Participant, RunParticipant
from tests.activities.message_provider import (
    AWAY,
    IN_DOUBT,
    REFUSED,
    SENT,
    Provider,
    add_mailable_run,
    mail_run,
)


async def ledger_of(database: Database, run_id: UUID) -> list[tuple[str, str | None, str | None]]:
    """Outcome, reason and error of each row."""
    async with database.transaction() as session:
        rows = [await session.get_one(RunParticipant, (run_id, seq)) for seq in range(2)]
    return [(row.outcome, row.reason, row.error) for row in rows]


async def messages_of_run(database: Database, run_id: UUID) -> dict[UUID | None, Message]:
    async with database.transaction() as session:
        found = await session.exec(select(Message).where(col(Message.run_id) == run_id))
        return {message.participant_id: message for message in found}


async def test_whoever_is_being_erased_is_not_sent_to_and_nothing_is_written_of_them(
    database: Database, program_id: UUID
) -> None:
    provider = Provider()
    run_id, (leaving, staying) = await add_mailable_run(database, program_id)
    async with database.transaction() as erasing:
        await erase_participant(erasing, program_id, leaving)
        await mail_run(database, run_id, provider)
    assert [message.recipient for message in provider.handed] == ["1@example.com"]
    assert await ledger_of(database, run_id) == [
        ("skipped", "participant_deleted", None),
        ("sent", None, None),
    ]
    assert set(await messages_of_run(database, run_id)) == {staying}


async def test_what_a_provider_says_of_somebody_erased_meanwhile_is_not_kept(
    database: Database, program_id: UUID
) -> None:
    provider = Provider(lambda message: REFUSED)
    provider.open.clear()
    run_id, (leaving, staying) = await add_mailable_run(database, program_id)
    sending = asyncio.create_task(mail_run(database, run_id, provider))
    await provider.was_handed(2)
    async with database.transaction() as erasing:
        await erase_participant(erasing, program_id, leaving)
    provider.open.set()
    await sending
    assert await ledger_of(database, run_id) == [
        ("failed", "recipient_refused", None),
        ("failed", "recipient_refused", REFUSED.error),
    ]
    messages = await messages_of_run(database, run_id)
    assert (messages[leaving].recipient, messages[leaving].subject, messages[leaving].error) == (
        "",
        None,
        None,
    )
    assert (messages[staying].recipient, messages[staying].error) == ("1@example.com", REFUSED.error)


async def test_an_address_that_is_none_has_failed_without_a_provider(
    database: Database, program_id: UUID
) -> None:
    run_id, people = await add_mailable_run(database, program_id)
    async with database.transaction() as session:
        for person in people:
            (await session.get_one(Participant, person)).email = "ana@nowhere"
    # Nobody listens there.
    await mail_run(database, run_id, EmailChannel(Settings(database_url="postgresql://x@x/x", smtp_port=1)))
    assert await ledger_of(database, run_id) == [("failed", "invalid_address", "Invalid email address")] * 2
    messages = (await messages_of_run(database, run_id)).values()
    assert {(one.status, one.recipient, one.error) for one in messages} == {
        ("failed", "ana@nowhere", "Invalid email address")
    }


async def test_a_message_that_comes_out_empty_has_failed_without_a_provider(
    database: Database, program_id: UUID
) -> None:
    run_id, _ = await add_mailable_run(database, program_id)
    nothing = SendMessage(
        type="send_message", channel=Channel.EMAIL, subject="{{ payload.none }}", body=" {{ payload.none }}\n"
    )
    provider = Provider()
    await mail_run(database, run_id, provider, action=nothing)
    assert (
        await ledger_of(database, run_id) == [("failed", "template_error", "the message comes out empty")] * 2
    )
    assert provider.handed == []
    assert await messages_of_run(database, run_id) == {}


async def test_what_the_provider_calls_a_message_is_kept(database: Database, program_id: UUID) -> None:
    provider = Provider(lambda message: replace(SENT, provider_id=f"SM{message.message_id.hex}"))
    run_id, _ = await add_mailable_run(database, program_id)
    await mail_run(database, run_id, provider)
    messages = (await messages_of_run(database, run_id)).values()
    assert {one.provider_id for one in messages} == {f"SM{one.id.hex}" for one in messages}


async def left_by_a_dead_attempt(database: Database, run_id: UUID) -> None:
    """Both messages of the run are claimed, and nobody will settle them."""
    provider = Provider()
    provider.open.clear()
    sending = asyncio.create_task(mail_run(database, run_id, provider))
    await provider.was_handed(2)
    sending.cancel()
    # A cancellation waits for what has begun, so it is told that nothing is known of it, and that is undone.
    provider.answer = lambda message: IN_DOUBT
    provider.open.set()
    with suppress(asyncio.CancelledError):
        await sending
    async with database.transaction() as session:
        await session.execute(
            text("UPDATE run_participant SET outcome = 'sending', error = NULL WHERE run_id = :run"),
            {"run": run_id},
        )
        await session.execute(
            text(
                "UPDATE message SET status = 'sending', error = NULL, settled_at = NULL WHERE run_id = :run"
            ),
            {"run": run_id},
        )


async def test_what_the_provider_says_it_took_from_a_dead_attempt_is_sent(
    database: Database, program_id: UUID
) -> None:
    run_id, _ = await add_mailable_run(database, program_id)
    await left_by_a_dead_attempt(database, run_id)

    def first_only(send: InDoubt) -> Delivery | None:
        return replace(SENT, provider_id="SM0") if send.message.recipient == "0@example.com" else None

    provider = Provider(tell=first_only)
    await mail_run(database, run_id, provider)
    assert provider.handed == []
    assert await ledger_of(database, run_id) == [("sent", None, None), ("unknown", None, UNSETTLED)]
    messages = (await messages_of_run(database, run_id)).values()
    assert {(one.recipient, one.status, one.provider_id) for one in messages} == {
        ("0@example.com", "sent", "SM0"),
        ("1@example.com", "unknown", None),
    }
    assert {asked.message.body for asked in provider.asked} == {"Hello"}


async def test_a_run_waits_as_long_as_the_provider_wants_to_be_left_alone(
    database: Database, program_id: UUID
) -> None:
    run_id, _ = await add_mailable_run(database, program_id)
    busy = replace(AWAY, problem=DeliveryProblem.RATE_LIMITED, retry_after=timedelta(seconds=90))
    with pytest.raises(ApplicationError) as raised:
        await mail_run(database, run_id, Provider(lambda message: busy))
    assert (raised.value.type, raised.value.next_retry_delay) == ("unavailable", timedelta(seconds=90))
    assert {outcome for outcome, _, _ in await ledger_of(database, run_id)} == {"pending"}
    with pytest.raises(ApplicationError) as raised:
        await mail_run(database, run_id, untouched := Provider())
    assert raised.value.next_retry_delay is not None
    assert timedelta(seconds=60) < raised.value.next_retry_delay <= timedelta(seconds=90)
    assert untouched.handed == []
    async with database.transaction() as session:
        await session.execute(text("DELETE FROM channel_pace"))
    await mail_run(database, run_id, Provider())
    assert {outcome for outcome, _, _ in await ledger_of(database, run_id)} == {"sent"}


async def test_a_send_of_a_run_that_broke_off_is_repeated_where_the_receiver_tells_repeats(
    database: Database, program_id: UUID
) -> None:
    run_id, _ = await add_mailable_run(database, program_id)
    provider = Provider(lambda message: IN_DOUBT)
    with pytest.raises(ApplicationError):
        await mail_run(database, run_id, provider, DeliveryPolicy.EXACTLY_ONCE)
    provider.answer = lambda message: SENT
    await mail_run(database, run_id, provider, DeliveryPolicy.EXACTLY_ONCE)
    assert {outcome for outcome, _, _ in await ledger_of(database, run_id)} == {"sent"}
    keys = [message.message_id for message in provider.handed]
    assert sorted(keys[:2]) == sorted(keys[2:])


async def test_a_run_sends_the_version_of_its_template_that_it_began_with(
    database: Database, program_id: UUID
) -> None:
    template = MessageTemplate(
        program_id=program_id,
        name="Greeting",
        channel="email",
        default_locale="en",
        contents={"en": {"subject": "First", "html": "<p>{{ participant.email }}</p>"}},
    )
    run_id, _ = await add_mailable_run(database, program_id)
    async with database.transaction() as session:
        session.add(template)
        await session.flush()
        keep_version(session, template, datetime.now(UTC))
        (await session.get_one(AutomationRun, run_id)).template_version = 1
        template.version, template.contents = 2, {"en": {"subject": "Second", "body": "x"}}
        keep_version(session, template, datetime.now(UTC))
    provider = Provider()
    action = SendMessage(type="send_message", channel=Channel.EMAIL, template_id=template.id)
    await mail_run(database, run_id, provider, action=action)
    assert {(one.subject, one.body, one.options.html) for one in provider.handed} == {
        ("First", f"{number}@example.com", f"<p>{number}@example.com</p>") for number in range(2)
    }
    messages = (await messages_of_run(database, run_id)).values()
    assert {one.template_id for one in messages} == {template.id}
