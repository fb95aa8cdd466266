"""The outbox of webhooks: written with the fact, read in order, settled once."""

import base64
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlmodel import col, select

from domain.wake_up import Sleeper, WakeUp
from domain.webhooks import (
    OLD_SECRET_LIFETIME,
    DisabledReason,
    Verdict,
    WebhookDeliveryStatus,
    WebhookType,
)
from store.database import Database
from store.tables import Program, WebhookDelivery, WebhookEndpoint
from store.waking import wake_ups
from store.webhook_announcing import announce
from store.webhook_deliveries import (
    AttemptRecord,
    add_test,
    begin_anew,
    discard_deliveries,
    due_deliveries,
    next_due_at,
    overdue_endpoints,
    record_attempt,
)
from store.webhooks import (
    disable_endpoint,
    hold_endpoint,
    new_secret,
    note_failure,
    note_success,
    rotate_secret,
    signing_secrets,
)

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
DELIVERED = Verdict(WebhookDeliveryStatus.DELIVERED)
LATER = Verdict(WebhookDeliveryStatus.PENDING, NOW + timedelta(minutes=5))


async def add_endpoint(
    database: Database, program_id: UUID, *types: WebhookType, enabled: bool = True
) -> UUID:
    endpoint = WebhookEndpoint(
        program_id=program_id,
        url="https://example.com/",
        secret=new_secret(),
        event_types=list(types),
        enabled=enabled,
    )
    async with database.transaction() as session:
        session.add(endpoint)
    return endpoint.id


async def tell(
    database: Database, program_id: UUID, type_: WebhookType = WebhookType.RUN_STARTED
) -> set[UUID]:
    """The endpoints that are woken."""
    async with database.transaction() as session:
        await announce(session, program_id, type_, uuid4(), {"run_id": "1"})
    assert all(wake_up.sleeper is Sleeper.WEBHOOK for wake_up in wake_ups(session))
    return {wake_up.id for wake_up in wake_ups(session)}


async def deliveries(database: Database, endpoint_id: UUID) -> list[WebhookDelivery]:
    async with database.transaction() as session:
        statement = select(WebhookDelivery).where(col(WebhookDelivery.endpoint_id) == endpoint_id)
        return list((await session.exec(statement.order_by(col(WebhookDelivery.seq)))).all())


async def the_delivery(database: Database, endpoint_id: UUID) -> WebhookDelivery:
    (found,) = await deliveries(database, endpoint_id)
    return found


async def settle(database: Database, delivery: WebhookDelivery, number: int, verdict: Verdict) -> bool:
    attempt = AttemptRecord(delivery.id, number, NOW, verdict, 200, None, None)
    async with database.transaction() as session:
        return await record_attempt(session, attempt)


async def test_each_endpoint_that_wants_the_type_gets_the_same_message(
    database: Database, program_id: UUID
) -> None:
    everything = await add_endpoint(database, program_id)
    wanted = await add_endpoint(database, program_id, WebhookType.RUN_STARTED, WebhookType.RUN_FAILED)
    other = await add_endpoint(database, program_id, WebhookType.RUN_FAILED)
    off = await add_endpoint(database, program_id, enabled=False)
    async with database.transaction() as session:
        elsewhere = Program(name="Elsewhere")
        session.add(elsewhere)
    foreign = await add_endpoint(database, elsewhere.id)
    assert await tell(database, program_id) == {everything, wanted}
    messages = {(await the_delivery(database, endpoint)).message_id for endpoint in (everything, wanted)}
    assert len(messages) == 1
    for endpoint in (other, off, foreign):
        assert await deliveries(database, endpoint) == []
    told = await the_delivery(database, wanted)
    assert told.data == {"program_id": str(program_id), "run_id": "1"}
    assert (told.type, told.status, told.attempts) == ("run.started", "pending", 0)


async def test_a_program_without_endpoints_tells_nobody(database: Database, program_id: UUID) -> None:
    assert await tell(database, program_id) == set()


