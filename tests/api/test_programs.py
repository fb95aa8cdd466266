"""Programs over HTTP: made, and changed field by field."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.api.refusal import assert_refused

COUNTERS = {
    "lifetime_spend": {"event_type": "purchase", "add": "amount"},
    "orders": {"event_type": "purchase"},
}


@pytest.fixture
def path(program_id: UUID) -> str:
    return f"/v1/programs/{program_id}"


async def read(api: httpx.AsyncClient, path: str) -> dict[str, Any]:
    answer = await api.get(path)
    assert answer.status_code == 200
    program: dict[str, Any] = answer.json()
    return program


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"name": "Café rewards"},
        {"timezone": "Europe/Madrid"},
        {"settings": {"counters": COUNTERS, "theirs": [1]}},
        {"name": "Both", "timezone": "Asia/Tokyo"},
    ],
    ids=str,
)
async def test_a_patch_changes_what_it_sends(
    api: httpx.AsyncClient, path: str, change: dict[str, Any]
) -> None:
    before = await read(api, path)
    answer = await api.patch(path, json=change)
    assert answer.status_code == 200
    after = answer.json()
    assert after == before | change | {"updated_at": after["updated_at"]}
    assert after["updated_at"] > before["updated_at"]
    assert await read(api, path) == after


async def test_settings_are_replaced_whole(api: httpx.AsyncClient, path: str) -> None:
    await api.patch(path, json={"settings": {"counters": COUNTERS, "theirs": 1}})
    answer = await api.patch(path, json={"settings": {"theirs": 2}})
    assert answer.json()["settings"] == {"theirs": 2}


async def test_patches_at_once_lose_no_field(api: httpx.AsyncClient, path: str) -> None:
    changes: list[dict[str, Any]] = [
        {"name": "New"},
        {"timezone": "Asia/Tokyo"},
        {"settings": {"theirs": 1}},
    ]
    answers = await asyncio.gather(*(api.patch(path, json=change) for change in changes))
    assert {answer.status_code for answer in answers} == {200}
    after = await read(api, path)
    assert all(after[name] == value for change in changes for name, value in change.items())


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": None}, "name"),
        ({"name": ""}, "name"),
        ({"timezone": None}, "timezone"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"settings": None}, "settings"),
        ({"settings": []}, "settings"),
        ({"settings": {"theirs": "\0"}}, "settings.theirs"),
        ({"settings": {"on_unknown_participant": "reject"}}, "settings.on_unknown_participant"),
        ({"settings": {"counters": {"orders": {}}}}, "settings.counters.orders.event_type"),
        (
            {"settings": {"counters": {"orders": {"event_type": "purchase", "add": 1}}}},
            "settings.counters.orders.add",
        ),
        ({"id": "0e7cf8ff-0d55-4571-af9a-ad1d649da4ef"}, "id"),
    ],
    ids=str,
)
async def test_a_wrong_patch_is_refused_by_its_field_and_changes_nothing(
    api: httpx.AsyncClient, path: str, change: dict[str, Any], field: str
) -> None:
    before = await read(api, path)
    assert_refused(await api.patch(path, json={"timezone": "Asia/Tokyo"} | change), field)
    assert await read(api, path) == before


async def test_a_program_is_not_made_with_counters_that_cannot_be_kept(api: httpx.AsyncClient) -> None:
    body = {"name": "Odd", "settings": {"counters": {"orders": "purchase"}}}
    details = assert_refused(await api.post("/v1/programs", json=body), "settings.counters.orders")
    assert details["expected"]


async def test_a_program_that_does_not_exist_is_not_found(api: httpx.AsyncClient) -> None:
    answer = await api.patch(f"/v1/programs/{uuid4()}", json={"name": "x"})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
