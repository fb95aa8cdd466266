"""Histories of runs that were held, because their messages did not arrive."""

from tests.fixtures.held_runs import held_run, post_to_run
from tests.replay.stage import Stage


async def run_held_and_resumed(stage: Stage) -> None:
    carillon = await stage.new_program()
    automation, run = await held_run(carillon)
    answer = await post_to_run(carillon, automation, run, "resume")
    assert answer.status_code == 200, answer.text
    await carillon.closed_run(automation["id"])
    await stage.keep("held_and_resumed", stage.run(automation["id"]))


async def run_held_and_cancelled(stage: Stage) -> None:
    carillon = await stage.new_program()
    automation, _ = await held_run(carillon)
    assert (await carillon.cancel(automation["id"])).status_code == 200
    await stage.keep("held_and_cancelled", stage.run(automation["id"]))
