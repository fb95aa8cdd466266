from collections.abc import AsyncIterator

import pytest

from cli.stack import Stack
from store.database import Database


@pytest.fixture(scope="session")
async def record(stack: Stack) -> AsyncIterator[Database]:
    """The database behind the API under test."""
    url = stack.addresses.database_url.replace("postgresql://", "postgresql+psycopg://", 1)
    database = Database(url, pool_size=2)
    yield database
    await database.close()
