"""The one way to PostgreSQL: an async engine, and a transaction that commits at its end."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession


class Database:
    """A pool of at most `pool_size` connections. One instance per process; `url` uses the psycopg driver."""

    def __init__(self, url: str, *, pool_size: int = 20) -> None:
        self.engine: AsyncEngine = create_async_engine(
            url,
            pool_size=pool_size,
            # Connections beyond the pool are closed after each use: under load they are made and closed all the time.
            max_overflow=0,
            pool_pre_ping=True,
            pool_timeout=10,
            # Errors are logged; the values of the statement that failed are people's data.
            hide_parameters=True,
            connect_args={"connect_timeout": 5, "options": "-c timezone=UTC"},
        )
        self.after_commit: Callable[[AsyncSession], None] | None = None
        self._sessions = async_sessionmaker(self.engine, class_=AsyncSession, expire_on_commit=False)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A session whose work is committed when the block ends, and rolled back when it raises.

        `after_commit`, where a process has set it, learns what was noted in the session meanwhile.
        """
        async with self._sessions() as session:
            async with session.begin():
                yield session
            if self.after_commit is not None:
                self.after_commit(session)

    async def close(self) -> None:
        await self.engine.dispose()