async def test_what_did_not_happen_is_not_announced(database: Database, program_id: UUID) -> None:
    endpoint = await add_endpoint(database, program_id)
    with pytest.raises(RuntimeError):
        async with database.transaction() as session:
            await announce(session, program_id, WebhookType.RUN_STARTED, uuid4(), {})
            raise RuntimeError
    assert await deliveries(database, endpoint) == []


async def test_who_commits_learns_whom_to_wake_and_who_fails_does_not(
    database: Database, database_url: str, program_id: UUID
) -> None:
    endpoint = await add_endpoint(database, program_id)
    woken: list[set[WakeUp]] = []
    listening = Database(database_url, pool_size=2)
    listening.after_commit = lambda session: woken.append(wake_ups(session))
    await tell(listening, program_id)
    with pytest.raises(RuntimeError):
        async with listening.transaction() as session:
            await announce(session, program_id, WebhookType.RUN_STARTED, uuid4(), {})
            raise RuntimeError
    await listening.close()
    assert woken == [{WakeUp(Sleeper.WEBHOOK, endpoint)}]


async def test_what_is_due_comes_in_the_order_in_which_it_was_announced(
    database: Database, program_id: UUID
) -> None:
    endpoint = await add_endpoint(database, program_id)
    types = [WebhookType.RUN_STARTED, WebhookType.RUN_COMPLETED, WebhookType.AUTOMATION_COMPLETED]
    async with database.transaction() as session:
        for type_ in types:
            await announce(session, program_id, type_, uuid4(), {})
    now = datetime.now(UTC)
    async with database.transaction() as session:
        due = await due_deliveries(session, endpoint, now, 10)
        first = await due_deliveries(session, endpoint, now, 1)
        early = await due_deliveries(session, endpoint, now - timedelta(hours=1), 10)
    assert [delivery.type for delivery in due] == types
    assert [delivery.type for delivery in first] == types[:1]
    assert early == []


async def test_an_attempt_is_recorded_once(database: Database, program_id: UUID) -> None:
    endpoint = await add_endpoint(database, program_id)
    await tell(database, program_id)
    delivery = await the_delivery(database, endpoint)
    assert await settle(database, delivery, 1, LATER)
    assert not await settle(database, delivery, 1, DELIVERED)
    waiting = await the_delivery(database, endpoint)
    assert (waiting.status, waiting.attempts, waiting.next_attempt_at) == (
        "pending",
        1,
        LATER.next_attempt_at,
    )
    assert await settle(database, delivery, 2, DELIVERED)
    assert not await settle(database, delivery, 3, LATER)
    assert (await the_delivery(database, endpoint)).status == "delivered"


async def test_the_next_attempt_is_the_earliest_of_those_that_wait(
    database: Database, program_id: UUID
) -> None:
    endpoint = await add_endpoint(database, program_id)
    async with database.transaction() as session:
        assert await next_due_at(session, endpoint) is None
    await tell(database, program_id)
    delivery = await the_delivery(database, endpoint)
    await settle(database, delivery, 1, LATER)
    async with database.transaction() as session:
        assert await next_due_at(session, endpoint) == LATER.next_attempt_at
    await settle(database, delivery, 2, DELIVERED)
    async with database.transaction() as session:
        assert await next_due_at(session, endpoint) is None


async def test_a_message_is_sent_again_under_its_own_id(database: Database, program_id: UUID) -> None:
    endpoint = await add_endpoint(database, program_id)
    await tell(database, program_id)
    delivery = await the_delivery(database, endpoint)
    await settle(database, delivery, 1, DELIVERED)
    async with database.transaction() as session:
        begin_anew(session, await session.get_one(WebhookDelivery, delivery.id), NOW)
    again = await the_delivery(database, endpoint)
    assert (again.message_id, again.status, again.attempts) == (delivery.message_id, "pending", 0)
    assert wake_ups(session) == {WakeUp(Sleeper.WEBHOOK, endpoint)}


