"""Starting the pumps of events. They run for ever; whoever finds one missing starts it."""

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from domain import search_attributes
from domain.contract import EventPumpInput, WorkflowType, event_pump_workflow_id


async def ensure_pumps(client: Client, task_queue: str, pumps: int) -> None:
    """Idempotent. Raises RPCError."""
    for pump in range(pumps):
        await client.start_workflow(
            WorkflowType.EVENT_PUMP.value,
            EventPumpInput(pump=pump, pumps=pumps),
            id=event_pump_workflow_id(pump),
            task_queue=task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            static_summary=f"Events, pump {pump + 1} of {pumps}",
            search_attributes=search_attributes.of_event_pump(),
        )
