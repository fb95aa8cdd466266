"""Idempotency-Key over HTTP: a POST that is repeated is carried out once and answered alike."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlmodel import col, select, update

from domain.roles import Role
from store.database import Database
from store.idempotency import Answer, RepeatableRequest, claim_request, key_hash
from store.tables import IdempotencyKey
from tests.api.refusal import assert_refused
from tests.fixtures.carillon import FAR_FROM_NOW, Carillon, eventually
from tests.fixtures.in_process import api_in_process, secret_of_new_key

PROGRAMS = "/v1/programs"
KEYS = "/v1/api-keys"


@pytest.fixture
async def client(database_url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with api_in_process(database_url, rate_limit_per_second=0) as client:
        yield client


@pytest.fixture
async def admin(database: Database) -> dict[str, str]:
    return {"X-API-Key": await secret_of_new_key(database, Role.ADMIN)}


def new_name() -> str:
    return f"program {uuid4()}"


async def post(
    client: httpx.AsyncClient, who: dict[str, str], key: str, name: str, path: str = PROGRAMS
) -> httpx.Response:
    return await client.post(path, headers=who | {"Idempotency-Key": key}, json={"name": name})


async def programs_named(client: httpx.AsyncClient, who: dict[str, str], name: str) -> int:
    listed = (await client.get(PROGRAMS, headers=who, params={"limit": 100})).json()["data"]
    return sum(program["name"] == name for program in listed)


def assert_conflict(answer: httpx.Response, code: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (409, code)


async def test_the_same_request_again_is_answered_alike_and_carried_out_once(
    client: httpx.AsyncClient, admin: dict[str, str]
) -> None:
    key, name = str(uuid4()), new_name()
    first, again = [await post(client, admin, key, name) for _ in range(2)]
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers["Content-Type"] == first.headers["Content-Type"]
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert await programs_named(client, admin, name) == 1


async def test_another_process_gives_the_same_answer(
    client: httpx.AsyncClient, database_url: str, admin: dict[str, str]
) -> None:
    key, name = str(uuid4()), new_name()
    first = await post(client, admin, key, name)
    async with api_in_process(database_url) as other:
        assert (await post(other, admin, key, name)).content == first.content


async def test_without_a_key_each_request_counts(client: httpx.AsyncClient, admin: dict[str, str]) -> None:
    name = new_name()
    for _ in range(2):
        await client.post(PROGRAMS, headers=admin, json={"name": name})
    assert await programs_named(client, admin, name) == 2


async def test_the_key_with_another_body_path_query_or_program_is_a_conflict(
    client: httpx.AsyncClient, admin: dict[str, str]
) -> None:
    key, name = str(uuid4()), new_name()
    await post(client, admin, key, name)
    assert_conflict(await post(client, admin, key, new_name()), "idempotency_conflict")
    for path in (KEYS, f"{PROGRAMS}?x=1", "/v1/nothing"):
        assert_conflict(await post(client, admin, key, name, path), "idempotency_conflict")
    elsewhere = admin | {"X-Program-Id": str(uuid4())}
    assert_conflict(await post(client, elsewhere, key, name), "idempotency_conflict")


async def test_of_requests_at_once_one_is_carried_out(
    client: httpx.AsyncClient, admin: dict[str, str]
) -> None:
    key, name = str(uuid4()), new_name()
    answers = await asyncio.gather(*(post(client, admin, key, name) for _ in range(6)))
    assert set(Counter(answer.status_code for answer in answers)) <= {201, 409}
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    assert await programs_named(client, admin, name) == 1


async def test_while_the_first_is_in_progress_the_second_is_told_to_wait(
    client: httpx.AsyncClient, admin: dict[str, str], database: Database
) -> None:
    key, name = str(uuid4()), new_name()
    await post(client, admin, key, name)
    async with database.transaction() as session:
        ours = update(IdempotencyKey).where(col(IdempotencyKey.key_hash) == key_hash(key))
        await session.exec(ours.values(status=None, body=None))
    waiting = await post(client, admin, key, name)
    assert_conflict(waiting, "idempotency_in_progress")
    assert 1 <= int(waiting.headers["Retry-After"]) <= 60


@pytest.mark.parametrize("key", ["", "x" * 256])
async def test_a_key_that_is_empty_or_too_long_is_refused(
    client: httpx.AsyncClient, admin: dict[str, str], key: str
) -> None:
    assert_refused(await post(client, admin, key, "x"), "Idempotency-Key")


async def test_the_longest_key_is_taken(client: httpx.AsyncClient, admin: dict[str, str]) -> None:
    key = str(uuid4()).ljust(255, "x")
    assert (await post(client, admin, key, "x")).status_code == 201


async def test_a_refusal_is_an_answer_too(client: httpx.AsyncClient, admin: dict[str, str]) -> None:
    key = str(uuid4())
    first, again = [await post(client, admin, key, "nul \0") for _ in range(2)]
    assert_refused(first, "name")
    assert again.content == first.content
    assert again.headers["Idempotency-Replayed"] == "true"


async def test_strangers_see_no_stored_answer(client: httpx.AsyncClient, admin: dict[str, str]) -> None:
    key, name = str(uuid4()), new_name()
    await post(client, admin, key, name)
    for who in ({}, {"X-API-Key": "sk_wrong"}):
        assert (await post(client, who, key, name)).status_code == 401


async def test_a_key_with_fewer_rights_sees_no_stored_answer(
    client: httpx.AsyncClient, admin: dict[str, str], database: Database
) -> None:
    key, name = str(uuid4()), new_name()
    await post(client, admin, key, name)
    viewer = {"X-API-Key": await secret_of_new_key(database, Role.VIEWER)}
    assert (await post(client, viewer, key, name)).status_code == 403
    other_admin = {"X-API-Key": await secret_of_new_key(database, Role.ADMIN)}
    assert (await post(client, other_admin, key, name)).headers["Idempotency-Replayed"] == "true"


async def test_the_secret_of_a_new_api_key_is_not_stored(
    client: httpx.AsyncClient, admin: dict[str, str], database: Database
) -> None:
    headers = admin | {"Idempotency-Key": str(uuid4())}
    body = {"name": "once", "role": "viewer"}
    first, again = [(await client.post(KEYS, headers=headers, json=body)).json() for _ in range(2)]
    assert first["key"] is not None
    assert again == first | {"key": None}
    async with database.engine.connect() as connection:
        rows = await connection.exec_driver_sql(
            "SELECT row_to_json(idempotency_key)::text FROM idempotency_key"
        )
        assert all(first["key"] not in row for (row,) in rows)


async def test_server_errors_are_not_kept(
    client: httpx.AsyncClient, admin: dict[str, str], database: Database
) -> None:
    program = (await client.post(PROGRAMS, headers=admin, json={"name": "x"})).json()["id"]
    body = {
        "name": "a",
        "event_name": "e",
        "scope": "program",
        "trigger": {"type": "cron", "cron_expression": FAR_FROM_NOW},
    }
    key = str(uuid4())
    for _ in range(2):
        answer = await client.post(
            f"{PROGRAMS}/{program}/automations", headers=admin | {"Idempotency-Key": key}, json=body
        )
        assert answer.status_code == 503
        assert "Idempotency-Replayed" not in answer.headers


async def test_throttled_requests_are_not_kept(database_url: str, admin: dict[str, str]) -> None:
    now = 1_800_000_000.0
    async with api_in_process(
        database_url, lambda: now, rate_limit_per_second=1, rate_limit_burst=1
    ) as client:
        key, name = str(uuid4()), new_name()
        await client.get(PROGRAMS, headers=admin)
        assert (await post(client, admin, key, name)).status_code == 429
        now += 1
        assert (await post(client, admin, key, name)).status_code == 201


async def test_a_body_past_the_limit_is_refused_as_without_a_key(
    client: httpx.AsyncClient, admin: dict[str, str]
) -> None:
    async def streamed() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"x" * 1_000_000

    headers = admin | {"Idempotency-Key": str(uuid4())}
    assert (await client.post(PROGRAMS, headers=headers, content=streamed())).status_code == 413


async def test_an_upload_that_is_streamed_is_exempt(client: httpx.AsyncClient, admin: dict[str, str]) -> None:
    program = (await client.post(PROGRAMS, headers=admin, json={"name": "x"})).json()["id"]
    headers = admin | {"Idempotency-Key": str(uuid4()), "Content-Type": "text/csv"}
    for created in (1, 0):
        answer = await client.post(
            f"{PROGRAMS}/{program}/participants/import", headers=headers, content=b"external_id\nc-1\n"
        )
        assert (answer.status_code, answer.json()["created"]) == (200, created)


def a_fan_out(**fields: Any) -> dict[str, Any]:
    return {
        "name": f"automation {uuid4()}",
        "event_name": "hello",
        "scope": "participants",
        "trigger": {"type": "cron", "cron_expression": FAR_FROM_NOW},
    } | fields


async def forget_the_answer(record: Database, key: str) -> None:
    """The record as a crash leaves it that comes after the effect, once the claim has run out."""
    async with record.transaction() as session:
        ours = update(IdempotencyKey).where(col(IdempotencyKey.key_hash) == key_hash(key))
        await session.exec(ours.values(status=None, body=None, claimed_until=datetime.now(UTC)))


async def test_an_automation_is_created_once(carillon: Carillon) -> None:
    headers = {"Idempotency-Key": str(uuid4())}
    path, body = f"{carillon.base}/automations", a_fan_out()
    first, again = [await carillon.http.post(path, json=body, headers=headers) for _ in range(2)]
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert len((await carillon.http.get(path)).json()["data"]) == 1


async def test_an_automation_whose_answer_a_crash_took_is_answered_and_not_made_again(
    carillon: Carillon, record: Database
) -> None:
    key = str(uuid4())
    path, body = f"{carillon.base}/automations", a_fan_out()
    first = await carillon.http.post(path, json=body, headers={"Idempotency-Key": key})
    await forget_the_answer(record, key)
    again = await carillon.http.post(path, json=body, headers={"Idempotency-Key": key})
    assert (again.status_code, again.json()["id"]) == (201, first.json()["id"])
    assert len((await carillon.http.get(path)).json()["data"]) == 1


async def test_a_trigger_whose_answer_a_crash_took_fires_once(carillon: Carillon, record: Database) -> None:
    await carillon.add_people(1)
    automation = await carillon.create()
    path = f"{carillon.base}/automations/{automation['id']}/trigger"
    key = str(uuid4())
    for _ in range(2):
        assert (await carillon.http.post(path, headers={"Idempotency-Key": key})).status_code == 200
        await carillon.closed_run(automation["id"])
        await forget_the_answer(record, key)
    assert len(await carillon.runs(automation["id"])) == 1


async def test_upkeep_discards_what_has_expired(record: Database) -> None:
    hashed = key_hash(str(uuid4()))
    request = RepeatableRequest("organisation/admin", hashed, "POST /v1/old", "hash")
    async with record.transaction() as session:
        assert not isinstance(await claim_request(session, request, datetime(2026, 1, 1, tzinfo=UTC)), Answer)

    async def gone() -> bool:
        async with record.transaction() as session:
            rows = await session.exec(select(IdempotencyKey).where(col(IdempotencyKey.key_hash) == hashed))
            return rows.first() is None

    assert await eventually(gone)
