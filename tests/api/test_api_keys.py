"""API keys over HTTP: made by admins, shown once, listed without their secrets, revoked for good."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlmodel import col, update

from cli.stack import Stack
from store.api_keys import find_key
from store.database import Database
from store.tables import ApiKey
from tests.api.refusal import assert_refused

KEYS = "/v1/api-keys"


@pytest.fixture(scope="module")
async def stranger(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a key."""
    async with httpx.AsyncClient(base_url=stack.addresses.api_url, timeout=30) as client:
        yield client


@pytest.fixture
async def program(http: httpx.AsyncClient) -> str:
    return str((await http.post("/v1/programs", json={"name": "Keys"})).json()["id"])


async def make(client: httpx.AsyncClient, secret: str | None = None, **fields: Any) -> httpx.Response:
    headers = {"X-API-Key": secret} if secret else {}
    return await client.post(KEYS, json={"name": "a key", "role": "viewer"} | fields, headers=headers)


async def made(client: httpx.AsyncClient, secret: str | None = None, **fields: Any) -> dict[str, Any]:
    answer = await make(client, secret, **fields)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_a_new_key_works_at_once_and_says_what_it_may_do(
    http: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    key = await made(http, name="Reports", role="agent")
    assert key["key"].startswith(key["prefix"])
    assert (key["name"], key["role"], key["scopes"]) == ("Reports", "agent", ["automations.read"])
    assert key["revoked_at"] is None
    answer = await stranger.get("/v1/programs", headers={"X-API-Key": key["key"]})
    assert answer.status_code == 200


async def test_the_secret_is_shown_once_and_kept_nowhere(http: httpx.AsyncClient, record: Database) -> None:
    key = await made(http)
    listed = await http.get(KEYS, params={"limit": 100})
    assert key["id"] in {row["id"] for row in listed.json()["data"]}
    assert key["key"] not in listed.text
    assert "key_hash" not in listed.text
    async with record.engine.connect() as connection:
        rows = await connection.exec_driver_sql("SELECT row_to_json(api_key)::text FROM api_key")
        assert all(key["key"] not in row for (row,) in rows)


async def test_keys_are_paged_newest_first(http: httpx.AsyncClient) -> None:
    older, newer = (await made(http))["id"], (await made(http))["id"]
    first = (await http.get(KEYS, params={"limit": 1})).json()
    second = (await http.get(KEYS, params={"limit": 1, "cursor": first["pagination"]["next_cursor"]})).json()
    assert [row["id"] for page in (first, second) for row in page["data"]] == [newer, older]


async def test_a_revoked_key_is_refused_and_stays_listed(
    http: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    key = await made(http, role="admin")
    for _ in range(2):
        assert (await http.delete(f"{KEYS}/{key['id']}")).status_code == 204
    assert (await stranger.get(KEYS, headers={"X-API-Key": key["key"]})).status_code == 401
    listed = {row["id"]: row for row in (await http.get(KEYS, params={"limit": 100})).json()["data"]}
    assert listed[key["id"]]["revoked_at"] is not None


async def test_an_unknown_key_is_not_found(http: httpx.AsyncClient) -> None:
    assert (await http.delete(f"{KEYS}/{uuid4()}")).status_code == 404


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"role": "owner"}, "role"),
        ({"role": None}, "role"),
        ({"name": ""}, "name"),
        ({"name": "x" * 256}, "name"),
        ({"name": "nul \0"}, "name"),
        ({"program_id": "none"}, "program_id"),
        ({"program_id": str(uuid4())}, "program_id"),
        ({"scopes": ["automations.write"]}, "scopes"),
    ],
)
async def test_a_request_that_is_wrong_names_its_field(
    http: httpx.AsyncClient, fields: dict[str, Any], field: str
) -> None:
    assert_refused(await make(http, **fields), field)


async def test_an_admin_bound_to_a_program_makes_keys_of_that_program_only(
    http: httpx.AsyncClient, stranger: httpx.AsyncClient, program: str
) -> None:
    elsewhere = (await http.post("/v1/programs", json={"name": "Elsewhere"})).json()["id"]
    bound = await made(http, role="admin", program_id=program)
    for fields in ({}, {"program_id": program}):
        assert (await made(stranger, bound["key"], **fields))["program_id"] == program
    refused = await make(stranger, bound["key"], program_id=elsewhere)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


async def test_an_admin_bound_to_a_program_sees_and_revokes_keys_of_that_program_only(
    http: httpx.AsyncClient, stranger: httpx.AsyncClient, program: str
) -> None:
    bound = await made(http, role="admin", program_id=program)
    own = await made(http, program_id=program)
    foreign = await made(http)
    headers = {"X-API-Key": bound["key"]}
    seen = (await stranger.get(KEYS, headers=headers)).json()["data"]
    assert {row["id"] for row in seen} == {bound["id"], own["id"]}
    assert (await stranger.delete(f"{KEYS}/{foreign['id']}", headers=headers)).status_code == 404
    assert (await stranger.delete(f"{KEYS}/{own['id']}", headers=headers)).status_code == 204


async def test_an_admin_revokes_itself_while_another_admin_remains(
    http: httpx.AsyncClient, stranger: httpx.AsyncClient, program: str
) -> None:
    for binding in (None, program):
        key = await made(http, role="admin", program_id=binding)
        answer = await stranger.delete(f"{KEYS}/{key['id']}", headers={"X-API-Key": key["key"]})
        assert answer.status_code == 204


async def test_the_last_admin_of_the_installation_cannot_be_revoked(
    http: httpx.AsyncClient, record: Database, stack: Stack, program: str
) -> None:
    await made(http, role="admin", program_id=program)
    async with record.transaction() as session:
        last = await find_key(session, stack.addresses.admin_key)
        assert last is not None
        others = update(ApiKey).where(col(ApiKey.program_id).is_(None), col(ApiKey.id) != last.id)
        await session.exec(others.where(col(ApiKey.role) == "admin").values(revoked_at=datetime.now(UTC)))
    answer = await http.delete(f"{KEYS}/{last.id}")
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert (await http.get(KEYS)).status_code == 200
