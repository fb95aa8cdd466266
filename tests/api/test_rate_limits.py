"""The rate limit over HTTP: what counts, who shares it, and what answers say about it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest

from domain.roles import Role
from store.database import Database
from tests.fixtures.in_process import api_in_process, secret_of_new_key

BURST = 3
PATH = "/v1/programs"


@dataclass
class Clock:
    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def client(database_url: str, clock: Clock) -> AsyncIterator[httpx.AsyncClient]:
    async with api_in_process(
        database_url, clock, rate_limit_per_second=0.5, rate_limit_burst=BURST
    ) as client:
        yield client


@pytest.fixture
async def key(database: Database) -> dict[str, str]:
    return {"X-API-Key": await secret_of_new_key(database, Role.VIEWER)}


async def use_up(client: httpx.AsyncClient, key: dict[str, str]) -> None:
    for _ in range(BURST):
        assert (await client.get(PATH, headers=key)).status_code == 200


def told(answer: httpx.Response) -> tuple[int, ...]:
    return tuple(int(answer.headers[f"X-RateLimit-{name}"]) for name in ("Limit", "Remaining", "Reset"))


async def test_each_answer_says_the_limit_what_is_left_and_when_it_is_full(
    client: httpx.AsyncClient, key: dict[str, str], clock: Clock
) -> None:
    answers = [await client.get(PATH, headers=key) for _ in range(2)]
    assert [told(answer) for answer in answers] == [(3, 2, clock.now + 2), (3, 1, clock.now + 4)]


async def test_past_the_limit_the_answer_is_429_and_says_when_to_come_back(
    client: httpx.AsyncClient, key: dict[str, str], clock: Clock
) -> None:
    await use_up(client, key)
    refused = await client.get(PATH, headers=key)
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
    assert told(refused) == (3, 0, clock.now + 6)
    clock.now += int(refused.headers["Retry-After"])
    assert (await client.get(PATH, headers=key)).status_code == 200


async def test_a_request_past_the_limit_changes_nothing(
    client: httpx.AsyncClient, database: Database, clock: Clock
) -> None:
    key = {"X-API-Key": await secret_of_new_key(database, Role.ADMIN)}
    await use_up(client, key)
    assert (await client.post(PATH, headers=key, json={"name": "too many"})).status_code == 429
    clock.now += 60
    listed = (await client.get(PATH, headers=key)).json()["data"]
    assert "too many" not in {program["name"] for program in listed}


async def test_all_keys_share_the_limit(
    client: httpx.AsyncClient, key: dict[str, str], database: Database
) -> None:
    await use_up(client, key)
    other = {"Authorization": f"Bearer {await secret_of_new_key(database, Role.ADMIN)}"}
    assert (await client.get(PATH, headers=other)).status_code == 429


async def test_strangers_do_not_use_it_up_but_are_told(
    client: httpx.AsyncClient, key: dict[str, str], clock: Clock
) -> None:
    for _ in range(2 * BURST):
        refused = await client.get(PATH, headers={"X-API-Key": "sk_wrong"})
        assert (refused.status_code, told(refused)) == (401, (3, 3, clock.now))
    assert (await client.get(PATH, headers=key)).status_code == 200


async def test_health_and_documentation_are_exempt(client: httpx.AsyncClient, key: dict[str, str]) -> None:
    await use_up(client, key)
    for path in ("/healthz", "/readyz", "/openapi.json", "/docs"):
        answer = await client.get(path, headers=key)
        assert answer.status_code == 200
        assert "X-RateLimit-Limit" not in answer.headers


async def test_refusals_count_and_tell_too(client: httpx.AsyncClient, key: dict[str, str]) -> None:
    forbidden = await client.post(PATH, headers=key, json={"name": "x"})
    assert (forbidden.status_code, told(forbidden)[:2]) == (403, (3, 2))
    too_large = await client.post(PATH, headers=key, content=b"x" * 2_000_000)
    assert (too_large.status_code, told(too_large)[0]) == (413, 3)


async def test_zero_switches_it_off(database_url: str, key: dict[str, str]) -> None:
    async with api_in_process(database_url, rate_limit_per_second=0, rate_limit_burst=1) as client:
        for _ in range(3):
            answer = await client.get(PATH, headers=key)
            assert answer.status_code == 200
            assert "X-RateLimit-Limit" not in answer.headers
