"""The fires that an automation keeps itself, on a real clock."""

import asyncio

import pytest

from domain.contract import automation_workflow_id as workflow_id_of
from tests.contract.temporal_cli import TemporalCli
from tests.contract.work import Work
from tests.fixtures.carillon import Carillon, eventually

EVERY_MINUTE = {"type": "cron", "cron_expression": "* * * * *"}
LONGER_THAN_A_MINUTE_AND_THE_GRACE = 110


@pytest.mark.slow
async def test_a_missing_schedule_is_made_up_for_and_an_operators_pause_is_respected(
    cli: TemporalCli, carillon: Carillon, work: Work
) -> None:
    orphan, paused = await asyncio.gather(
        carillon.create(scope="program", trigger=EVERY_MINUTE),
        carillon.create(scope="program", trigger=EVERY_MINUTE),
    )
    await cli.schedule("delete", workflow_id_of(orphan["id"]))
    await cli.schedule("toggle", workflow_id_of(paused["id"]), "--pause", "--reason", "held by ana")

    run = await carillon.closed_run(orphan["id"], within=LONGER_THAN_A_MINUTE_AND_THE_GRACE)
    assert (run["cause"], run["requested_by"], run["nominal_at"]) == (
        "schedule",
        "own timer",
        orphan["next_run_at"],
    )

    async def given_up() -> bool:
        return ("skipped", "its Temporal Schedule is paused") in await work.receipts(paused["id"])

    await eventually(given_up, within=LONGER_THAN_A_MINUTE_AND_THE_GRACE)
    assert await carillon.runs(paused["id"]) == []
    for automation in (orphan, paused):
        await carillon.delete(automation["id"])
