"""Delivering webhooks: each until it arrives, several receivers' faults included."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio.client import Client
from temporalio.testing import ActivityEnvironment

from activities import Resources
from activities.webhooks import SENT_AT_ONCE, WebhookActivities
from channels.webhook import WebhookSender
from domain.activity_contract import DeliverWebhooks, DeliveryRound
from domain.contract import webhook_workflow_id
from domain.webhooks import RETRY_DELAYS, WebhookType
from runtime.settings import Settings
from store.database import Database
from store.tables import WebhookDelivery, WebhookEndpoint
from store.webhook_announcing import announce
from store.webhook_deliveries import add_test
from store.webhooks import lock_endpoint, new_secret, rotate_secret
from tests.fixtures.webhook_receiver import WebhookReceiver, cut, hang, reply, webhook_receiver
from tests.store.test_webhooks import deliveries, the_delivery

ORGANIZATION = uuid4()


@pytest.fixture
async def receiver() -> AsyncIterator[WebhookReceiver]:
    async with webhook_receiver() as receiver:
        yield receiver


def activities_of(database: Database, temporal: Any = None, timeout: float = 0.5) -> WebhookActivities:
    settings = Settings(
        database_url=database.engine.url.render_as_string(hide_password=False),
        organization_id=ORGANIZATION,
        webhook_timeout_seconds=timeout,
        webhook_allow_http=True,
        webhook_allow_private_addresses=True,
    )
    sender = WebhookSender(settings.destination_rules, settings.webhook_timeout_seconds)
    return WebhookActivities(Resources(settings, database, temporal, {}, sender))


async def deliver(database: Database, endpoint: WebhookEndpoint) -> DeliveryRound:
    body = activities_of(database).deliver_webhooks
    done = await ActivityEnvironment().run(body, DeliverWebhooks(endpoint_id=endpoint.id))
    assert isinstance(done, DeliveryRound)
    return done


async def endpoint_at(database: Database, program_id: UUID, url: str) -> WebhookEndpoint:
    endpoint = WebhookEndpoint(program_id=program_id, url=url, secret=new_secret())
    async with database.transaction() as session:
        session.add(endpoint)
    return endpoint


async def announce_some(
    database: Database, program_id: UUID, count: int = 1, subject: UUID | None = None
) -> None:
    async with database.transaction() as session:
        for number in range(count):
            about = subject or uuid4()
            await announce(session, program_id, WebhookType.RUN_STARTED, about, {"number": number})


async def reread(database: Database, endpoint: WebhookEndpoint) -> WebhookEndpoint:
    async with database.transaction() as session:
        return await session.get_one(WebhookEndpoint, endpoint.id)


async def make_due(database: Database, delivery: WebhookDelivery, **fields: Any) -> None:
    async with database.transaction() as session:
        row = await session.get_one(WebhookDelivery, delivery.id)
        for name, value in {"next_attempt_at": datetime.now(UTC), **fields}.items():
            setattr(row, name, value)


async def test_what_is_due_is_sent_signed_in_the_envelope(
    database: Database, program_id: UUID, receiver: WebhookReceiver
) -> None:
    endpoint = await endpoint_at(database, program_id, receiver.url)
    await announce_some(database, program_id)
    assert await deliver(database, endpoint) == DeliveryRound(next_due_at=None)
    (received,) = receiver.received
    delivery = await the_delivery(database, endpoint.id)
    assert received.verified(endpoint.secret) == {
        "id": str(delivery.message_id),
        "type": "run.started",
        "api_version": "2026-03-01",
        "created_at": delivery.created_at.isoformat().replace("+00:00", "Z"),
        "organization_id": str(ORGANIZATION),
        "data": {"program_id": str(program_id), "number": 0},
    }
    assert received.message_id == str(delivery.message_id)
    assert (delivery.status, delivery.attempts, delivery.last_response_status) == ("delivered", 1, 200)
    assert delivery.next_attempt_at is None


async def test_a_message_that_fails_is_sent_again_later_unchanged(
    database: Database, program_id: UUID, receiver: WebhookReceiver
) -> None:
    endpoint = await endpoint_at(database, program_id, receiver.url)
    await announce_some(database, program_id)
    receiver.replies.extend([reply(500, b"out of order"), cut])
    for attempt in range(2):
        before = datetime.now(UTC)
        done = await deliver(database, endpoint)
        waiting = await the_delivery(database, endpoint.id)
        assert done == DeliveryRound(next_due_at=waiting.next_attempt_at)
        assert waiting.next_attempt_at is not None
        assert waiting.next_attempt_at >= before + RETRY_DELAYS[attempt]
        assert (waiting.status, waiting.attempts) == ("pending", attempt + 1)
        if attempt == 0:
            assert (waiting.last_response_status, waiting.last_response_excerpt) == (500, "out of order")
        else:
            assert waiting.last_response_status is None
            assert waiting.last_error is not None
        assert (await reread(database, endpoint)).failing_since is not None
        await make_due(database, waiting)
    await deliver(database, endpoint)
    first, second, third = receiver.received
    assert first.body == second.body == third.body
    assert first.message_id == second.message_id == third.message_id
    delivered = await the_delivery(database, endpoint.id)
    assert (delivered.status, delivered.attempts, delivered.last_error) == ("delivered", 3, None)
    assert (await reread(database, endpoint)).failing_since is None


async def test_after_the_last_attempt_the_delivery_has_failed(
    database: Database, program_id: UUID, receiver: WebhookReceiver
) -> None:
    endpoint = await endpoint_at(database, program_id, receiver.url)
    await announce_some(database, program_id)
    await make_due(database, await the_delivery(database, endpoint.id), attempts=len(RETRY_DELAYS))
    receiver.always = reply(500)
    assert await deliver(database, endpoint) == DeliveryRound(next_due_at=None)
    assert (await the_delivery(database, endpoint.id)).status == "failed"


async def test_an_endpoint_that_answers_410_is_switched_off_and_gets_nothing_more(
    database: Database, program_id: UUID, receiver: WebhookReceiver
) -> None:
    endpoint = await endpoint_at(database, program_id, receiver.url)
    receiver.always = reply(410)
    await announce_some(database, program_id)
    await deliver(database, endpoint)
    off = await reread(database, endpoint)
    assert (off.enabled, off.disabled_reason) == (False, "gone")
    assert (await the_delivery(database, endpoint.id)).status == "failed"
    await announce_some(database, program_id)
    assert len(await deliveries(database, endpoint.id)) == 1


async def test_an_endpoint_where_nothing_arrived_for_days_is_switched_off(
    database: Database, program_id: UUID, receiver: WebhookReceiver
) -> None:
    endpoint = await endpoint_at(database, program_id, receiver.url)
    await announce_some(database, program_id)
    receiver.always = reply(503)
    async with database.transaction() as session:
        row = await session.get_one(WebhookEndpoint, endpoint.id)
        row.failing_since = datetime.now(UTC) - timedelta(days=3)
    await deliver(database, endpoint)
    off = await reread(database, endpoint)
    assert (off.enabled, off.disabled_reason) == (False, "failing")
    waiting = await the_delivery(database, endpoint.id)
    assert waiting.status == "pending"
    await make_due(database, waiting)
    assert await deliver(database, endpoint) == DeliveryRound(next_due_at=None)
    assert len(receiver.received) == 1


async def test_a_test_that_fails_is_over_and_says_nothing_about_the_endpoint(
    database: Database, program_id: UUID, receiver: WebhookReceiver
) -> None:
    endpoint = await endpoint_at(database, program_id, receiver.url)
    receiver.always = reply(500)
    async with database.transaction() as session:
        await add_test(session, endpoint, datetime.now(UTC))
    assert await deliver(database, endpoint) == DeliveryRound(next_due_at=None)
    assert (await the_delivery(database, endpoint.id)).status == "failed"
    assert (await reread(database, endpoint)).failing_since is None


async def test_after_a_rotation_messages_carry_both_signatures(
    database: Database, program_id: UUID, receiver: WebhookReceiver
) -> None:
    endpoint = await endpoint_at(database, program_id, receiver.url)
    async with database.transaction() as session:
        rotated = await session.get_one(WebhookEndpoint, endpoint.id)
        rotate_secret(rotated, datetime.now(UTC))
    await announce_some(database, program_id)
    await deliver(database, endpoint)
    (received,) = receiver.received
    assert received.verified(rotated.secret) == received.verified(endpoint.secret)


async def test_messages_about_one_subject_arrive_in_order_and_none_is_left(
    database: Database, program_id: UUID, receiver: WebhookReceiver
) -> None:
    endpoint = await endpoint_at(database, program_id, receiver.url)
    await announce_some(database, program_id, 100, subject=uuid4())
    assert await deliver(database, endpoint) == DeliveryRound(next_due_at=None)
    assert [one.message["data"]["number"] for one in receiver.received] == list(range(100))


async def test_a_receiver_that_hangs_gives_way_with_everything_unsent_still_due(
    database: Database, program_id: UUID, receiver: WebhookReceiver
) -> None:
    endpoint = await endpoint_at(database, program_id, receiver.url)
    await announce_some(database, program_id, 50)
    receiver.always = hang
    done = await deliver(database, endpoint)
    assert done.give_way
    assert done.next_due_at is not None
    assert len(receiver.received) <= SENT_AT_ONCE
    tried = [delivery for delivery in await deliveries(database, endpoint.id) if delivery.attempts]
    assert len(tried) == len(receiver.received)
    receiver.always = reply(200)
    await deliver(database, endpoint)
    untried = [delivery for delivery in await deliveries(database, endpoint.id) if not delivery.attempts]
    assert untried == []


async def test_a_send_that_is_interrupted_is_made_again_under_the_same_id(
    database: Database, program_id: UUID, receiver: WebhookReceiver
) -> None:
    endpoint = await endpoint_at(database, program_id, receiver.url)
    await announce_some(database, program_id)
    receiver.replies.append(hang)
    patient = activities_of(database, timeout=60).deliver_webhooks
    environment = ActivityEnvironment()
    sending = asyncio.create_task(environment.run(patient, DeliverWebhooks(endpoint_id=endpoint.id)))
    await receiver.until_count(1)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert (await the_delivery(database, endpoint.id)).attempts == 0
    await deliver(database, endpoint)
    first, second = receiver.received
    assert (first.message_id, first.body) == (second.message_id, second.body)


@pytest.mark.parametrize("url", ["http://169.254.169.254/latest", "http://[::ffff:169.254.169.254]/"])
async def test_a_destination_that_is_not_allowed_is_never_sent_to(
    database: Database, program_id: UUID, url: str
) -> None:
    endpoint = await endpoint_at(database, program_id, url)
    await announce_some(database, program_id)
    await deliver(database, endpoint)
    refused = await the_delivery(database, endpoint.id)
    assert refused.last_error == "the URL leads to an address that is for metadata of a cloud"
    assert refused.last_response_status is None


async def test_of_an_endpoint_that_was_removed_nothing_is_left_to_do(database: Database) -> None:
    gone = WebhookEndpoint(program_id=uuid4(), url="https://example.com/", secret=new_secret())
    assert await deliver(database, gone) == DeliveryRound(next_due_at=None)


async def test_upkeep_starts_the_deliveries_that_nobody_was_told_of(
    database: Database, program_id: UUID, temporal: Client
) -> None:
    endpoint = await endpoint_at(database, program_id, "https://example.com/")
    await announce_some(database, program_id)
    activities = activities_of(database, temporal)

    async def attend(now: datetime) -> int:
        return await activities.attend(now)

    handle = temporal.get_workflow_handle(webhook_workflow_id(endpoint.id))
    assert await ActivityEnvironment().run(attend, datetime.now(UTC) + timedelta(minutes=1)) >= 1
    assert (await handle.describe()).workflow_type == "WebhookDeliveryWorkflow"


async def test_removing_an_endpoint_and_noting_that_nothing_arrives_there_do_not_wait_for_each_other(
    database: Database, program_id: UUID, receiver: WebhookReceiver
) -> None:
    endpoint = await endpoint_at(database, program_id, receiver.url)
    await announce_some(database, program_id)
    receiver.replies.append(reply(500, b"out of order"))
    async with database.transaction() as session:
        removed = await lock_endpoint(session, program_id, endpoint.id)
        assert removed is not None
        delivering = asyncio.create_task(deliver(database, endpoint))
        async with asyncio.timeout(10):
            while not await somebody_waits_for(session):
                await asyncio.sleep(0.01)
        await session.delete(removed)
    assert await delivering == DeliveryRound(next_due_at=None)


async def somebody_waits_for(session: AsyncSession) -> bool:
    held_by = text("SELECT count(*) FROM pg_locks WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))")
    return bool((await session.execute(held_by)).scalar_one())