async def test_a_test_goes_to_one_endpoint_whatever_it_wants(database: Database, program_id: UUID) -> None:
    endpoint = await add_endpoint(database, program_id, WebhookType.RUN_FAILED)
    other = await add_endpoint(database, program_id)
    async with database.transaction() as session:
        await add_test(session, await session.get_one(WebhookEndpoint, endpoint), NOW)
    assert (await the_delivery(database, endpoint)).type == "webhook.test"
    assert await deliveries(database, other) == []


async def test_upkeep_finds_what_should_have_been_sent_and_leaves_what_waits(
    database: Database, program_id: UUID
) -> None:
    forgotten = await add_endpoint(database, program_id)
    await tell(database, program_id)
    waiting, off = await add_endpoint(database, program_id), await add_endpoint(database, program_id)
    await tell(database, program_id)
    future = Verdict(WebhookDeliveryStatus.PENDING, datetime.now(UTC) + timedelta(hours=5))
    await settle(database, await the_delivery(database, waiting), 1, future)
    async with database.transaction() as session:
        await disable_endpoint(session, off, DisabledReason.GONE, NOW)
    async with database.transaction() as session:
        found = await overdue_endpoints(session, datetime.now(UTC) + timedelta(minutes=1), 10_000)
        not_yet = await overdue_endpoints(session, datetime.now(UTC) - timedelta(minutes=1), 10_000)
    assert set(found) & {forgotten, waiting, off} == {forgotten}
    assert forgotten not in not_yet


async def test_since_when_nothing_arrives_is_remembered_until_something_does(
    database: Database, program_id: UUID
) -> None:
    endpoint = await add_endpoint(database, program_id)
    async with database.transaction() as session:
        assert await note_failure(session, endpoint, NOW) == NOW
        assert await note_failure(session, endpoint, NOW + timedelta(hours=1)) == NOW
        await note_success(session, endpoint)
        assert await note_failure(session, endpoint, NOW + timedelta(hours=2)) == NOW + timedelta(hours=2)
        assert not await hold_endpoint(session, uuid4())


async def test_old_deliveries_are_forgotten(database: Database, program_id: UUID) -> None:
    endpoint = await add_endpoint(database, program_id)
    await tell(database, program_id)
    async with database.transaction() as session:
        await discard_deliveries(session, datetime.now(UTC) - timedelta(hours=1))
    assert len(await deliveries(database, endpoint)) == 1
    async with database.transaction() as session:
        delivery = await session.get_one(WebhookDelivery, (await deliveries(database, endpoint))[0].id)
        delivery.created_at = datetime(2020, 1, 1, tzinfo=UTC)
    async with database.transaction() as session:
        await discard_deliveries(session, datetime(2020, 1, 2, tzinfo=UTC))
    assert await deliveries(database, endpoint) == []


def test_a_secret_is_32_random_bytes_in_the_notation_of_the_standard() -> None:
    one, other = new_secret(), new_secret()
    assert one != other
    assert one.startswith("whsec_")
    assert len(base64.b64decode(one.removeprefix("whsec_"), validate=True)) == 32


def test_after_a_rotation_the_old_secret_signs_too_for_a_day_and_the_one_before_it_never() -> None:
    endpoint = WebhookEndpoint(program_id=uuid4(), url="https://example.com/", secret="whsec_first")
    assert signing_secrets(endpoint, NOW) == ["whsec_first"]
    rotate_secret(endpoint, NOW)
    second = endpoint.secret
    assert signing_secrets(endpoint, NOW) == [second, "whsec_first"]
    rotate_secret(endpoint, NOW)
    assert signing_secrets(endpoint, NOW) == [endpoint.secret, second]
    assert signing_secrets(endpoint, NOW + OLD_SECRET_LIFETIME) == [endpoint.secret]


def test_a_secret_does_not_show_in_logs() -> None:
    endpoint = WebhookEndpoint(program_id=uuid4(), url="https://example.com/", secret="whsec_first")
    rotate_secret(endpoint, NOW)
    assert "whsec_" not in repr(endpoint)
