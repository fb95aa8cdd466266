"""What is recorded of the pumps of events."""

from typing import Any

from temporalio.client import WorkflowHandle

from domain.contract import EventPumpInput, WorkflowType, event_pump_workflow_id
from tests.fixtures.carillon import eventually
from tests.replay.stage import Stage

SUCH_AS_NO_WORKER_RUNS = 7


async def pump_at_work(stage: Stage) -> None:
    handle: WorkflowHandle[Any, Any] = stage.temporal.get_workflow_handle(event_pump_workflow_id(0))

    async def pumping() -> bool:
        description = await handle.describe()
        return len(description.raw_description.pending_activities) == 1

    await eventually(pumping)
    stage.keep_as_it_is("at_work", await handle.fetch_history())


async def pump_retired(stage: Stage) -> None:
    handle = await stage.temporal.start_workflow(
        WorkflowType.EVENT_PUMP.value,
        EventPumpInput(pump=SUCH_AS_NO_WORKER_RUNS - 1, pumps=SUCH_AS_NO_WORKER_RUNS),
        id=event_pump_workflow_id(SUCH_AS_NO_WORKER_RUNS - 1),
        task_queue="carillon",
    )
    await handle.result()
    await stage.keep("retired", handle)
