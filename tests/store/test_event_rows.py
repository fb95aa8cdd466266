"""Writing many events at once: their order, and whom they wait for."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlmodel import col, select

from domain.events import EventKind, payload_hash_of
from store.database import Database
from store.event_rows import NewEvent, insert_events
from store.tables import Event

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
WAITING = text(
    "SELECT count(*) FROM pg_stat_activity "
    "WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%INSERT INTO event%'"
)


def event(program_id: UUID, key: str | None = None, **fields: Any) -> NewEvent:
    values: dict[str, Any] = {
        "program_id": program_id,
        "kind": EventKind.EXTERNAL,
        "data": {"type": "t"},
        "source": "api",
        "event_timestamp": NOON,
        "idempotency_key": key,
    }
    return NewEvent(**values | fields)


async def insert(database: Database, *events: NewEvent) -> list[Event]:
    async with database.transaction() as session:
        return await insert_events(session, events)


async def test_every_field_is_stored(database: Database, program_id: UUID) -> None:
    said = event(
        program_id,
        "k-1",
        data={"type": "purchase", "amount": 1.0, "note": "é\t\\"},
        participant_id=uuid4(),
        conversation_id=uuid4(),
        channel_source="sms",
        request_hash="hash",
        automation_id=uuid4(),
        run_id=uuid4(),
        causation_id=uuid4(),
        rule_chain=[uuid4(), uuid4()],
        processed_at=NOON,
        created_at=NOON,
    )
    await insert(database, said)
    async with database.transaction() as session:
        (stored,) = await session.exec(select(Event).where(col(Event.program_id) == program_id))
    assert (stored.type, stored.event_data) == ("purchase", said.data)
    assert stored.payload_hash == payload_hash_of(said.data)
    assert (stored.attempts, stored.available_at) == (0, NOON)
    for name in NewEvent.__dataclass_fields__.keys() - {"data"}:
        assert getattr(stored, name) == getattr(said, name), name


async def test_events_are_numbered_as_they_are_given(database: Database, program_id: UUID) -> None:
    given = [event(program_id, key) for key in ("c", None, "a", None, "b")]
    stored = await insert(database, *given)
    assert [one.id for one in stored] == [one.id for one in given]
    numbers = [one.seq or 0 for one in stored]
    assert numbers == sorted(numbers)
    assert len(set(numbers)) == 5


async def test_where_a_key_has_an_event_another_is_left_out(database: Database, program_id: UUID) -> None:
    await insert(database, event(program_id, "a"))
    given = [event(program_id, "b"), event(program_id, "a"), event(program_id), event(uuid4(), "a")]
    stored = await insert(database, *given)
    assert [one.id for one in stored] == [given[0].id, given[2].id, given[3].id]
    assert await insert(database) == []


async def is_waiting(database: Database) -> bool:
    """Asked in a transaction of its own each time: within one, the activity of others is read once and kept."""
    async with database.transaction() as session:
        return bool((await session.execute(WAITING)).scalar_one())


async def test_keys_are_written_in_one_order_whatever_order_they_are_given_in(
    database: Database, program_id: UUID
) -> None:
    """So of two batches one waits for the other, and never each for the other."""
    async with database.transaction() as holding:
        await insert_events(holding, [event(program_id, "m")])
        batch = asyncio.create_task(insert(database, *(event(program_id, key) for key in "zma")))
        while not await is_waiting(database):
            assert not batch.done()
            await asyncio.sleep(0.01)
        # It has come as far as `m`, so what comes after it is still free.
        async with database.transaction() as session:
            await session.execute(text("SET LOCAL lock_timeout = '1s'"))
            assert len(await insert_events(session, [event(program_id, "z")])) == 1
    assert [one.idempotency_key for one in await batch] == ["a"]
