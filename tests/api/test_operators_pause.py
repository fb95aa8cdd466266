"""An operator pauses an automation's Temporal Schedule by hand: the API sees it, shows it and respects it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from temporalio.client import Client, ScheduleHandle

from domain.contract import schedule_id
from tests.fixtures.carillon import Carillon, eventually
from tests.fixtures.schedules import schedule_exists


@pytest.fixture
async def automation(carillon: Carillon) -> dict[str, Any]:
    return await carillon.create(scope="program")


@pytest.fixture
async def schedule(temporal: Client, automation: dict[str, Any]) -> ScheduleHandle:
    handle = temporal.get_schedule_handle(schedule_id(UUID(automation["id"])))
    await schedule_exists(handle)
    return handle


async def shown_as(carillon: Carillon, automation_id: str, paused: bool) -> dict[str, Any]:
    """The automation, once the API shows whether an operator holds its schedule."""

    async def look() -> dict[str, Any] | None:
        shown = await carillon.get(automation_id)
        return shown if shown["schedule_paused"] is paused else None

    shown: dict[str, Any] = await eventually(look)
    return shown


async def test_it_is_shown_with_its_note_and_nothing_lies_ahead_until_it_is_lifted(
    carillon: Carillon, automation: dict[str, Any], schedule: ScheduleHandle
) -> None:
    assert (automation["schedule_paused"], automation["schedule_pause_note"]) == (False, None)
    await schedule.pause(note="stock-taking")

    held = await shown_as(carillon, automation["id"], True)
    assert held["schedule_pause_note"] == "stock-taking"
    assert (held["status"], held["next_run_at"]) == ("active", None)
    path = f"{carillon.base}/automations/{automation['id']}/next-runs"
    ahead = (await carillon.http.get(path)).json()
    assert ahead == {"data": [], "timezone": "UTC", "status": "active", "schedule_paused": True}

    await schedule.unpause()
    free = await shown_as(carillon, automation["id"], False)
    assert (free["schedule_pause_note"], free["next_run_at"]) == (None, automation["next_run_at"])
    ahead = (await carillon.http.get(path)).json()
    assert (ahead["data"][0]["run_at"], ahead["schedule_paused"]) == (automation["next_run_at"], False)


async def test_a_pause_over_the_api_is_not_an_operators(
    carillon: Carillon, automation: dict[str, Any], schedule: ScheduleHandle
) -> None:
    paused = (await carillon.patch(automation["id"], status="paused")).json()
    assert (await schedule.describe()).schedule.state.paused
    assert (paused["schedule_paused"], paused["next_run_at"]) == (False, None)
    resumed = (await carillon.patch(automation["id"], status="active")).json()
    assert (resumed["schedule_paused"], resumed["next_run_at"]) == (False, automation["next_run_at"])


async def test_a_patch_sees_it_at_once_and_leaves_it_in_place(
    carillon: Carillon, automation: dict[str, Any], schedule: ScheduleHandle
) -> None:
    await schedule.pause(note="held by ana")
    retimed = (await carillon.patch(automation["id"], cron_expression="30 4 1 1 *")).json()
    assert (retimed["schedule_paused"], retimed["schedule_pause_note"]) == (True, "held by ana")
    for status in ("paused", "active"):
        assert (await carillon.patch(automation["id"], status=status)).json()["schedule_paused"] is True
    description = await schedule.describe()
    assert (description.schedule.state.paused, description.schedule.state.note) == (True, "held by ana")


async def test_it_can_still_be_triggered_by_hand(
    carillon: Carillon, automation: dict[str, Any], schedule: ScheduleHandle
) -> None:
    await schedule.pause(note="held by ana")
    await shown_as(carillon, automation["id"], True)
    answer = await carillon.trigger(automation["id"])
    assert datetime.fromisoformat(answer.json()["next_run_at"]) <= datetime.now(UTC) + timedelta(seconds=5)
    run = await carillon.closed_run(automation["id"])
    assert run["cause"] == "manual"
    assert (await carillon.get(automation["id"]))["next_run_at"] is None
