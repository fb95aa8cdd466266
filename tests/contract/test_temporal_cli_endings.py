"""Workflows cancelled, terminated and started with the `temporal` CLI: the record follows each."""

from uuid import uuid4

from domain.contract import automation_workflow_id as workflow_id_of
from tests.contract.temporal_cli import TemporalCli
from tests.contract.work import BEING_SENT, PEOPLE, WAITING, Work
from tests.fixtures.carillon import Carillon, eventually


async def test_cancelling_an_automation_archives_it_and_cancels_its_run(
    cli: TemporalCli, carillon: Carillon, work: Work
) -> None:
    async with work.held() as automation:
        workflow = workflow_id_of(automation["id"])
        await cli.cancel(workflow)
        await work.run_is(automation["id"], "cancelled")
    await work.status_becomes(automation["id"], "archived")
    run = await work.run_is(automation["id"], "cancelled", sent=BEING_SENT, skipped=WAITING)
    assert run["error"] == "Cancelled by an operator, by cancelling its workflow"
    await _ends_as(cli, workflow, "CANCELED")
    await _ends_as(cli, f"{workflow}/run-1", "CANCELED", "COMPLETED")
    assert not await cli.has_schedule(workflow)


async def test_cancelling_a_run_skips_those_not_yet_reached_and_the_automation_stays_active(
    cli: TemporalCli, carillon: Carillon, work: Work
) -> None:
    async with work.held() as automation:
        workflow = workflow_id_of(automation["id"])
        await cli.cancel(f"{workflow}/run-1")
        await work.run_is(automation["id"], "cancelled")
    run = await work.run_is(automation["id"], "cancelled", sent=BEING_SENT, skipped=WAITING)
    assert run["counts"]["skipped"] == {"cancelled": WAITING}
    await _ends_as(cli, f"{workflow}/run-1", "CANCELED")
    shown = await carillon.get(automation["id"])
    assert (shown["status"], shown["execution_status"]) == ("active", "failed")
    await _can_be_triggered(carillon, automation["id"], 2)


async def test_terminating_a_run_fails_it_with_the_reason_and_mails_under_way_are_still_counted(
    cli: TemporalCli, carillon: Carillon, work: Work
) -> None:
    async with work.held() as automation:
        workflow = workflow_id_of(automation["id"])
        await cli.terminate(f"{workflow}/run-1", "wrong audience")
        run = await work.run_is(automation["id"], "failed", unknown=BEING_SENT, failed=WAITING)
        assert run["error"] == "The run ended early: it was terminated in Temporal"
    await work.run_is(automation["id"], "failed", sent=BEING_SENT, failed=WAITING)
    assert (await carillon.get(automation["id"]))["status"] == "active"
    await _can_be_triggered(carillon, automation["id"], 2)


async def test_terminating_a_cohort_gives_its_people_an_outcome_and_the_run_completes(
    cli: TemporalCli, carillon: Carillon, work: Work
) -> None:
    async with work.held() as automation:
        run_workflow = f"{workflow_id_of(automation['id'])}/run-1"
        await cli.terminate(f"{run_workflow}/cohort-0", "stuck")

        async def noticed() -> bool:
            return bool((await cli.query(run_workflow, "progress"))["cohorts_failed"] == 1)

        await eventually(noticed)
    await work.run_is(automation["id"], "completed", sent=BEING_SENT, failed=WAITING)


async def test_cancelling_a_cohort_skips_its_people_and_the_run_completes(
    cli: TemporalCli, carillon: Carillon, work: Work
) -> None:
    async with work.held() as automation:
        run_workflow = f"{workflow_id_of(automation['id'])}/run-1"
        await cli.cancel(f"{run_workflow}/cohort-0")
    run = await work.run_is(automation["id"], "completed")
    assert run["counts"]["sent"] + run["counts"]["skipped"].get("cancelled", 0) == PEOPLE


