"""Updates, queries and signals, sent with the `temporal` CLI."""

from typing import Any

import pytest

from domain.contract import automation_workflow_id as workflow_id_of
from tests.contract.temporal_cli import TemporalCli
from tests.contract.work import BEING_SENT, PEOPLE, WAITING, Work, adds_up
from tests.fixtures.carillon import Carillon, eventually

REFUSED = "Automation cannot be triggered (must be active and idle or cron+program)"
AN_OCCURRENCE = "2026-01-01T00:00:00Z"
NO_OCCURRENCE = "2026-03-04T05:06:00Z"


def automation_workflow(automation: dict[str, Any]) -> str:
    return workflow_id_of(automation["id"])


async def test_pause_and_resume_show_in_the_api_once_they_answer(
    cli: TemporalCli, carillon: Carillon
) -> None:
    automation = await carillon.create()
    workflow = automation_workflow(automation)

    assert (await cli.update(workflow, "pause", actor="ana"))["status"] == "paused"
    shown = await carillon.get(automation["id"])
    assert (shown["status"], shown["next_run_at"]) == ("paused", None)

    await cli.update(workflow, "resume")
    shown = await carillon.get(automation["id"])
    assert (shown["status"], shown["next_run_at"]) == ("active", automation["next_run_at"])


async def test_trigger_starts_a_run_in_the_name_of_whoever_asked(
    cli: TemporalCli, carillon: Carillon
) -> None:
    await carillon.add_people(2)
    automation = await carillon.create()

    answer = await cli.update(automation_workflow(automation), "trigger", actor="ana")

    assert answer["active_run"]["number"] == 1
    run = await carillon.closed_run(automation["id"])
    assert (run["cause"], run["requested_by"], run["counts"]["sent"]) == ("manual", "ana", 2)


async def test_trigger_during_a_run_is_refused_and_the_run_can_be_asked_for_its_progress(
    cli: TemporalCli, carillon: Carillon, work: Work
) -> None:
    async with work.held() as automation:
        workflow = automation_workflow(automation)
        assert REFUSED in await cli.refusal(workflow, "trigger", {"actor": "ana"})
        assert len(await carillon.runs(automation["id"])) == 1

        state = (await cli.query(workflow, "state"))["snapshot"]
        assert (state["status"], state["active_run"]["number"]) == ("active", 1)
        progress = await cli.query(f"{workflow}/run-1", "progress")
        assert progress == {"total": PEOPLE, "cohorts": 2, "cohorts_done": 0, "cohorts_failed": 0}
    await work.run_is(automation["id"], "completed", sent=PEOPLE)


async def test_cancel_execution_ends_the_run_and_spares_those_not_yet_reached(
    cli: TemporalCli, carillon: Carillon, work: Work
) -> None:
    async with work.held() as automation:
        workflow = automation_workflow(automation)
        # The update answers when the mails under way are settled, so it is only started here.
        started = await cli.workflow(
            *("update start", workflow, "--name", "cancel_execution", "--wait-for-stage", "accepted"),
            *("--update-id", "cancelled-by-ana", "--input", '{"actor": "ana"}'),
        )
        assert started.exit_code == 0, started.errors
        await work.run_is(automation["id"], "cancelled")
    answered = await cli.workflow("update result", workflow, "--update-id", "cancelled-by-ana")
    assert answered.as_json["result"]["active_run"] is None
    run = await work.run_is(automation["id"], "cancelled", sent=BEING_SENT)
    assert run["counts"]["skipped"] == {"cancelled": WAITING}
    assert run["error"] == "Cancelled by ana"
    assert "not_cancellable" in await cli.refusal(workflow, "cancel_execution", {})
    assert (await carillon.get(automation["id"]))["status"] == "active"


async def test_archive_ends_the_workflow_and_its_schedule(cli: TemporalCli, carillon: Carillon) -> None:
    automation = await carillon.create()
    workflow = automation_workflow(automation)
    assert await cli.has_schedule(workflow)

    await cli.update(workflow, "archive")

    assert (await carillon.get(automation["id"]))["status"] == "archived"
    assert not await cli.has_schedule(workflow)

    async def completed() -> bool:
        return await cli.status(workflow) == "COMPLETED"

    await eventually(completed)
    assert "already completed" in await cli.refusal(workflow, "resume", {})


async def test_fire_with_a_time_that_is_no_occurrence_fires_nothing(
    cli: TemporalCli, carillon: Carillon, work: Work
) -> None:
    automation = await carillon.create()
    workflow = automation_workflow(automation)

    await cli.signal(workflow, "fire", {"nominal_at": NO_OCCURRENCE})
    await cli.signal(workflow, "fire", {"nominal_at": "9999-06-01T00:00:00Z"})

    reason = "not an occurrence of the schedule"
    await eventually(lambda: _are(work, automation, [("skipped", reason), ("skipped", reason)]))
    assert await carillon.runs(automation["id"]) == []


async def test_fire_twice_with_the_same_occurrence_is_one_run(
    cli: TemporalCli, carillon: Carillon, work: Work
) -> None:
    await carillon.add_people(2)
    automation = await carillon.create(missed_run_policy="all")
    workflow = automation_workflow(automation)

    for _ in range(2):
        await cli.signal(workflow, "fire", {"nominal_at": AN_OCCURRENCE})
    await carillon.closed_run(automation["id"])
    await cli.signal(workflow, "fire", {"nominal_at": AN_OCCURRENCE})
    await cli.signal(workflow, "fire", {"nominal_at": NO_OCCURRENCE})

    skipped = ("skipped", "not an occurrence of the schedule")
    await eventually(lambda: _are(work, automation, [("fired", None), skipped]))
    (run,) = await carillon.runs(automation["id"])
    assert (run["cause"], run["nominal_at"], run["counts"]["sent"]) == ("schedule", AN_OCCURRENCE, 2)
    assert adds_up(run)


@pytest.mark.parametrize(
    "inputs",
    [[], [{"nominal_at": "soon"}], [{"nominal_at": "2026-01-01T00:00:00"}], ["now"], [{}]],
)
async def test_a_malformed_fire_is_dropped_and_the_automation_goes_on(
    cli: TemporalCli, carillon: Carillon, work: Work, inputs: list[Any]
) -> None:
    automation = await carillon.create()
    workflow = automation_workflow(automation)

    await cli.signal(workflow, "fire", *inputs)

    assert (await cli.update(workflow, "pause"))["status"] == "paused"
    assert await work.receipts(automation["id"]) == []


@pytest.mark.parametrize(
    ("update", "inputs", "complaint"),
    [
        ("pause", [{"actor": ""}], "at least 1 character"),
        ("pause", ["ana"], "should be an object"),
        ("pause", [], "missing 1 required positional argument"),
        ("amend", [{"change_id": "mine"}], "valid UUID"),
        ("amend", [{"change_id": "00000000-0000-0000-0000-000000000000"}], "type: not_found"),
        ("explode", [{}], "known updates: [amend archive"),
    ],
)
async def test_a_malformed_update_is_refused_and_harms_nothing(
    cli: TemporalCli, carillon: Carillon, update: str, inputs: list[Any], complaint: str
) -> None:
    automation = await carillon.create()
    workflow = automation_workflow(automation)

    assert complaint in await cli.refusal(workflow, update, *inputs)

    assert (await carillon.get(automation["id"]))["status"] == "active"
    assert (await cli.update(workflow, "pause"))["status"] == "paused"


async def _are(work: Work, automation: dict[str, Any], receipts: list[tuple[object, ...]]) -> bool:
    return await work.receipts(automation["id"]) == receipts
