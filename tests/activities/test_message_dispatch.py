"""Handing over queued messages: once, later while nobody takes them, and not to people who went away."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from temporalio.client import Client
from temporalio.testing import ActivityEnvironment

from activities.message_dispatch import BATCH, MessageDispatchActivities
from channels import EmailChannel
from channels.channel import DeliveryProblem, Outgoing
from domain.actions import Channel
from domain.activity_contract import DeliveryRound
from domain.contract import messages_workflow_id
from domain.delivery_policy import DeliveryPolicy
from domain.message_options import MessageOptions
from domain.messages import FIRST_RETRY, GIVE_UP_AFTER
from runtime.settings import Settings
from store.database import Database
from store.tables import Participant, Program
from tests.activities.message_provider import (
    AWAY,
    IN_DOUBT,
    REFUSED,
    SENT,
    Provider,
    dispatch,
    dispatch_with,
    resources_with,
)
from tests.fixtures.queued_messages import (
    add_person,
    change_message,
    message_to,
    messages_of,
    queue,
    the_message,
)


@pytest.fixture
async def fresh_pace(database: Database) -> AsyncIterator[None]:
    """Whatever the test makes the channels wait for, others do not."""
    yield
    async with database.transaction() as session:
        await session.execute(text("DELETE FROM channel_pace"))


async def test_what_is_due_is_handed_over_and_its_text_forgotten(
    database: Database, program_id: UUID
) -> None:
    person, provider = await add_person(database, program_id), Provider()
    message = message_to(person)
    await queue(database, message)
    assert await dispatch(database, program_id, provider) == DeliveryRound(next_due_at=None)
    assert provider.handed == [Outgoing(message.id, str(person.email), "Welcome", "Glad to have you")]
    sent = await the_message(database, program_id)
    assert (sent.status, sent.attempts, sent.error, sent.claim, sent.body) == ("sent", 1, None, None, None)
    assert sent.settled_at is not None
    async with database.transaction() as session:
        assert (await session.get_one(Participant, person.id)).last_contacted_at is not None
    await dispatch(database, program_id, provider)
    assert len(provider.handed) == 1


async def test_all_that_is_due_goes_out_in_one_round(database: Database, program_id: UUID) -> None:
    person, provider = await add_person(database, program_id), Provider()
    messages = [message_to(person) for _ in range(2 * BATCH + 1)]
    await queue(database, *messages)
    assert await dispatch(database, program_id, provider) == DeliveryRound(next_due_at=None)
    assert {one.message_id for one in provider.handed} == {message.id for message in messages}
    assert {one.status for one in await messages_of(database, program_id)} == {"sent"}


async def test_another_programs_messages_are_left_alone(database: Database, program_id: UUID) -> None:
    provider = Provider()
    await queue(database, message_to(await add_person(database, program_id)))
    await dispatch(database, uuid4(), provider)
    assert provider.handed == []


async def test_what_is_not_due_yet_is_waited_for(database: Database, program_id: UUID) -> None:
    provider, message = Provider(), message_to(await add_person(database, program_id))
    await queue(database, message)
    later = datetime.now(UTC) + timedelta(minutes=3)
    await change_message(database, message, available_at=later)
    assert await dispatch(database, program_id, provider) == DeliveryRound(next_due_at=later)
    assert provider.handed == []


async def test_what_the_provider_refuses_has_failed(database: Database, program_id: UUID) -> None:
    person, provider = await add_person(database, program_id), Provider(lambda message: REFUSED)
    await queue(database, message_to(person))
    assert await dispatch(database, program_id, provider) == DeliveryRound(next_due_at=None)
    failed = await the_message(database, program_id)
    assert (failed.status, failed.error, failed.body) == ("failed", REFUSED.error, None)
    async with database.transaction() as session:
        assert (await session.get_one(Participant, person.id)).last_contacted_at is None


async def test_an_address_that_is_none_has_failed_without_a_provider(
    database: Database, program_id: UUID
) -> None:
    person = await add_person(database, program_id)
    await queue(database, message_to(person, recipient="ana@nowhere"))
    # Nobody listens there.
    channel = EmailChannel(Settings(database_url="postgresql://x@x/x", smtp_port=1))
    assert await dispatch(database, program_id, channel) == DeliveryRound(next_due_at=None)
    failed = await the_message(database, program_id)
    assert (failed.status, failed.error) == ("failed", "Invalid email address")


async def test_a_message_takes_its_options_along_and_they_are_forgotten_with_its_text(
    database: Database, program_id: UUID
) -> None:
    person = await add_person(database, program_id)
    provider = Provider(lambda message: replace(SENT, provider_id="SM1"))
    options = MessageOptions(html="<p>Glad to have you</p>", content_variables={"1": "Ana"})
    await queue(database, message_to(person, options=options))
    assert (await the_message(database, program_id)).options == options.stored()
    await dispatch(database, program_id, provider)
    assert [one.options for one in provider.handed] == [options]
    sent = await the_message(database, program_id)
    assert (sent.status, sent.options, sent.provider_id) == ("sent", None, "SM1")


async def test_a_send_that_broke_off_is_in_doubt_and_is_not_repeated(
    database: Database, program_id: UUID
) -> None:
    provider = Provider(lambda message: IN_DOUBT)
    await queue(database, message_to(await add_person(database, program_id)))
    await dispatch(database, program_id, provider)
    await dispatch(database, program_id, provider, DeliveryPolicy.AT_LEAST_ONCE)
    assert (await the_message(database, program_id)).status == "unknown"
    assert len(provider.handed) == 1


async def test_while_nobody_takes_messages_one_batch_is_tried_and_each_waits(
    database: Database, program_id: UUID
) -> None:
    person, provider = await add_person(database, program_id), Provider(lambda message: AWAY)
    await queue(database, *(message_to(person) for _ in range(BATCH + 1)))
    before = datetime.now(UTC)
    assert (await dispatch(database, program_id, provider)).give_way
    assert len(provider.handed) == BATCH
    waiting = [one for one in await messages_of(database, program_id) if one.attempts]
    assert {(one.status, one.attempts, one.error, one.body) for one in waiting} == {
        ("queued", 1, "no connection", "Glad to have you")
    }
    assert all(one.available_at is not None and one.available_at >= before + FIRST_RETRY for one in waiting)
    assert {one.settled_at for one in waiting} == {None}


async def test_after_a_day_without_a_provider_a_message_has_failed(
    database: Database, program_id: UUID
) -> None:
    message, provider = message_to(await add_person(database, program_id)), Provider(lambda message: AWAY)
    await queue(database, message)
    await change_message(database, message, created_at=datetime.now(UTC) - GIVE_UP_AFTER, attempts=200)
    assert await dispatch(database, program_id, provider) == DeliveryRound(next_due_at=None)
    failed = await the_message(database, program_id)
    assert (failed.status, failed.error, failed.attempts) == ("failed", "no connection", 201)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"consent": {"email": "unsubscribed"}}, "no_consent"),
        ({"status": "SUSPENDED"}, "participant_not_active"),
    ],
)
async def test_whoever_does_not_want_it_any_more_does_not_get_it(
    database: Database, program_id: UUID, fields: dict[str, Any], reason: str
) -> None:
    provider = Provider()
    await queue(database, message_to(await add_person(database, program_id, **fields)))
    await dispatch(database, program_id, provider)
    skipped = await the_message(database, program_id)
    assert (skipped.status, skipped.error, skipped.body, provider.handed) == ("skipped", reason, None, [])


async def test_a_message_to_nobody_on_record_needs_no_consent(database: Database, program_id: UUID) -> None:
    provider, person = Provider(), await add_person(database, program_id, consent={})
    await queue(database, message_to(person, participant_id=None, recipient="ops@example.com"))
    await dispatch(database, program_id, provider)
    assert [one.recipient for one in provider.handed] == ["ops@example.com"]
    assert (await the_message(database, program_id)).status == "sent"


async def test_a_cancellation_waits_until_what_was_begun_is_settled(
    database: Database, program_id: UUID
) -> None:
    person, provider, environment = await add_person(database, program_id), Provider(), ActivityEnvironment()
    await queue(database, *(message_to(person) for _ in range(BATCH + 1)))
    provider.open.clear()
    sending = asyncio.create_task(dispatch(database, program_id, provider, environment=environment))
    await provider.was_handed(BATCH)
    environment.cancel()
    provider.open.set()
    with pytest.raises(asyncio.CancelledError):
        await sending
    statuses = [one.status for one in await messages_of(database, program_id)]
    assert sorted(statuses) == ["queued"] + ["sent"] * BATCH


async def test_a_worker_that_ends_begins_nothing_more(database: Database, program_id: UUID) -> None:
    person, provider, environment = await add_person(database, program_id), Provider(), ActivityEnvironment()
    await queue(database, *(message_to(person) for _ in range(BATCH + 1)))
    environment.worker_shutdown()
    done = await dispatch(database, program_id, provider, environment=environment)
    assert len(provider.handed) == BATCH
    assert done.next_due_at is not None


async def test_a_provider_that_asks_to_be_left_alone_is(
    database: Database, program_id: UUID, fresh_pace: None
) -> None:
    busy = replace(AWAY, problem=DeliveryProblem.RATE_LIMITED, retry_after=timedelta(minutes=3))
    await queue(database, message_to(await add_person(database, program_id)))
    before = datetime.now(UTC)
    await dispatch(database, program_id, Provider(lambda message: busy))
    waiting = await the_message(database, program_id)
    assert waiting.available_at is not None
    assert waiting.available_at >= before + timedelta(minutes=3)


async def test_a_limited_channel_takes_no_more_than_its_rate_and_the_others_go_on(
    database: Database, program_id: UUID, fresh_pace: None
) -> None:
    person = await add_person(
        database, program_id, phone="+34612345678", consent={"sms": "subscribed", "email": "subscribed"}
    )
    texts = [message_to(person, channel=Channel.SMS, recipient=person.phone) for _ in range(3)]
    await queue(database, *texts, *(message_to(person) for _ in range(3)))
    provider = Provider()
    resources = resources_with(database, provider, channel_rates={"sms": 0.001})
    done = await dispatch_with(resources, program_id)
    handed = [message.recipient for message in provider.handed]
    assert sorted(handed) == ["+34612345678"] + [person.email] * 3
    assert done.next_due_at is not None
    assert done.next_due_at > datetime.now(UTC) + timedelta(minutes=10)
    assert not done.give_way


async def test_once_a_provider_wants_to_be_left_alone_no_program_asks_it(
    database: Database, program_id: UUID, fresh_pace: None
) -> None:
    busy = replace(AWAY, problem=DeliveryProblem.RATE_LIMITED, retry_after=timedelta(minutes=3))
    async with database.transaction() as session:
        other = Program(name="Elsewhere")
        session.add(other)
    for program in (program_id, other.id):
        await queue(database, message_to(await add_person(database, program)))
    await dispatch(database, program_id, Provider(lambda message: busy))
    provider = Provider()
    done = await dispatch(database, other.id, provider)
    assert provider.handed == []
    assert done.next_due_at is not None
    assert done.next_due_at > datetime.now(UTC) + timedelta(minutes=2)
    waiting = await the_message(database, other.id)
    assert (waiting.status, waiting.attempts) == ("queued", 0)


async def test_upkeep_starts_the_messages_that_nobody_was_told_of(
    database: Database, program_id: UUID, temporal: Client
) -> None:
    await queue(database, message_to(await add_person(database, program_id)))
    activities = MessageDispatchActivities(resources_with(database, Provider(), temporal=temporal))

    async def attend(now: datetime) -> int:
        return await activities.attend(now)

    assert await ActivityEnvironment().run(attend, datetime.now(UTC) + timedelta(minutes=1)) >= 1
    handle = temporal.get_workflow_handle(messages_workflow_id(program_id))
    assert (await handle.describe()).workflow_type == "MessageDispatchWorkflow"