async def test_a_terminated_automation_is_failed_until_a_patch_revives_it(
    cli: TemporalCli, carillon: Carillon, work: Work
) -> None:
    await carillon.add_people(1)
    automation = await carillon.create()
    workflow = workflow_id_of(automation["id"])

    await cli.terminate(workflow, "gone wild")
    shown = await work.status_becomes(automation["id"], "failed")
    assert shown["last_error"] == "Its workflow was ended in Temporal (terminated)"
    assert shown["next_run_at"] is None
    assert not await cli.has_schedule(workflow)

    revived = (await carillon.patch(automation["id"], status="active")).json()
    assert (revived["status"], revived["last_error"]) == ("active", None)
    assert revived["next_run_at"] == automation["next_run_at"]
    assert await cli.has_schedule(workflow)
    await _can_be_triggered(carillon, automation["id"], 1)


async def test_a_failed_automation_started_by_hand_stays_failed_until_it_is_resumed(
    cli: TemporalCli, carillon: Carillon, work: Work
) -> None:
    automation = await carillon.create()
    workflow = workflow_id_of(automation["id"])
    await cli.terminate(workflow, "gone wild")
    await work.status_becomes(automation["id"], "failed")

    await cli.start("AutomationWorkflow", workflow, {"automation_id": automation["id"]})
    assert (await cli.update(workflow, "ready"))["status"] == "failed"
    assert not await cli.has_schedule(workflow)

    assert (await cli.update(workflow, "resume"))["status"] == "active"
    assert await cli.has_schedule(workflow)


async def test_starting_the_workflow_of_a_terminated_automation_adopts_its_record(
    cli: TemporalCli, carillon: Carillon, work: Work
) -> None:
    async with work.held() as automation:
        workflow = workflow_id_of(automation["id"])
        await cli.terminate(workflow, "a mistake")
        await cli.start("AutomationWorkflow", workflow, {"automation_id": automation["id"]})
        assert (await cli.update(workflow, "ready"))["active_run"]["number"] == 1
    await work.run_is(automation["id"], "completed", sent=PEOPLE)

    async def noticed() -> bool:
        snapshot = (await cli.query(workflow, "state"))["snapshot"]
        return snapshot["active_run"] is None and snapshot["last_run_summary"] is not None

    await eventually(noticed)
    assert (await carillon.get(automation["id"]))["status"] == "active"


async def test_starting_a_workflow_for_an_unknown_automation_fails_as_not_found(cli: TemporalCli) -> None:
    automation_id = uuid4()
    workflow = workflow_id_of(automation_id)
    await cli.start("AutomationWorkflow", workflow, {"automation_id": str(automation_id)})
    assert (await cli.failure(workflow))["applicationFailureInfo"]["type"] == "not_found"


async def test_a_second_workflow_for_an_automation_is_refused_and_upkeep_is_not_confused(
    cli: TemporalCli, carillon: Carillon
) -> None:
    automation = await carillon.create()
    second = f"second-{automation['id']}"
    await cli.start("AutomationWorkflow", second, {"automation_id": automation["id"]})
    assert (await cli.failure(second))["applicationFailureInfo"]["type"] == "invalid"

    await cli.start("UpkeepWorkflow", "upkeep-after-a-stray", {})
    result = (await cli.workflow("result", "upkeep-after-a-stray")).as_json["result"]
    assert result["automations_failed"] == 0
    assert (await carillon.get(automation["id"]))["status"] == "active"


async def _ends_as(cli: TemporalCli, workflow_id: str, *statuses: str) -> None:
    async def look() -> bool:
        return await cli.status(workflow_id) in statuses

    await eventually(look)


async def _can_be_triggered(carillon: Carillon, automation_id: str, number: int) -> None:
    answer = await carillon.trigger(automation_id)
    assert answer.status_code == 200, answer.text
    assert (await carillon.closed_run(automation_id, number))["status"] == "completed"
