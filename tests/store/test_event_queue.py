"""The queue of events: order within a subject, fairness between programs, and nobody processing the same twice."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from domain.events import SHARDS
from store.database import Database
from store.event_queue import complete_events, hold_shards, next_events, put_back_event
from store.tables import AutomationControl, Event, Program

ALL = list(range(SHARDS))
LATER = timedelta(hours=1)


@pytest.fixture(autouse=True)
async def empty_queue(database: Database) -> None:
    async with database.transaction() as session:
        while events := await next_events(session, ALL, 1_000):
            await complete_events(session, [one.facts.id for one in events], datetime.now(UTC))


async def add(database: Database, program_id: UUID, subject: UUID | None = None) -> UUID:
    event = Event(
        program_id=program_id,
        participant_id=subject,
        kind="EXTERNAL",
        type="purchase",
        event_data={"type": "purchase"},
        payload_hash="",
        source="api",
        available_at=datetime.now(UTC) - timedelta(seconds=1),
    )
    async with database.transaction() as session:
        session.add(event)
    return event.id


async def queue(database: Database, shards: list[int] | None = None, limit: int = 1_000) -> list[UUID]:
    async with database.transaction() as session:
        return [one.facts.id for one in await next_events(session, shards or ALL, limit)]


async def put_back(database: Database, event_id: UUID, delay: timedelta) -> None:
    async with database.transaction() as session:
        await put_back_event(session, event_id, "broken", datetime.now(UTC) + delay)


async def test_events_of_a_subject_come_in_the_order_in_which_they_were_stored(
    database: Database, program_id: UUID
) -> None:
    subject = uuid4()
    stored = [await add(database, program_id, subject) for _ in range(5)]
    assert await queue(database) == stored
    assert await queue(database, limit=2) == stored[:2]


async def test_every_event_is_in_just_one_shard_and_those_of_a_subject_share_theirs(
    database: Database, program_id: UUID
) -> None:
    subject = uuid4()
    together = {await add(database, program_id, subject) for _ in range(3)}
    apart = {await add(database, program_id) for _ in range(40)}
    by_shard = [set(await queue(database, [shard])) for shard in ALL]
    assert set.union(*by_shard) == together | apart
    assert sum(len(shard) for shard in by_shard) == 43
    assert any(together <= shard for shard in by_shard)
    assert sum(1 for shard in by_shard if shard) > 1


async def test_a_subject_waits_for_its_event_that_is_to_be_tried_again_and_others_do_not(
    database: Database, program_id: UUID
) -> None:
    subject = uuid4()
    failing, _behind = await add(database, program_id, subject), await add(database, program_id, subject)
    other = await add(database, program_id, uuid4())
    await put_back(database, failing, LATER)
    assert await queue(database) == [other]


async def test_an_event_put_back_comes_before_the_later_ones_of_its_subject_once_its_time_has_come(
    database: Database, program_id: UUID
) -> None:
    subject = uuid4()
    failing, behind = await add(database, program_id, subject), await add(database, program_id, subject)
    await put_back(database, failing, -LATER)
    assert await queue(database) == [failing, behind]


async def test_a_backlog_of_one_program_does_not_keep_another_waiting(
    database: Database, program_id: UUID
) -> None:
    other = Program(name="small")
    async with database.transaction() as session:
        session.add(other)
    for _ in range(30):
        await add(database, program_id)
    last = await add(database, other.id)
    assert last in await queue(database, limit=10)


@pytest.mark.parametrize(
    ("paused_until", "held"), [(None, True), (timedelta(hours=1), True), (-timedelta(hours=1), False)]
)
async def test_a_paused_program_keeps_its_events_in_the_queue_until_the_pause_is_over(
    database: Database, program_id: UUID, paused_until: timedelta | None, held: bool
) -> None:
    event = await add(database, program_id)
    until = None if paused_until is None else datetime.now(UTC) + paused_until
    async with database.transaction() as session:
        session.add(
            AutomationControl(program_id=program_id, is_paused=True, paused_until=until, updated_by="ana")
        )
    assert await queue(database) == ([] if held else [event])


async def test_shards_are_one_transactions_until_it_ends(database: Database) -> None:
    async with database.transaction() as first, database.transaction() as second:
        assert await hold_shards(first, [0, 1]) == [0, 1]
        assert await hold_shards(second, [0, 1, 2]) == [2]
    async with database.transaction() as session:
        assert await hold_shards(session, [0, 1, 2]) == [0, 1, 2]
