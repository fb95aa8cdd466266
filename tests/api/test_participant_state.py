"""A participant's counters and the history of their state, over HTTP."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from store.database import Database
from store.participants import upsert_participant
from store.programs import get_program
from tests.api.refusal import assert_refused


@pytest.fixture
def people(program_id: UUID) -> str:
    return f"/v1/programs/{program_id}/participants"


async def person(api: httpx.AsyncClient, people: str, **fields: Any) -> str:
    answer = await api.post(people, json={"external_id": "c-1"} | fields)
    assert answer.is_success, answer.text
    return f"{people}/{answer.json()['id']}"


async def add(api: httpx.AsyncClient, path: str, **changes: Any) -> httpx.Response:
    return await api.post(f"{path}/counters", json={"changes": changes})


async def history(api: httpx.AsyncClient, path: str, **query: str) -> list[dict[str, Any]]:
    answer = await api.get(f"{path}/state-history", params=query)
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()["data"]
    return rows


async def test_counters_are_added_to(api: httpx.AsyncClient, people: str) -> None:
    path = await person(api, people, counters={"points": 1200, "level": 2})
    answer = await add(api, path, points=5, orders=-1, spend=0.1)
    assert answer.status_code == 200
    assert answer.json()["counters"] == {"points": 1205, "level": 2, "orders": -1, "spend": 0.1}
    assert (await api.get(path)).json() == answer.json()


async def test_of_fifty_at_once_none_is_lost(api: httpx.AsyncClient, people: str) -> None:
    path = await person(api, people)
    answers = await asyncio.gather(*(add(api, path, points=1, spend=0.1) for _ in range(50)))
    assert {answer.status_code for answer in answers} == {200}
    assert sorted(answer.json()["counters"]["points"] for answer in answers) == list(range(1, 51))
    assert (await api.get(path)).json()["counters"] == {"points": 50, "spend": 5}


async def test_adding_is_carried_out_once_by_its_key(api: httpx.AsyncClient, people: str) -> None:
    path = await person(api, people)
    key = {"Idempotency-Key": str(uuid4())}
    for _ in range(2):
        answer = await api.post(f"{path}/counters", json={"changes": {"points": 5}}, headers=key)
        assert answer.json()["counters"] == {"points": 5}
    assert (await api.get(path)).json()["counters"] == {"points": 5}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "changes"),
        ({"changes": {}}, "changes"),
        ({"changes": [5]}, "changes"),
        ({"changes": {"points": "5"}}, "changes.points"),
        ({"changes": {"points": True}}, "changes.points"),
        ({"changes": {"points": None}}, "changes.points"),
        ({"changes": {"points": 2**63}}, "changes.points"),
        ({"changes": {"points": 1e19}}, "changes.points"),
        ({"changes": {"orders": 1, "points": -(2**64)}}, "changes.points"),
        ({"changes": {"points": 5}, "set": {}}, "set"),
    ],
    ids=str,
)
async def test_a_wrong_change_is_refused_by_its_counter(
    api: httpx.AsyncClient, people: str, body: dict[str, Any], field: str
) -> None:
    path = await person(api, people, counters={"points": 1})
    assert_refused(await api.post(f"{path}/counters", json=body), field)
    assert (await api.get(path)).json()["counters"] == {"points": 1}


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400"])
async def test_a_number_that_is_not_finite_is_refused(
    api: httpx.AsyncClient, people: str, number: str
) -> None:
    path = await person(api, people)
    content = f'{{"changes": {{"points": {number}}}}}'
    answer = await api.post(f"{path}/counters", content=content, headers={"Content-Type": "application/json"})
    assert_refused(answer, "changes.points")


async def test_a_sum_out_of_range_is_a_conflict(api: httpx.AsyncClient, people: str) -> None:
    path = await person(api, people, counters={"points": 2**63 - 1})
    assert_refused(await add(api, path, orders=1, points=1), "changes.points", 409, "conflict")
    assert (await api.get(path)).json()["counters"] == {"points": 2**63 - 1}


async def test_a_stored_counter_that_is_no_number_is_a_conflict(
    api: httpx.AsyncClient, database: Database, program_id: UUID, people: str
) -> None:
    async with database.transaction() as session:
        program = await get_program(session, program_id)
        assert program is not None
        await upsert_participant(session, program, "c-1", {"counters": {"level": "gold"}})
    path = await person(api, people)
    assert_refused(await add(api, path, points=1, level=1), "changes.level", 409, "conflict")
    assert (await api.get(path)).json()["counters"] == {"level": "gold"}


async def test_the_history_shows_each_change_newest_first(api: httpx.AsyncClient, people: str) -> None:
    path = await person(api, people, attributes={"plan": "free"}, counters={"points": 1}, tags=["new"])
    await api.patch(path, json={"attributes": {"plan": "pro"}, "tags": []})
    await add(api, path, points=4)
    await person(api, people, tiers={"loyalty": "gold"})
    rows = await history(api, path)
    assert [(row["state_type"], row["key"], row["old_value"], row["new_value"]) for row in rows] == [
        ("TIER", "loyalty", None, "gold"),
        ("COUNTER", "points", 1, 5),
        ("ATTRIBUTE", "plan", "free", "pro"),
        ("TAG", "new", True, None),
        ("ATTRIBUTE", "plan", None, "free"),
        ("COUNTER", "points", None, 1),
        ("TAG", "new", None, True),
    ]
    assert {row["source"] for row in rows} == {"api"}
    assert set(rows[0]) == {"id", "state_type", "key", "old_value", "new_value", "source", "changed_at"}


async def test_the_history_comes_in_pages_of_fifty(api: httpx.AsyncClient, people: str) -> None:
    path = await person(api, people, counters={f"c{number:02}": number for number in range(60)})
    first = (await api.get(f"{path}/state-history")).json()
    assert (len(first["data"]), first["pagination"]["has_more"]) == (50, True)
    cursor = first["pagination"]["next_cursor"]
    rest = (await api.get(f"{path}/state-history", params={"cursor": cursor})).json()
    assert rest["pagination"] == {"has_more": False, "next_cursor": None}
    assert [row["new_value"] for row in first["data"] + rest["data"]] == list(range(60))
    assert len(await history(api, path, limit="100")) == 60


async def test_each_filter_narrows_the_history(api: httpx.AsyncClient, people: str) -> None:
    path = await person(api, people, counters={"points": 1}, tags=["points"])
    await add(api, path, points=1)
    newest, *_ = await history(api, path)
    assert [row["state_type"] for row in await history(api, path, key="points")] == [
        "COUNTER",
        "COUNTER",
        "TAG",
    ]
    assert [row["key"] for row in await history(api, path, state_type="TAG")] == ["points"]
    assert await history(api, path, **{"from": newest["changed_at"]}) == [newest]
    assert newest not in await history(api, path, to=newest["changed_at"])
    assert await history(api, path, key="nothing") == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"state_type": "counter"}, "state_type"),
        ({"key": "\0"}, "key"),
        ({"from": "yesterday"}, "from"),
        ({"to": "2026-12-01T09:00:00"}, "to"),
        ({"limit": "101"}, "limit"),
        ({"limit": "0"}, "limit"),
        ({"cursor": "x"}, "cursor"),
    ],
)
async def test_a_wrong_question_is_refused_by_its_field(
    api: httpx.AsyncClient, people: str, query: dict[str, str], field: str
) -> None:
    path = await person(api, people)
    assert_refused(await api.get(f"{path}/state-history", params=query), field)


async def test_what_belongs_to_nobody_in_the_program_is_not_found(
    api: httpx.AsyncClient, people: str
) -> None:
    other = (await api.post("/v1/programs", json={"name": "Other"})).json()["id"]
    stranger = (await person(api, f"/v1/programs/{other}/participants")).rpartition("/")[2]
    for identifier in (stranger, str(uuid4())):
        assert (await api.get(f"{people}/{identifier}/state-history")).status_code == 404
        assert (await add(api, f"{people}/{identifier}", points=1)).status_code == 404


async def test_erasing_someone_erases_their_history(api: httpx.AsyncClient, people: str) -> None:
    path = await person(api, people, counters={"points": 1})
    assert (await api.delete(path)).status_code == 204
    assert (await api.get(f"{path}/state-history")).status_code == 404
    again = await person(api, people)
    assert await history(api, again) == []
