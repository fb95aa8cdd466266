"""The catalogue of event types over HTTP."""

from datetime import UTC, datetime
from urllib.parse import quote
from uuid import UUID, uuid4

import httpx
import pytest

from domain.roles import Role
from store.api_keys import new_key, store_key
from store.database import Database
from store.event_types import SeenEvent, learn_event_types
from tests.api.refusal import assert_refused

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
TYPES = ("purchase", "a/b c?d", "ünïcode", "..%2f")


@pytest.fixture
async def program(api: httpx.AsyncClient, database: Database) -> str:
    """A program that has had events of TYPES."""
    program = str((await api.post("/v1/programs", json={"name": "Catalogue"})).json()["id"])
    async with database.transaction() as session:
        seen = [
            SeenEvent(UUID(program), type_, "api", {"type": type_, "of": {"amount": 1}}) for type_ in TYPES
        ]
        await learn_event_types(session, seen, NOON)
    return program


async def test_a_type_tells_what_its_events_hold_and_where_they_come_from(
    api: httpx.AsyncClient, program: str
) -> None:
    answer = await api.get("/v1/event-types/purchase", params={"program_id": program})
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "type": "purchase",
            "properties": {"type": "string", "of": "object", "of.amount": "number"},
            "sources": ["api"],
            "first_seen_at": "2026-06-01T12:00:00Z",
            "last_seen_at": "2026-06-01T12:00:00Z",
        },
    )


@pytest.mark.parametrize("type_", TYPES)
async def test_a_type_is_found_whatever_its_name(api: httpx.AsyncClient, program: str, type_: str) -> None:
    answer = await api.get(f"/v1/event-types/{quote(type_, safe='')}", params={"program_id": program})
    assert answer.status_code == 200, answer.text
    assert answer.json()["type"] == type_


async def test_the_list_holds_each_type_once_and_comes_in_pages(api: httpx.AsyncClient, program: str) -> None:
    found: list[str] = []
    params = {"program_id": program, "limit": "3"}
    while True:
        page = (await api.get("/v1/event-types", params=params)).json()
        found += [row["type"] for row in page["data"]]
        if not page["pagination"]["has_more"]:
            break
        params["cursor"] = page["pagination"]["next_cursor"]
    assert sorted(found) == sorted(TYPES)


async def test_a_type_of_another_program_is_not_found(api: httpx.AsyncClient, program: str) -> None:
    other = str((await api.post("/v1/programs", json={"name": "Other"})).json()["id"])
    answer = await api.get("/v1/event-types/purchase", params={"program_id": other})
    assert (answer.status_code, answer.json()["message"]) == (404, "Event type not found")
    assert (await api.get("/v1/event-types", params={"program_id": other})).json()["data"] == []


async def test_the_program_is_the_keys_own_unless_it_is_named(
    api: httpx.AsyncClient, program: str, database: Database
) -> None:
    assert_refused(await api.get("/v1/event-types"), "program_id")
    assert_refused(await api.get("/v1/event-types/purchase"), "program_id")
    key = new_key("bound", Role.VIEWER, UUID(program))
    async with database.transaction() as session:
        await store_key(session, key)
    headers = {"X-API-Key": key.secret}
    assert len((await api.get("/v1/event-types", headers=headers)).json()["data"]) == len(TYPES)
    assert (await api.get("/v1/event-types/purchase", headers=headers)).status_code == 200
    other = {"program_id": str(uuid4())}
    assert (await api.get("/v1/event-types", headers=headers, params=other)).status_code == 403


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("", {"cursor": "x"}, "cursor"),
        ("", {"limit": "0"}, "limit"),
        ("", {"program_id": "mine"}, "program_id"),
        ("/%00", {}, "event_type"),
        (f"/{'x' * 256}", {}, "event_type"),
    ],
)
async def test_a_wrong_question_is_refused_by_its_field(
    api: httpx.AsyncClient, program: str, path: str, query: dict[str, str], field: str
) -> None:
    answer = await api.get(f"/v1/event-types{path}", params={"program_id": program} | query)
    assert_refused(answer, field)
