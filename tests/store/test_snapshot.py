"""A transaction that holds a snapshot sees one instant, and writes nothing."""

from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import InternalError

from store.database import Database
from store.snapshot import hold_snapshot
from tests.store.rule_history import add_event

COUNT = text("SELECT count(*) FROM event WHERE program_id = :program")


async def test_what_is_stored_meanwhile_is_not_seen(database: Database, program_id: UUID) -> None:
    await add_event(database, program_id)
    async with database.transaction() as session:
        await hold_snapshot(session)
        for _ in range(2):
            assert await session.scalar(COUNT, {"program": program_id}) == 1
            await add_event(database, program_id)
    async with database.transaction() as session:
        assert await session.scalar(COUNT, {"program": program_id}) == 3


async def test_nothing_can_be_written(database: Database, program_id: UUID) -> None:
    event = await add_event(database, program_id)
    with pytest.raises(InternalError) as refused:
        async with database.transaction() as session:
            await hold_snapshot(session)
            await session.execute(text("DELETE FROM event WHERE id = :id"), {"id": event.id})
    assert isinstance(refused.value.orig, psycopg.errors.ReadOnlySqlTransaction)
    async with database.transaction() as session:
        assert await session.scalar(COUNT, {"program": program_id}) == 1
