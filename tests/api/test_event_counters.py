"""Counters that events add to, in the transaction that stores them."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.api.refusal import assert_refused

SETTINGS = {
    "counters": {
        "lifetime_spend": {"event_type": "purchase", "add": "amount"},
        "orders": {"event_type": "purchase"},
    }
}


@pytest.fixture
async def program(api: httpx.AsyncClient) -> str:
    """Id of a program that counts purchases."""
    answer = await api.post("/v1/programs", json={"name": "Shop", "settings": SETTINGS})
    return str(answer.json()["id"])


async def purchase(api: httpx.AsyncClient, program: str, **fields: Any) -> httpx.Response:
    body = {
        "program_id": program,
        "external_id": "c-1",
        "event_data": {"type": "purchase", "amount": "42.50"},
    }
    return await api.post("/v1/events", json=body | fields)


async def found(api: httpx.AsyncClient, program: str) -> dict[str, Any]:
    answer = await api.get(f"/v1/programs/{program}/participants", params={"external_id": "c-1"})
    (person,) = answer.json()["data"]
    return dict(person)


async def counters(api: httpx.AsyncClient, program: str) -> dict[str, Any]:
    return dict((await found(api, program))["counters"])


async def test_an_event_counts_for_its_participant_whether_known_or_new(
    api: httpx.AsyncClient, program: str
) -> None:
    assert (await purchase(api, program)).status_code == 202
    assert await counters(api, program) == {"lifetime_spend": 42.5, "orders": 1}
    person = await found(api, program)
    await purchase(
        api,
        program,
        external_id=None,
        participant_id=person["id"],
        event_data={"type": "purchase", "amount": 7.5},
    )
    assert await counters(api, program) == {"lifetime_spend": 50, "orders": 2}


async def test_the_history_says_which_event_it_was(api: httpx.AsyncClient, program: str) -> None:
    await purchase(api, program)
    person = await found(api, program)
    answer = await api.get(f"/v1/programs/{program}/participants/{person['id']}/state-history")
    rows = [(row["key"], row["new_value"], row["source"]) for row in answer.json()["data"]]
    assert rows == [("lifetime_spend", 42.5, "event:purchase"), ("orders", 1, "event:purchase")]


async def test_an_event_sent_again_counts_once_however_many_come_at_once(
    api: httpx.AsyncClient, program: str
) -> None:
    answers = await asyncio.gather(*(purchase(api, program, idempotency_key="order-1") for _ in range(10)))
    assert {answer.status_code for answer in answers} == {202}
    assert (await purchase(api, program, idempotency_key="order-1")).status_code == 202
    assert await counters(api, program) == {"lifetime_spend": 42.5, "orders": 1}


async def test_of_many_events_at_once_each_counts(api: httpx.AsyncClient, program: str) -> None:
    answers = await asyncio.gather(*(purchase(api, program, idempotency_key=str(n)) for n in range(20)))
    assert {answer.status_code for answer in answers} == {202}
    assert await counters(api, program) == {"lifetime_spend": 850, "orders": 20}


async def test_an_event_that_is_refused_counts_nothing(api: httpx.AsyncClient, program: str) -> None:
    await purchase(api, program, idempotency_key="order-1")
    other = {"type": "purchase", "amount": 1}
    answer = await purchase(api, program, idempotency_key="order-1", event_data=other)
    assert_refused(answer, "idempotency_key", 409, "idempotency_conflict")
    assert_refused(await purchase(api, program, event_timestamp="yesterday"), "event_timestamp")
    assert await counters(api, program) == {"lifetime_spend": 42.5, "orders": 1}


async def test_an_event_whose_number_is_missing_or_unusable_is_stored_all_the_same(
    api: httpx.AsyncClient, program: str
) -> None:
    for data in ({}, {"amount": "a lot"}, {"amount": None}, {"amount": {"value": 3}}):
        answer = await purchase(api, program, event_data={"type": "purchase"} | data)
        assert answer.status_code == 202
    assert await counters(api, program) == {"orders": 4}


async def test_events_of_the_program_and_of_other_types_count_for_nobody(
    api: httpx.AsyncClient, program: str
) -> None:
    assert (await purchase(api, program, external_id=None)).status_code == 202
    assert (await purchase(api, program, event_data={"type": "visit", "amount": 1})).status_code == 202
    assert await counters(api, program) == {}


async def test_settings_changed_later_count_what_comes_later(api: httpx.AsyncClient, program: str) -> None:
    await purchase(api, program)
    settings = {"counters": {"visits": {"event_type": "visit"}}}
    assert (await api.patch(f"/v1/programs/{program}", json={"settings": settings})).status_code == 200
    await purchase(api, program)
    await purchase(api, program, event_data={"type": "visit"})
    assert await counters(api, program) == {"lifetime_spend": 42.5, "orders": 1, "visits": 1}


async def test_someone_unknown_whom_the_program_rejects_is_not_counted(api: httpx.AsyncClient) -> None:
    settings = SETTINGS | {"on_unknown_participant": "REJECT"}
    program = (await api.post("/v1/programs", json={"name": "Strict", "settings": settings})).json()["id"]
    assert_refused(await purchase(api, program), "external_id", 404, "not_found")
    nobody = {"external_id": None, "participant_id": str(uuid4())}
    assert_refused(await purchase(api, program, **nobody), "participant_id", 404, "not_found")
    people = await api.get(f"/v1/programs/{UUID(program)}/participants")
    assert people.json()["data"] == []
