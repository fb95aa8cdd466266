"""What is recorded: each scenario drives one automation, and keeps the histories it left behind."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from temporalio.client import WorkflowFailureError

from api.automation_gateway import AutomationGateway, Target
from api.errors import Refusal
from domain.automation import Definition, Scope, TriggerType
from domain.contract import Actor, TickInput, Update, WorkflowType, tick_workflow_id
from store.database import Database
from store.tables import AutomationChange
from tests.fixtures.carillon import FAR_FROM_NOW, Carillon, eventually
from tests.replay.hold_scenarios import run_held_and_cancelled, run_held_and_resumed
from tests.replay.journey_scenarios import (
    journey_continued_as_new,
    journey_waits,
    journey_walked_to_its_end,
)
from tests.replay.message_scenarios import (
    messages_continued_as_new,
    messages_give_way,
    messages_wait_for_more,
)
from tests.replay.pump_scenarios import pump_at_work, pump_retired
from tests.replay.stage import MAIL, SUBSCRIBED, Stage
from tests.replay.webhook_scenarios import (
    webhook_continued_as_new,
    webhook_retries,
    webhook_waits_for_more,
)

OPERATOR = Actor(actor="operator")
CHILDREN_PER_EXECUTION = 6
EVENTS_PER_EXECUTION = 90
# Further away than the workflow's own timer for short notice reaches.
BY_ITS_SCHEDULE = timedelta(seconds=13)
AT_SHORT_NOTICE = timedelta(seconds=2)


async def cron_program_fires(stage: Stage) -> None:
    carillon = await stage.new_program()
    automation = await carillon.create(
        scope="program", trigger={"type": "cron", "cron_expression": "* * * * *"}
    )
    await carillon.closed_run(automation["id"], within=90)
    await carillon.patch(automation["id"], status="paused")
    await stage.keep("cron_program_fires", stage.automation(automation["id"]))
    tick = await stage.found_for(automation["id"], WorkflowType.SCHEDULE_TICK, "Completed")
    await stage.keep("delivered", tick)


async def one_time_fires(stage: Stage) -> None:
    await _fire_once(stage, "one_time_fires", BY_ITS_SCHEDULE)


async def one_time_fires_at_short_notice(stage: Stage) -> None:
    await _fire_once(stage, "one_time_fires_at_short_notice", AT_SHORT_NOTICE)


async def _fire_once(stage: Stage, case: str, notice: timedelta) -> None:
    carillon = await stage.new_program()
    due = (datetime.now(UTC) + notice).isoformat()
    automation = await carillon.create(scope="program", trigger={"type": "one_time", "trigger_at": due})
    await carillon.closed_run(automation["id"])
    await stage.keep(case, stage.automation(automation["id"]))


async def immediate_fires(stage: Stage) -> None:
    carillon = await stage.new_program()
    await carillon.add_people(1)
    automation = await carillon.create(trigger={"type": "immediate"})
    await carillon.closed_run(automation["id"])
    await stage.keep("immediate_fires", stage.automation(automation["id"]))


async def triggered_at_program_scope(stage: Stage) -> None:
    carillon = await stage.new_program()
    automation = await carillon.create(scope="program")
    await carillon.trigger(automation["id"])
    await carillon.closed_run(automation["id"])
    await stage.keep("triggered_at_program_scope", stage.automation(automation["id"]))


async def fan_out_happy_path(stage: Stage) -> None:
    carillon = await stage.new_program()
    await carillon.add_people(3)
    automation = await carillon.create()
    await carillon.trigger(automation["id"])
    await carillon.closed_run(automation["id"])
    await stage.keep("fan_out_happy_path", stage.automation(automation["id"]))
    await stage.keep("happy_path", stage.run(automation["id"]))
    cohort = await stage.found_for(automation["id"], WorkflowType.COHORT, "Completed")
    await stage.keep("happy_path", cohort)


async def pause_and_resume(stage: Stage) -> None:
    carillon = await stage.new_program()
    await carillon.add_people(1)
    automation = await carillon.create()
    handle = stage.automation(automation["id"])
    await handle.execute_update(Update.PAUSE.value, OPERATOR)
    await handle.execute_update(Update.RESUME.value, OPERATOR)
    await carillon.trigger(automation["id"])
    await carillon.closed_run(automation["id"])
    await stage.keep("pause_and_resume", handle)


async def amended(stage: Stage) -> None:
    carillon = await stage.new_program()
    automation = await carillon.create()
    for change in ({"cron_expression": "0 9 * * 1"}, {"status": "paused"}, {"status": "active"}):
        answer = await carillon.patch(automation["id"], **change)
        assert answer.status_code == 200, answer.text
    await stage.keep("amended", stage.automation(automation["id"]))


async def archived(stage: Stage) -> None:
    carillon = await stage.new_program()
    automation = await carillon.create()
    await carillon.delete(automation["id"])
    await stage.keep("archived", stage.automation(automation["id"]))


async def name_taken(stage: Stage) -> None:
    """Two requests of one name at once: the second passes the check before the first is on record."""
    carillon = await stage.new_program()
    first = await carillon.create()
    automation_id = uuid4()
    change = AutomationChange(
        id=uuid4(),
        automation_id=automation_id,
        program_id=UUID(carillon.program_id),
        kind="create",
        body=_of_the_same_name(first).model_dump(mode="json"),
        actor="operator",
    )
    database = Database(stage.stack.addresses.database_url.replace("://", "+psycopg://", 1), pool_size=2)
    async with database.transaction() as session:
        session.add(change)
    await database.close()

    async def connect() -> Any:
        return stage.temporal

    with pytest.raises(Refusal, match="name"):
        await AutomationGateway(connect, "carillon").create(
            Target(automation_id, UUID(carillon.program_id), first["name"]), change.id
        )
    await stage.keep("name_taken", stage.automation(str(automation_id)))


def _of_the_same_name(automation: dict[str, Any]) -> Definition:
    return Definition(
        name=automation["name"],
        event_name="hello",
        scope=Scope.PARTICIPANTS,
        trigger_type=TriggerType.CRON,
        cron_expression=FAR_FROM_NOW,
    )


async def cancelled_in_mid_fan_out(stage: Stage) -> None:
    """Cancelled while some cohorts are done, some in flight, and some not yet started."""
    carillon = await stage.new_program()
    unreachable = await carillon.add_people(4)
    await carillon.add_people(4, email="own", consent=SUBSCRIBED)
    automation = await carillon.create(action=MAIL)
    async with stage.mail_outage():
        await carillon.trigger(automation["id"])
        await _some_are_skipped(carillon, automation["id"], len(unreachable))
        assert (await carillon.cancel(automation["id"])).status_code == 200
    await stage.keep("cancelled_in_mid_fan_out", stage.automation(automation["id"]))
    await stage.keep("cancelled", stage.run(automation["id"]))
    in_flight = await stage.found_for(automation["id"], WorkflowType.COHORT, "Canceled")
    await stage.keep("cancelled", in_flight)


async def run_cancelled_by_operator(stage: Stage) -> None:
    async with stage.mail_outage():
        carillon, automation = await _run_in_progress(stage, 2)
        await stage.run(automation["id"]).cancel()
        await carillon.closed_run(automation["id"])
    await stage.keep("run_cancelled_by_operator", stage.automation(automation["id"]))
    await stage.keep("cancelled_by_operator", stage.run(automation["id"]))


async def run_terminated(stage: Stage) -> None:
    async with stage.mail_outage():
        carillon, automation = await _run_in_progress(stage, 2)
        await stage.run(automation["id"]).terminate("an operator's choice")
        await carillon.closed_run(automation["id"])
    await stage.keep("run_terminated", stage.automation(automation["id"]))


async def cohort_terminated(stage: Stage) -> None:
    async with stage.mail_outage():
        carillon, automation = await _run_in_progress(stage, 3)
        cohort = await stage.found_for(automation["id"], WorkflowType.COHORT, "Running")
        await cohort.terminate("an operator's choice")
    await carillon.closed_run(automation["id"])
    await stage.keep("cohort_terminated", stage.run(automation["id"]))


async def cancelled_by_operator(stage: Stage) -> None:
    async with stage.mail_outage():
        _, automation = await _run_in_progress(stage, 2)
        await stage.automation(automation["id"]).cancel()
        with pytest.raises(WorkflowFailureError):
            await stage.automation(automation["id"]).result()
    await stage.keep("cancelled_by_operator", stage.automation(automation["id"]))


async def automation_continued_as_new(stage: Stage) -> None:
    """With a run in progress, which the execution that comes after follows to its end."""
    async with stage.mail_outage():
        carillon, automation = await _run_in_progress(stage, 2)
        handle = stage.automation(automation["id"])
        first = (await handle.describe()).run_id
        while (await handle.describe()).run_id == first:
            await handle.execute_update(Update.PAUSE.value, OPERATOR)
            await handle.execute_update(Update.RESUME.value, OPERATOR)
    await carillon.closed_run(automation["id"])
    await stage.keep_both_sides("continued_as_new", handle)


async def run_continued_as_new(stage: Stage) -> None:
    carillon = await stage.new_program()
    await carillon.add_people(CHILDREN_PER_EXECUTION + 2)
    automation = await carillon.create(cohort_size=1)
    await carillon.trigger(automation["id"])
    await carillon.closed_run(automation["id"])
    await stage.keep_both_sides("continued_as_new", stage.run(automation["id"]))


async def watches_participants(stage: Stage) -> None:
    """A crossing becomes a run; a refresh is asked for; what happens during a pause is dropped."""
    carillon = await stage.new_program()
    (person,) = await carillon.add_people(1, counters={"spend": 0})
    threshold = {"counter": "spend", "value": 100, "repeat": True}
    automation = await carillon.create(
        trigger={"type": "participant_state", "schedule_type": "THRESHOLD", "schedule_config": threshold}
    )
    await _evaluated_after(carillon, automation)
    await _spend(carillon, person, 100)
    await carillon.closed_run(automation["id"])
    handle = stage.automation(automation["id"])
    await handle.execute_update(Update.REFRESH_SUBSCRIPTIONS.value, OPERATOR)
    await handle.execute_update(Update.PAUSE.value, OPERATOR)
    paused = await carillon.get(automation["id"])
    await _spend(carillon, person, 0)
    await handle.execute_update(Update.RESUME.value, OPERATOR)
    await _evaluated_after(carillon, paused)
    await _spend(carillon, person, 100)
    await carillon.closed_run(automation["id"], 2)
    await stage.keep("watches_participants", handle)


async def _spend(carillon: Carillon, participant_id: str, spend: int) -> None:
    path = f"{carillon.base}/participants/{participant_id}"
    (await carillon.http.patch(path, json={"counters": {"spend": spend}})).raise_for_status()


async def _evaluated_after(carillon: Carillon, before: dict[str, Any]) -> None:
    async def look() -> bool:
        shown = await carillon.get(before["id"])
        return shown["last_evaluated_at"] is not None and (
            shown["last_evaluated_at"] != before["last_evaluated_at"]
        )

    await eventually(look)


async def nobody_listening(stage: Stage) -> None:
    automation_id = uuid4()
    handle = await stage.temporal.start_workflow(
        WorkflowType.SCHEDULE_TICK.value,
        TickInput(automation_id=automation_id),
        id=tick_workflow_id(automation_id),
        task_queue="carillon",
    )
    with pytest.raises(WorkflowFailureError):
        await handle.result()
    await stage.keep("nobody_listening", handle)


async def upkeep(stage: Stage) -> None:
    query = f"WorkflowType = '{WorkflowType.UPKEEP.value}' AND ExecutionStatus = 'Completed'"
    await stage.keep("happy_path", await stage.found(query))


async def _run_in_progress(stage: Stage, people: int) -> tuple[Carillon, dict[str, Any]]:
    """A run whose cohorts all wait for the mail server."""
    carillon = await stage.new_program()
    await carillon.add_people(people, email="own", consent=SUBSCRIBED)
    automation = await carillon.create(action=MAIL)
    await carillon.trigger(automation["id"])
    await stage.found_for(automation["id"], WorkflowType.COHORT, "Running")
    return carillon, automation


async def _some_are_skipped(carillon: Carillon, automation_id: str, at_most: int) -> None:
    async def look() -> bool:
        counts = (await carillon.runs(automation_id))[0]["counts"]
        skipped: int = counts["skipped"].get("no_consent", 0)
        return 2 <= skipped <= at_most

    await eventually(look)


Scenario = Callable[[Stage], Awaitable[None]]

SCENARIOS: tuple[Scenario, ...] = (
    cron_program_fires,
    one_time_fires,
    one_time_fires_at_short_notice,
    immediate_fires,
    triggered_at_program_scope,
    fan_out_happy_path,
    pause_and_resume,
    amended,
    archived,
    name_taken,
    cancelled_in_mid_fan_out,
    run_cancelled_by_operator,
    run_terminated,
    cohort_terminated,
    cancelled_by_operator,
    automation_continued_as_new,
    run_continued_as_new,
    run_held_and_resumed,
    run_held_and_cancelled,
    watches_participants,
    nobody_listening,
    upkeep,
    webhook_waits_for_more,
    webhook_retries,
    webhook_continued_as_new,
    messages_wait_for_more,
    messages_give_way,
    messages_continued_as_new,
    pump_at_work,
    pump_retired,
    journey_walked_to_its_end,
    journey_waits,
    journey_continued_as_new,
)
