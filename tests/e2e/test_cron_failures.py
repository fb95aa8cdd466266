"""A cron automation whose scheduled runs keep failing is stopped, says why, and can be taken up again."""

from datetime import UTC, datetime

from temporalio.client import Client

from cli.stack import Stack
from domain.contract import Fire, Signal, automation_workflow_id, run_workflow_id, schedule_id
from tests.fixtures.carillon import Carillon, eventually
from tests.fixtures.people import add_many_people, query

ONE_SHORT_OF_THE_LIMIT = 4


async def test_repeated_scheduled_failures_stop_it_until_it_is_activated_again(
    carillon: Carillon, stack: Stack, temporal: Client
) -> None:
    await add_many_people(stack.addresses.database_url, carillon.program_id, 30_000)
    automation = await carillon.create(
        name="fails", trigger={"type": "cron", "cron_expression": "* * * * *"}, cohort_size=10
    )
    await query(
        stack.addresses.database_url,
        "UPDATE automation SET consecutive_failures = %s WHERE id = %s RETURNING id",
        ONE_SHORT_OF_THE_LIMIT,
        automation["id"],
    )
    workflow = temporal.get_workflow_handle(automation_workflow_id(automation["id"]))
    this_minute = datetime.now(UTC).replace(second=0, microsecond=0)
    await workflow.signal(Signal.FIRE.value, Fire(nominal_at=this_minute))

    async def executing() -> bool:
        return bool((await carillon.get(automation["id"]))["execution_status"] == "executing")

    await eventually(executing)
    await temporal.get_workflow_handle(run_workflow_id(automation["id"], 1)).terminate("by the test")
    run = await carillon.closed_run(automation["id"])
    assert (run["status"], run["cause"]) == ("failed", "schedule")

    stopped = await carillon.get(automation["id"])
    assert (stopped["status"], stopped["next_run_at"]) == ("failed", None)
    assert stopped["last_error"] == stopped["execution_error"] == run["error"]
    answer = await carillon.http.get(
        "/v1/events", params={"program_id": carillon.program_id, "type": "automation.stopped"}
    )
    (event,) = answer.json()["data"]
    assert event["event_data"]["automation_id"] == automation["id"]
    assert event["event_data"]["consecutive_failures"] == ONE_SHORT_OF_THE_LIMIT + 1

    async def schedule_is_gone() -> bool:
        listed = [row.id async for row in await temporal.list_schedules()]
        return schedule_id(automation["id"]) not in listed

    await eventually(schedule_is_gone)
    revived = (await carillon.patch(automation["id"], status="active")).json()
    assert (revived["status"], revived["last_error"]) == ("active", None)
    assert revived["next_run_at"] is not None
    await carillon.delete(automation["id"])
