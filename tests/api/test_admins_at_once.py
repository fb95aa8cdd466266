"""Admins who take each other's power at the same time: one of them is first, and the other is an admin no more."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text

from api.session_cookie import COOKIE
from domain.roles import Role
from store.api_keys import new_key, store_key
from store.database import Database
from store.tables import User
from store.user_sessions import begin_session
from store.users import add_user
from tests.fixtures.users import LIFE

WAITING = text(
    "SELECT count(*) FROM pg_stat_activity "
    "WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%FOR UPDATE%'"
)
EVERYBODY = text("SELECT id FROM app_user ORDER BY id FOR UPDATE")
EVERY_KEY = text("SELECT id FROM api_key ORDER BY id FOR UPDATE")


@dataclass(frozen=True)
class AnAdmin:
    client: httpx.AsyncClient
    path: str

    async def stands(self) -> bool:
        answer = await self.client.get("/v1/users")
        return answer.status_code == 200


Take = Callable[[AnAdmin, AnAdmin], Coroutine[None, None, httpx.Response]]


async def a_user(api: httpx.AsyncClient, database: Database, program_id: UUID) -> AnAdmin:
    user = User(
        email=f"{uuid4()}@example.com",
        name="an admin",
        role=Role.ADMIN.value,
        program_id=program_id,
        password_hash="none",
    )
    async with database.transaction() as session:
        assert await add_user(session, user)
        token, _ = await begin_session(session, user.id, LIFE, datetime.now(UTC))
    return AnAdmin(client(api, {"Cookie": f"{COOKIE}={token}"}), f"/v1/users/{user.id}")


async def a_key(api: httpx.AsyncClient, database: Database, program_id: UUID) -> AnAdmin:
    key = new_key("an admin", Role.ADMIN, program_id)
    async with database.transaction() as session:
        await store_key(session, key)
    return AnAdmin(client(api, {"X-API-Key": key.secret}), f"/v1/api-keys/{key.record.id}")


def client(api: httpx.AsyncClient, headers: dict[str, str]) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=api._transport, base_url=api.base_url, headers=headers)


@asynccontextmanager
async def nobody_gets_ahead(database: Database) -> AsyncIterator[None]:
    """Requests made meanwhile have let their admins in, and wait, before the first of them goes on."""
    async with database.transaction() as session:
        await session.execute(EVERY_KEY)
        await session.execute(EVERYBODY)
        yield
        async with asyncio.timeout(30):
            while await waiting(database) < 2:
                await asyncio.sleep(0.01)


async def waiting(database: Database) -> int:
    async with database.transaction() as session:
        return int((await session.execute(WAITING)).scalar_one())


async def remove(one: AnAdmin, other: AnAdmin) -> httpx.Response:
    return await one.client.delete(other.path)


async def demote(one: AnAdmin, other: AnAdmin) -> httpx.Response:
    return await one.client.patch(other.path, json={"role": "viewer"})


async def disable(one: AnAdmin, other: AnAdmin) -> httpx.Response:
    return await one.client.patch(other.path, json={"disabled": True})


@pytest.mark.parametrize(
    ("makers", "take", "refusal"),
    [
        ((a_user, a_user), remove, 401),
        ((a_user, a_user), demote, 403),
        ((a_user, a_user), disable, 401),
        ((a_key, a_key), remove, 401),
        ((a_key, a_user), remove, 401),
    ],
    ids=["users removed", "users demoted", "users disabled", "keys revoked", "a key and a user"],
)
async def test_of_two_who_take_each_others_power_one_keeps_it(
    api: httpx.AsyncClient,
    database: Database,
    program_id: UUID,
    makers: tuple[Callable[[httpx.AsyncClient, Database, UUID], Awaitable[AnAdmin]], ...],
    take: Take,
    refusal: int,
) -> None:
    one, other = [await make(api, database, program_id) for make in makers]
    async with nobody_gets_ahead(database):
        asked = [asyncio.create_task(take(*pair)) for pair in ((one, other), (other, one))]
    statuses = [answer.status_code for answer in await asyncio.gather(*asked)]
    assert sorted(statuses)[0] in {200, 204}
    assert sorted(statuses)[1] == refusal
    assert sorted([await one.stands(), await other.stands()]) == [False, True]
