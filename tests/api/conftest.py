from collections.abc import AsyncIterator

import httpx
import pytest

from cli.stack import Stack
from domain.roles import Role
from store.database import Database
from tests.api.journeys_surface import JourneysSurface
from tests.api.rules_surface import RulesSurface
from tests.fixtures.in_process import api_in_process, secret_of_new_key


@pytest.fixture(scope="session")
async def record(stack: Stack) -> AsyncIterator[Database]:
    """The database behind the API under test."""
    url = stack.addresses.database_url.replace("postgresql://", "postgresql+psycopg://", 1)
    database = Database(url, pool_size=4)
    yield database
    await database.close()


@pytest.fixture(scope="session")
async def api(database_url: str, database: Database) -> AsyncIterator[httpx.AsyncClient]:
    """A client with an admin's key of an API that has nothing but a database."""
    async with api_in_process(database_url, rate_limit_per_second=0) as client:
        client.headers["X-API-Key"] = await secret_of_new_key(database, Role.ADMIN)
        yield client


@pytest.fixture
async def rules(api: httpx.AsyncClient) -> RulesSurface:
    """The rules surface of a new, empty program."""
    return await RulesSurface.of_new_program(api)


@pytest.fixture
async def journeys(api: httpx.AsyncClient) -> JourneysSurface:
    """The journeys' surface of a new, empty program."""
    return await JourneysSurface.of_new_program(api)
