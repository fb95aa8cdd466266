"""Callbacks are taken in once, for a year."""

from datetime import UTC, datetime
from uuid import uuid4

from store.database import Database
from store.received_callbacks import REMEMBERED, forget_old_callbacks, is_first_time


async def test_a_callback_is_taken_in_once(database: Database) -> None:
    id_ = str(uuid4())
    async with database.transaction() as session:
        assert await is_first_time(session, "a", id_)
        assert not await is_first_time(session, "a", id_)
        assert await is_first_time(session, "b", id_)


async def test_it_is_forgotten_after_a_year(database: Database) -> None:
    id_ = str(uuid4())
    async with database.transaction() as session:
        assert await is_first_time(session, "a", id_)
        await forget_old_callbacks(session, datetime.now(UTC))
        assert not await is_first_time(session, "a", id_)
        await forget_old_callbacks(session, datetime.now(UTC) + REMEMBERED)
        assert await is_first_time(session, "a", id_)
