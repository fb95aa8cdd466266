"""Hearing of new events at once, without asking the table over and over."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from store.event_queue import CHANNEL


class EventSignal:
    """A connection that hears whenever a transaction that stored events has committed."""

    def __init__(self, connection: psycopg.AsyncConnection[tuple[object, ...]]) -> None:
        self._connection = connection

    async def wait(self, seconds: float) -> None:
        """Return at the next signal, or one that came since the last call, or after so many seconds."""
        async for _ in self._connection.notifies(timeout=seconds, stop_after=1):
            return


@asynccontextmanager
async def listening(database_url: str) -> AsyncIterator[EventSignal]:
    """`database_url` as SQLAlchemy takes it."""
    address = make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)
    async with await psycopg.AsyncConnection.connect(address, autocommit=True) as connection:
        await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(CHANNEL)))
        yield EventSignal(connection)
