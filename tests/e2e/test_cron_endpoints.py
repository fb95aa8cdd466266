"""What schedulers outside call: everything that is active, run now."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from cli.stack import Stack, StackOptions
from tests.e2e.test_run_now import TIMESTAMP
from tests.fixtures.carillon import Carillon

SECRET = "a secret of schedulers"
AUTOMATIONS, RFM, MASTER = "/api/cron/automations", "/api/cron/rfm", "/api/cron/master"


@pytest.fixture(scope="module")
async def stack() -> AsyncIterator[Stack]:
    """One of its own: here everything that is active runs."""
    async with Stack(StackOptions(extra_env={"CARILLON_CRON_SECRET": SECRET})) as stack:
        yield stack


@pytest.fixture
async def carillon(stack: Stack) -> AsyncIterator[Carillon]:
    """A client of a new program, whose automations are gone afterwards."""
    headers = {"X-API-Key": stack.addresses.admin_key}
    async with httpx.AsyncClient(base_url=stack.addresses.api_url, headers=headers, timeout=60) as http:
        carillon = await Carillon.with_new_program(http, stack.addresses.inbox_url)
        yield carillon
        for automation in (await http.get(f"{carillon.base}/automations")).json()["data"]:
            await carillon.delete(automation["id"])


async def ask(carillon: Carillon, path: str, secret: str = SECRET) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {secret}"}
    answer = await carillon.http.get(path, headers=headers, timeout=90)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_every_active_cron_automation_runs_and_what_was_sent_is_summed_up(carillon: Carillon) -> None:
    await carillon.add_people(3)
    ran = [await carillon.create() for _ in range(2)]
    ran.append(await carillon.create(scope="program"))
    paused = await carillon.create()
    await carillon.patch(paused["id"], status="paused")
    later = await carillon.create(trigger={"type": "one_time", "trigger_at": "2099-01-01T00:00:00Z"})

    assert await ask(carillon, AUTOMATIONS) == {"success": True, "executed": 3, "totalSent": 6}

    for automation in ran:
        (run,) = await carillon.runs(automation["id"])
        assert (run["cause"], run["requested_by"]) == ("manual", "cron")
    for automation in (paused, later):
        assert await carillon.runs(automation["id"]) == []


async def test_with_nothing_active_nothing_is_executed(carillon: Carillon) -> None:
    assert await ask(carillon, AUTOMATIONS) == {"success": True, "executed": 0, "totalSent": 0}


async def test_the_master_scores_people_first_and_then_runs_automations(carillon: Carillon) -> None:
    event = {"program_id": carillon.program_id, "external_id": "regular", "event_data": {"type": "visit"}}
    await carillon.http.post("/v1/events", json=event)
    automation = await carillon.create(participant_filter="participant.attributes.total_visits == 1")

    body = await ask(carillon, MASTER)

    assert list(body) == ["success", "master", "timestamp", "results"]
    assert (body["success"], body["master"]) == (True, True)
    assert TIMESTAMP.fullmatch(body["timestamp"])
    scored, ran = body["results"]
    assert (scored["endpoint"], scored["status"], scored["data"]["changed"]) == (RFM, 200, 1)
    assert ran == {
        "endpoint": AUTOMATIONS,
        "status": 200,
        "data": {"success": True, "executed": 1, "totalSent": 1},
    }
    assert len(await carillon.runs(automation["id"])) == 1


async def test_the_scores_can_be_asked_for_alone(carillon: Carillon) -> None:
    event = {"program_id": carillon.program_id, "external_id": "regular", "event_data": {"type": "order"}}
    await carillon.http.post("/v1/events", json=event)
    assert (await ask(carillon, RFM))["changed"] == 1
    assert (await ask(carillon, RFM))["changed"] == 0


@pytest.mark.parametrize("path", [AUTOMATIONS, RFM, MASTER])
@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": SECRET}], ids=str
)
async def test_without_the_secret_nothing_is_told(
    carillon: Carillon, path: str, headers: dict[str, str]
) -> None:
    answer = await carillon.http.get(path, headers=headers)
    assert (answer.status_code, answer.json()) == (401, {"error": "Unauthorized"})
