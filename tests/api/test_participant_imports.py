"""Uploading a participants file."""

from collections.abc import AsyncIterator
from time import time
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI

from api.error_handlers import install_error_handlers
from api.rate_limiting import RateLimiter
from api.routes import participant_imports
from cli.sample import participants_csv
from store.api_keys import Role, new_key, store_key
from store.database import Database


async def _client(database: Database, role: Role, program_id: UUID | None) -> httpx.AsyncClient:
    app = FastAPI()
    app.state.database = database
    app.state.rate_limiter = RateLimiter(None, time)
    install_error_handlers(app)
    app.include_router(participant_imports.router)
    key = new_key("test", role, program_id)
    async with database.transaction() as session:
        await store_key(session, key)
    headers = {"X-API-Key": key.secret, "Content-Type": "text/csv"}
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://carillon.test", headers=headers, timeout=60
    )


@pytest.fixture
async def client(database: Database, program_id: UUID) -> AsyncIterator[httpx.AsyncClient]:
    async with await _client(database, Role.ADMIN, program_id) as client:
        yield client


@pytest.fixture
def path(program_id: UUID) -> str:
    return f"/v1/programs/{program_id}/participants/import"


async def test_a_file_is_answered_with_its_report(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.post(path, content="external_id,email\na,a@example.org\nb,nonsense\n")
    report = answer.json()
    assert answer.status_code == 200
    assert (report["read"], report["created"], report["rejected"]) == (2, 1, 1)
    assert (report["problems"][0]["line"], report["problems"][0]["field"]) == (3, "email")


async def test_the_sample_is_accepted_whole(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.post(path, content=participants_csv().read_bytes())
    assert answer.json()["created"] == 3000


async def test_columns_are_mapped_by_the_query(client: httpx.AsyncClient, path: str) -> None:
    query = {"map": ["Id=external_id", "Notes=ignore"], "unmapped": "attributes", "delimiter": ";"}
    answer = await client.post(path, params=query, content="Id;Notes;Colour\na;x;red\n")
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    ("query", "content", "field"),
    [
        ({}, b"email\n", "body"),
        ({}, b"", "body"),
        ({}, "external_id\na\n".encode("utf-16"), "body"),
        ({"map": "nonsense"}, b"external_id\na\n", "map"),
        ({"unmapped": "burn"}, b"external_id\na\n", "unmapped"),
    ],
)
async def test_a_file_or_query_that_cannot_be_used_is_a_400(
    client: httpx.AsyncClient, path: str, query: dict[str, Any], content: bytes, field: str
) -> None:
    answer = await client.post(path, params=query, content=content)
    assert answer.status_code == 400
    assert answer.json()["details"]["field"] == field


@pytest.mark.parametrize("kind", ["application/json", "text/csv; charset=latin-1", "nonsense"])
async def test_other_kinds_of_body_are_refused(client: httpx.AsyncClient, path: str, kind: str) -> None:
    answer = await client.post(path, content="external_id\na\n", headers={"Content-Type": kind})
    assert answer.status_code == 415


async def test_a_key_that_may_not_write_is_refused(database: Database, program_id: UUID, path: str) -> None:
    async with await _client(database, Role.VIEWER, program_id) as viewer:
        assert (await viewer.post(path, content="external_id\na\n")).status_code == 403


async def test_an_unknown_program_is_a_404(database: Database) -> None:
    async with await _client(database, Role.ADMIN, None) as admin:
        answer = await admin.post(f"/v1/programs/{uuid4()}/participants/import", content="external_id\na\n")
    assert answer.status_code == 404
