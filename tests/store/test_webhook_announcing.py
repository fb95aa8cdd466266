"""What rules announce: to one endpoint, and of many events at once."""

from uuid import UUID, uuid4

from domain.wake_up import Sleeper, WakeUp
from domain.webhooks import WebhookType
from store.database import Database
from store.tables import Program
from store.waking import wake_ups
from store.webhook_announcing import FinishedEvent, announce_finished_events, announce_to_endpoint
from tests.store.test_webhooks import add_endpoint, deliveries, the_delivery


def processed(program_id: UUID, *, failed: bool = False) -> FinishedEvent:
    return FinishedEvent(
        id=uuid4(),
        program_id=program_id,
        subject_id=uuid4(),
        type="purchase",
        participant_id=uuid4(),
        conversation_id=None,
        attempts=1,
        failed=failed,
    )


async def announce_all(database: Database, *events: FinishedEvent) -> set[UUID]:
    """The endpoints that are woken."""
    async with database.transaction() as session:
        await announce_finished_events(session, events)
    return {wake_up.id for wake_up in wake_ups(session)}


async def another_program(database: Database) -> UUID:
    async with database.transaction() as session:
        program = Program(name="Elsewhere")
        session.add(program)
    return program.id


async def call(database: Database, program_id: UUID, endpoint: UUID) -> set[WakeUp]:
    async with database.transaction() as session:
        await announce_to_endpoint(
            session, program_id, endpoint, WebhookType.RULE_ACTION, uuid4(), {"rule_id": "1"}
        )
    return wake_ups(session)


async def test_a_rule_calls_the_endpoint_it_names_whatever_types_that_wants(
    database: Database, program_id: UUID
) -> None:
    named = await add_endpoint(database, program_id, WebhookType.RUN_FAILED)
    other = await add_endpoint(database, program_id)
    assert await call(database, program_id, named) == {WakeUp(Sleeper.WEBHOOK, named)}
    told = await the_delivery(database, named)
    assert (told.type, told.status) == ("rule.action", "pending")
    assert told.data == {"program_id": str(program_id), "rule_id": "1"}
    assert await deliveries(database, other) == []


async def test_an_endpoint_that_is_off_gone_or_foreign_is_not_called(
    database: Database, program_id: UUID
) -> None:
    off = await add_endpoint(database, program_id, enabled=False)
    foreign = await add_endpoint(database, await another_program(database))
    for endpoint in (off, foreign, uuid4()):
        assert await call(database, program_id, endpoint) == set()
    assert await deliveries(database, off) == await deliveries(database, foreign) == []


async def test_processed_events_are_told_each_in_its_order_to_whoever_wants_them(
    database: Database, program_id: UUID
) -> None:
    everything = await add_endpoint(database, program_id)
    failures = await add_endpoint(database, program_id, WebhookType.EVENT_FAILED)
    off = await add_endpoint(database, program_id, enabled=False)
    events = [processed(program_id, failed=number == 1) for number in range(3)]
    assert await announce_all(database, *events) == {everything, failures}
    told = await deliveries(database, everything)
    assert [one.type for one in told] == ["event.completed", "event.failed", "event.completed"]
    assert [one.subject_id for one in told] == [event.subject_id for event in events]
    assert told[0].data == {
        "program_id": str(program_id),
        "event_id": str(events[0].id),
        "event_type": "purchase",
        "participant_id": str(events[0].participant_id),
        "conversation_id": None,
        "attempts": 1,
    }
    failed = await the_delivery(database, failures)
    assert failed.message_id == told[1].message_id
    assert len({one.message_id for one in told}) == 3
    assert await deliveries(database, off) == []


async def test_events_of_several_programs_are_told_to_their_own(database: Database, program_id: UUID) -> None:
    other = await another_program(database)
    here, there = await add_endpoint(database, program_id), await add_endpoint(database, other)
    mine, theirs = processed(program_id), processed(other)
    await announce_all(database, theirs, mine)
    assert (await the_delivery(database, here)).data["event_id"] == str(mine.id)
    assert (await the_delivery(database, there)).data["event_id"] == str(theirs.id)


async def test_of_events_that_nobody_wants_nothing_is_written(database: Database, program_id: UUID) -> None:
    uninterested = await add_endpoint(database, program_id, WebhookType.RUN_STARTED)
    assert await announce_all(database, processed(program_id)) == set()
    assert await announce_all(database) == set()
    assert await deliveries(database, uninterested) == []
