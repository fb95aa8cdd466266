"""Participants over HTTP: by the program's address or by its name in the body, changed, and erased."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from domain.roles import Role
from store.api_keys import new_key, store_key
from store.database import Database
from tests.api.refusal import assert_refused

TOP = "/v1/participants"


@pytest.fixture
def people(program_id: UUID) -> str:
    return f"/v1/programs/{program_id}/participants"


@pytest.fixture
async def bound(
    api: httpx.AsyncClient, database: Database, program_id: UUID
) -> AsyncIterator[dict[str, str]]:
    """Headers with a key that is bound to the program."""
    key = new_key("bound", Role.ADMIN, program_id)
    async with database.transaction() as session:
        await store_key(session, key)
    yield {"X-API-Key": key.secret}


async def created(api: httpx.AsyncClient, people: str, **fields: Any) -> dict[str, Any]:
    answer = await api.post(people, json={"external_id": "c-1"} | fields)
    assert answer.status_code == 201, answer.text
    person: dict[str, Any] = answer.json()
    return person


async def test_both_addresses_create_and_update_the_same_person(
    api: httpx.AsyncClient, people: str, program_id: UUID
) -> None:
    body = {"program_id": str(program_id), "external_id": "c-1", "email": "ana@example.com", "tags": ["vip"]}
    first = await api.post(TOP, json=body)
    assert first.status_code == 201
    again = await api.post(people, json={"external_id": "c-1", "first_name": "Ana"})
    assert again.status_code == 200
    last = await api.post(TOP, json={"program_id": str(program_id), "external_id": "c-1", "tags": []})
    assert last.status_code == 200
    person = last.json()
    assert (person["id"], person["program_id"]) == (first.json()["id"], str(program_id))
    assert (person["email"], person["first_name"], person["tags"]) == ("ana@example.com", "Ana", [])
    assert (await api.get(f"{TOP}/{person['id']}")).json() == person
    assert (await api.get(f"{people}/{person['id']}")).json() == person


async def test_a_key_bound_to_a_program_need_not_name_it(
    api: httpx.AsyncClient, bound: dict[str, str], program_id: UUID
) -> None:
    answer = await api.post(TOP, json={"external_id": "c-1"}, headers=bound)
    assert (answer.status_code, answer.json()["program_id"]) == (201, str(program_id))
    assert (await api.get(f"{TOP}/{answer.json()['id']}", headers=bound)).status_code == 200


async def test_a_key_bound_to_a_program_reaches_nobody_elsewhere(
    api: httpx.AsyncClient, bound: dict[str, str]
) -> None:
    other = (await api.post("/v1/programs", json={"name": "Other"})).json()["id"]
    stranger = await created(api, f"/v1/programs/{other}/participants")
    body = {"program_id": other, "external_id": "c-1", "first_name": "Bo"}
    assert (await api.post(TOP, json=body, headers=bound)).status_code == 403
    assert (await api.get(f"{TOP}/{stranger['id']}", headers=bound)).status_code == 404
    assert (await api.get(f"{TOP}/{stranger['id']}")).json() == stranger


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"external_id": "c-1"}, "program_id"),
        ({"external_id": "c-1", "program_id": "mine"}, "program_id"),
        ({"program_id": None}, "external_id"),
        ({"external_id": "c-1", "name": "Ana"}, "name"),
    ],
    ids=str,
)
async def test_a_wrong_body_is_refused_by_its_field(
    api: httpx.AsyncClient, body: dict[str, Any], field: str
) -> None:
    assert_refused(await api.post(TOP, json=body), field)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"tags": None}, "tags"),
        ({"status": "GONE"}, "status"),
        ({"counters": {"points": "5"}}, "counters.points"),
        ({"attributes": {"a": 2**63}}, "attributes.a"),
    ],
    ids=str,
)
async def test_both_addresses_check_alike(
    api: httpx.AsyncClient, people: str, program_id: UUID, fields: dict[str, Any], field: str
) -> None:
    person = await created(api, people)
    body = {"external_id": "c-1"} | fields
    assert_refused(await api.post(people, json=body), field)
    assert_refused(await api.post(TOP, json=body | {"program_id": str(program_id)}), field)
    assert_refused(await api.patch(f"{people}/{person['id']}", json=fields), field)
    assert (await api.get(f"{people}/{person['id']}")).json() == person


async def test_the_program_named_must_exist(api: httpx.AsyncClient) -> None:
    answer = await api.post(TOP, json={"external_id": "c-1", "program_id": str(uuid4())})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_a_patch_changes_what_it_sends(api: httpx.AsyncClient, people: str) -> None:
    person = await created(api, people, first_name="Ana", counters={"points": 1})
    answer = await api.patch(f"{people}/{person['id']}", json={"counters": {"orders": 2}})
    changed = answer.json()
    assert answer.status_code == 200
    assert (changed["first_name"], changed["counters"]) == ("Ana", {"orders": 2})
    assert changed["updated_at"] > person["updated_at"]
    assert (await api.get(f"{people}/{person['id']}")).json() == changed


async def test_erasing_someone_leaves_of_their_events_only_that_they_happened(
    api: httpx.AsyncClient, people: str, program_id: UUID
) -> None:
    person = await created(api, people, external_id="ana@example.com")
    sent = {
        "program_id": str(program_id),
        "external_id": "ana@example.com",
        "idempotency_key": "order-1",
        "event_data": {"type": "purchase", "address": "Calle Mayor 1"},
    }
    event = (await api.post("/v1/events", json=sent)).json()
    other = await api.post(
        "/v1/events", json={"program_id": str(program_id), "event_data": {"type": "purchase", "amount": 1}}
    )
    assert (await api.delete(f"{people}/{person['id']}")).status_code == 204
    assert (await api.delete(f"{people}/{person['id']}")).status_code == 404

    left = event | {"event_data": {"type": "purchase", "erased": True}}
    assert (await api.get(f"/v1/events/{event['id']}")).json() == left
    assert (await api.get(f"/v1/events/{other.json()['id']}")).json() == other.json()
    assert (await api.post("/v1/events", json=sent)).json() == left
    found = await api.get(people, params={"external_id": "ana@example.com"})
    assert found.json()["data"] == []
