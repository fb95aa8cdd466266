"""A run whose messages do not arrive is held, is seen to be held, and goes on or ends as somebody says."""

from typing import Any

from temporalio.client import Client

from domain.contract import run_workflow_id
from tests.fixtures.carillon import Carillon, eventually
from tests.fixtures.held_runs import PEOPLE, held_run, post_to_run


async def outcomes(carillon: Carillon, automation: dict[str, Any], run: dict[str, Any]) -> dict[str, int]:
    rows = await carillon.outcomes(automation["id"], run["id"])
    tally: dict[str, int] = {}
    for row in rows:
        tally[row["outcome"]] = tally.get(row["outcome"], 0) + 1
    return tally


async def test_a_held_run_says_so_and_reaches_the_rest_once_it_is_resumed(
    carillon: Carillon, temporal: Client
) -> None:
    automation, run = await held_run(carillon)
    assert run["error"] == "Held: 10 of the last 10 messages did not arrive"
    assert run["held_at"] is not None
    assert (await carillon.get(automation["id"]))["execution_status"] == "executing"
    handle = temporal.get_workflow_handle(run_workflow_id(automation["id"], 1))

    async def shown_as_held() -> bool:
        details = (await handle.describe()).raw_description.execution_config
        metadata = await handle.query("__temporal_workflow_metadata")
        return details is not None and "**held**" in str(metadata)

    await eventually(shown_as_held)
    counts = run["counts"]
    assert counts["failed"] + counts["pending"] == PEOPLE
    assert counts["pending"] > 0
    assert (await post_to_run(carillon, automation, run, "withdraw")).status_code == 409
    resumed = await post_to_run(carillon, automation, run, "resume")
    assert (resumed.status_code, resumed.json()["error"], resumed.json()["held_at"]) == (200, None, None)
    assert resumed.json()["resumed_at"] is not None
    closed = await carillon.closed_run(automation["id"])
    assert closed["status"] == "completed"
    assert await outcomes(carillon, automation, run) == {"failed": PEOPLE}
    assert (await post_to_run(carillon, automation, run, "resume")).status_code == 409


async def test_a_held_run_that_is_cancelled_leaves_the_rest_alone(carillon: Carillon) -> None:
    automation, run = await held_run(carillon)
    assert (await carillon.cancel(automation["id"])).status_code == 200
    closed = await carillon.closed_run(automation["id"])
    assert closed["status"] == "cancelled"
    assert closed["counts"]["skipped"] == {"cancelled": run["counts"]["pending"]}
