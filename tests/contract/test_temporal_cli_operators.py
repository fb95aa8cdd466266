"""What operators do with schedules, and what they find and read, through the `temporal` CLI."""

from datetime import datetime
from typing import Any

from domain.contract import automation_workflow_id as workflow_id_of
from tests.contract.temporal_cli import TemporalCli
from tests.contract.work import Work
from tests.fixtures.carillon import Carillon, eventually

MID_MINUTE = range(2, 55)


async def test_triggering_the_schedule_is_a_manual_trigger(cli: TemporalCli, carillon: Carillon) -> None:
    await carillon.add_people(2)
    automation = await carillon.create()

    async def mid_minute() -> bool:
        return datetime.now().second in MID_MINUTE  # noqa: DTZ005

    await eventually(mid_minute)
    await cli.schedule("trigger", workflow_id_of(automation["id"]))

    run = await carillon.closed_run(automation["id"])
    assert (run["cause"], run["counts"]["sent"]) == ("manual", 2)


async def test_a_tick_started_by_hand_is_a_manual_trigger(cli: TemporalCli, carillon: Carillon) -> None:
    automation = await carillon.create(scope="program")
    await cli.start(
        "ScheduleTickWorkflow", f"tick-by-hand-{automation['id']}", {"automation_id": automation["id"]}
    )
    run = await carillon.closed_run(automation["id"])
    assert run["cause"] == "manual"


async def test_a_backfill_fires_each_occurrence_once(
    cli: TemporalCli, carillon: Carillon, work: Work
) -> None:
    automation = await carillon.create(
        scope="program",
        trigger={"type": "cron", "cron_expression": "0 9 * 1 *", "timezone": "Europe/Madrid"},
        missed_run_policy="all",
    )
    for _ in range(2):
        await cli.schedule(
            *("backfill", workflow_id_of(automation["id"]), "--overlap-policy", "AllowAll"),
            *("--start-time", "2026-01-05T00:00:00Z", "--end-time", "2026-01-08T00:00:00Z"),
        )
    await cli.signal(workflow_id_of(automation["id"]), "fire", {"nominal_at": "2026-01-06T09:00:00Z"})

    expected = sorted(f"2026-01-0{day}T08:00:00Z" for day in (5, 6, 7))

    async def all_handled() -> bool:
        return len(await work.receipts(automation["id"])) == len(expected) + 1

    await eventually(all_handled)
    runs = await carillon.runs(automation["id"])
    assert sorted(run["nominal_at"] for run in runs) == expected
    assert {run["cause"] for run in runs} == {"schedule"}


async def test_a_paused_automation_pauses_its_schedule_and_an_operators_pause_outlives_a_patch(
    cli: TemporalCli, carillon: Carillon
) -> None:
    automation = await carillon.create()
    workflow = workflow_id_of(automation["id"])

    async def is_paused() -> bool:
        described = await cli.schedule("describe", workflow)
        return bool(described["schedule"]["state"].get("paused"))

    await cli.update(workflow, "pause")
    assert await is_paused()
    await cli.update(workflow, "resume")
    assert not await is_paused()

    await cli.schedule("toggle", workflow, "--pause", "--reason", "frozen until Monday")
    assert (await carillon.patch(automation["id"], cron_expression="0 6 1 1 *")).status_code == 200
    assert await is_paused()
    assert (await carillon.get(automation["id"]))["status"] == "active"


async def test_search_attributes_find_what_belongs_together(cli: TemporalCli, carillon: Carillon) -> None:
    await carillon.add_people(2)
    first, second = await carillon.create(), await carillon.create(scope="program")
    await carillon.trigger(first["id"])
    await carillon.closed_run(first["id"])
    workflow, other = workflow_id_of(first["id"]), workflow_id_of(second["id"])
    await cli.update(other, "pause")
    run = f"{workflow}/run-1"
    cohorts = {f"{run}/cohort-0", f"{run}/cohort-1"}
    program = f"CarillonProgram = '{carillon.program_id}'"

    await _finds(cli, f"CarillonAutomation = '{first['id']}'", {workflow, run, *cohorts})
    await _finds(cli, program, {workflow, other, run, *cohorts})
    await _finds(cli, f"{program} AND CarillonKind = 'run'", {run})
    await _finds(cli, f"{program} AND CarillonKind = 'cohort'", cohorts)
    await _finds(cli, f"{program} AND CarillonStatus = 'active'", {workflow})
    await _finds(cli, f"{program} AND CarillonStatus = 'paused' AND CarillonTriggerType = 'cron'", {other})


async def test_an_automation_started_by_hand_is_found_like_any_other(
    cli: TemporalCli, carillon: Carillon
) -> None:
    automation = await carillon.create()
    workflow = workflow_id_of(automation["id"])
    await cli.terminate(workflow, "to start it by hand")
    await cli.start("AutomationWorkflow", workflow, {"automation_id": automation["id"]})
    running = "CarillonKind = 'automation' AND ExecutionStatus = 'Running'"
    await _finds(cli, f"CarillonAutomation = '{automation['id']}' AND {running}", {workflow})


async def test_current_details_and_summaries_tell_an_operator_what_is_going_on(
    cli: TemporalCli, carillon: Carillon
) -> None:
    await carillon.add_people(2)
    automation = await carillon.create()
    workflow = workflow_id_of(automation["id"])
    await cli.update(workflow, "trigger", actor="ana")
    await carillon.closed_run(automation["id"])
    await cli.update(workflow, "pause", actor="ana")

    async def ended() -> dict[str, Any] | None:
        details = (await cli.query(workflow, "__temporal_workflow_metadata"))["currentDetails"]
        return details if "last run" in details else None

    assert await eventually(ended) == "\n".join(
        (
            "- **paused**: cron trigger, participants scope, last changed by ana",
            "- last run completed: 2 sent",
        )
    )
    assert await _summary(cli, workflow) == automation["name"]
    assert await _summary(cli, f"{workflow}/run-1") == "Run 1"
    assert await _summary(cli, f"{workflow}/run-1/cohort-1") == "Participants 2 to 2 of run 1"
    assert "Snapshot the audience into the ledger" in await cli.activity_summaries(f"{workflow}/run-1")
    assert "Set the status to paused" in await cli.activity_summaries(workflow)


async def _finds(cli: TemporalCli, query: str, workflow_ids: set[str]) -> None:
    async def look() -> bool:
        return await cli.list_ids(query) == workflow_ids

    await eventually(look)


async def _summary(cli: TemporalCli, workflow_id: str) -> str:
    described = (await cli.workflow("describe", workflow_id)).as_json
    return str(described["executionConfig"]["userMetadata"]["summary"])


async def test_only_a_change_of_timing_or_status_touches_the_schedule(
    cli: TemporalCli, carillon: Carillon
) -> None:
    automation = await carillon.create()
    workflow_id = workflow_id_of(automation["id"])

    async def times_followed() -> int:
        return (await cli.activity_summaries(workflow_id)).count(
            "Make the Temporal Schedule follow the record"
        )

    for change in ({"description": "new words"}, {"payload": {"a": 1}}, {"status": "active"}):
        assert (await carillon.patch(automation["id"], **change)).status_code == 200
    assert await times_followed() == 1
    for change in ({"cron_expression": "0 9 1 1 *"}, {"status": "paused"}):
        assert (await carillon.patch(automation["id"], **change)).status_code == 200
    assert await times_followed() == 3
