"""Visits, counted when their events come."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from store.database import Database
from tests.api.refusal import assert_refused


@pytest.fixture
async def program(api: httpx.AsyncClient) -> str:
    return str((await api.post("/v1/programs", json={"name": "Tavern"})).json()["id"])


async def send(api: httpx.AsyncClient, program: str, *events: dict[str, Any]) -> None:
    entries = [
        {"external_id": "c-1", "event_data": {"type": "visit"}, "event_timestamp": "2026-11-01T10:00:00Z"}
        | event
        for event in events
    ]
    body = {"program_id": program, "events": entries}
    answer = await api.post("/v1/events/batch", json=body)
    assert answer.status_code == 202, answer.text


async def counted(database: Database, program: str) -> list[tuple[str, int, float, str]]:
    async with database.engine.connect() as connection:
        rows = await connection.exec_driver_sql(
            "SELECT external_id, visits, spent::float8, to_char(last_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') "
            "FROM participant_visits v JOIN participant p ON p.id = v.participant_id "
            "WHERE v.program_id = %s ORDER BY external_id",
            (program,),
        )
        return [tuple(row) for row in rows]  # type: ignore[misc]


async def test_visits_and_orders_count_and_add_what_was_spent(
    api: httpx.AsyncClient, database: Database, program: str
) -> None:
    await send(
        api,
        program,
        {"event_data": {"type": "visit"}},
        {"event_data": {"type": "order", "amount": "42.50"}, "event_timestamp": "2026-11-03T10:00:00Z"},
        {"event_data": {"type": "order", "amount": "none"}},
        {"external_id": "c-2", "event_data": {"type": "order", "amount": 7}},
        {"external_id": "c-3", "event_data": {"type": "walked"}},
    )
    expected = [("c-1", 3, 42.5, "2026-11-03"), ("c-2", 1, 7.0, "2026-11-01")]
    assert await counted(database, program) == expected
    await send(api, program, {"event_timestamp": "2026-10-01T10:00:00Z"})
    assert (await counted(database, program))[0] == ("c-1", 4, 42.5, "2026-11-03")


async def test_an_event_that_is_sent_again_counts_once(
    api: httpx.AsyncClient, database: Database, program: str
) -> None:
    for _ in range(2):
        await send(api, program, {"idempotency_key": "k-1"})
    assert await counted(database, program) == [("c-1", 1, 0.0, "2026-11-01")]


async def test_the_first_event_adds_to_what_was_known_before(
    api: httpx.AsyncClient, database: Database, program: str
) -> None:
    known = {"last_visit_at": "2026-05-01", "total_visits": 40, "total_spend": 1000.25}
    people = f"/v1/programs/{program}/participants"
    await api.post(people, json={"external_id": "c-1", "attributes": known})
    await send(api, program, {"event_data": {"type": "order", "amount": 10}})
    assert await counted(database, program) == [("c-1", 41, 1010.25, "2026-11-01")]


async def test_a_visit_that_is_dated_ahead_was_when_it_was_told(
    api: httpx.AsyncClient, database: Database, program: str
) -> None:
    before = f"{datetime.now(UTC):%Y-%m-%d}"
    await send(api, program, {}, {"event_timestamp": "2096-11-01T10:00:00Z"})
    ((_, visits, _, last),) = await counted(database, program)
    assert visits == 2
    assert before <= last <= f"{datetime.now(UTC):%Y-%m-%d}"


@pytest.mark.parametrize("ahead", [timedelta(hours=20), timedelta(days=25_000)], ids=["hours", "decades"])
async def test_nobody_is_known_to_have_come_after_today(
    api: httpx.AsyncClient, database: Database, program: str, ahead: timedelta
) -> None:
    known = f"{datetime.now(UTC) + ahead:%Y-%m-%dT%H:%M:%SZ}"
    attributes = {"last_visit_at": known, "total_visits": 40}
    people = f"/v1/programs/{program}/participants"
    await api.post(people, json={"external_id": "c-1", "attributes": attributes})
    await send(api, program, {})
    ((_, visits, _, last),) = await counted(database, program)
    assert visits == 41
    assert last <= f"{datetime.now(UTC):%Y-%m-%d}"


async def test_a_program_says_what_counts(api: httpx.AsyncClient, database: Database, program: str) -> None:
    settings = {"visits": {"event_types": ["check_in"], "amount": "total"}}
    await api.patch(f"/v1/programs/{program}", json={"settings": settings})
    await send(
        api, program, {"event_data": {"type": "check_in", "total": 3}}, {"event_data": {"type": "visit"}}
    )
    assert await counted(database, program) == [("c-1", 1, 3.0, "2026-11-01")]
    none = {"visits": {"event_types": []}}
    await api.patch(f"/v1/programs/{program}", json={"settings": none})
    await send(api, program, {"event_data": {"type": "visit"}})
    assert (await counted(database, program))[0][1] == 1


@pytest.mark.parametrize(
    ("visits", "field"),
    [
        ([], "settings.visits"),
        ({"types": []}, "settings.visits.types"),
        ({"event_types": "visit"}, "settings.visits.event_types"),
        ({"event_types": [""]}, "settings.visits.event_types"),
        ({"event_types": ["x"] * 21}, "settings.visits.event_types"),
        ({"amount": 3}, "settings.visits.amount"),
    ],
    ids=str,
)
async def test_settings_that_describe_no_visits_are_refused(
    api: httpx.AsyncClient, program: str, visits: object, field: str
) -> None:
    answer = await api.patch(f"/v1/programs/{program}", json={"settings": {"visits": visits}})
    assert_refused(answer, field)


async def test_an_erased_persons_visits_are_gone(
    api: httpx.AsyncClient, database: Database, program: str
) -> None:
    await send(api, program, {})
    people = f"/v1/programs/{program}/participants"
    (person,) = (await api.get(people)).json()["data"]
    assert (await api.delete(f"{people}/{person['id']}")).status_code == 204
    assert await counted(database, program) == []
