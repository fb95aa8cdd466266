"""What stands around automations: their runs and outcomes, what comes next, participants and events."""

from typing import Any

import pytest

from tests.api.refusal import assert_refused
from tests.contract.seed_surface.automations import PAIRS, Pair
from tests.contract.seed_surface.bodies import create
from tests.fixtures.carillon import Carillon

CRON = Pair("cron", "participants", triggerable=True)
EVENT_STATUSES = {"RECEIVED", "PENDING", "PROCESSING", "COMPLETED", "FAILED"}


async def answer_of(carillon: Carillon, path: str) -> Any:
    answer = await carillon.http.get(f"{carillon.base}{path}")
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("pair", [pair for pair in PAIRS if pair.triggerable], ids=str)
async def test_a_run_is_listed_found_and_its_outcomes_add_up(carillon: Carillon, pair: Pair) -> None:
    people = await carillon.add_people(3, status="ACTIVE")
    created = await create(carillon, pair)
    if pair.trigger_type != "immediate":
        await carillon.trigger(created["id"])
    run = await carillon.closed_run(created["id"])
    path = f"/automations/{created['id']}/runs"
    assert await answer_of(carillon, f"{path}/{run['id']}") == run
    assert (run["automation_id"], run["program_id"]) == (created["id"], carillon.program_id)
    assert (run["scope"], run["status"]) == (pair.scope, "completed")
    outcomes = (await answer_of(carillon, f"{path}/{run['id']}/participants"))["data"]
    if pair.scope == "program":
        assert outcomes == []
        return
    assert {row["participant_id"] for row in outcomes} == set(people)
    assert all(set(row) == {"participant_id", "outcome", "reason", "error", "updated_at"} for row in outcomes)
    assert run["participants_total"] == run["participants_processed"] == len(people)
    assert run["counts"]["sent"] == len([row for row in outcomes if row["outcome"] == "sent"])
    sent = (await answer_of(carillon, f"{path}/{run['id']}/participants?outcome=sent"))["data"]
    assert sent == [row for row in outcomes if row["outcome"] == "sent"]


async def test_the_first_of_the_next_runs_is_next_run_at(carillon: Carillon) -> None:
    created = await create(carillon, CRON)
    preview = await answer_of(carillon, f"/automations/{created['id']}/next-runs?limit=3")
    assert len(preview["data"]) == 3
    assert preview["data"][0]["run_at"] == created["next_run_at"]
    await carillon.patch(created["id"], status="paused")
    assert (await answer_of(carillon, f"/automations/{created['id']}/next-runs"))["data"] == []


async def test_an_event_is_accepted_once_for_its_idempotency_key(carillon: Carillon) -> None:
    body = {
        "program_id": carillon.program_id,
        "external_id": "customer-1",
        "idempotency_key": "order-1",
        "event_timestamp": "2026-12-01T09:00:00Z",
        "event_data": {"type": "purchase", "amount": "42.50"},
    }
    first, again = [await carillon.http.post("/v1/events", json=body) for _ in range(2)]
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.json()["id"] == first.json()["id"]
    assert first.json()["status"] in EVENT_STATUSES
    assert first.json()["kind"] == "EXTERNAL"
    other = await carillon.http.post("/v1/events", json=body | {"event_data": {"type": "refund"}})
    assert_refused(other, "idempotency_key", 409, "idempotency_conflict")
    retried = await carillon.http.post(f"/v1/events/{first.json()['id']}/retry")
    assert retried.status_code == 409


async def test_what_an_automation_makes_is_an_event_of_its_name_with_its_payload(carillon: Carillon) -> None:
    (person,) = await carillon.add_people(1)
    created = await create(carillon, CRON, payload={"edition": 7, "type": "overridden"})
    await carillon.trigger(created["id"])
    await carillon.closed_run(created["id"])
    (event,) = (await carillon.http.get("/v1/events", params={"program_id": carillon.program_id})).json()[
        "data"
    ]
    assert event["event_data"] == {"edition": 7, "type": created["event_name"]}
    assert (event["participant_id"], event["automation_id"], event["kind"]) == (
        person,
        created["id"],
        "SYSTEM",
    )


@pytest.mark.parametrize("status", ["ACTIVE", "SUSPENDED", "CLOSED"])
async def test_a_participant_is_created_or_updated_by_external_id(carillon: Carillon, status: str) -> None:
    body = {"external_id": "customer-1", "status": status, "tags": ["vip"], "attributes": {"plan": "pro"}}
    path = f"{carillon.base}/participants"
    first, again = [await carillon.http.post(path, json=body | {"first_name": name}) for name in ("A", "B")]
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["id"] == first.json()["id"]
    assert (again.json()["first_name"], again.json()["status"]) == ("B", status)
