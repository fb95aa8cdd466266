"""Keeping a pump of events at work."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain.activity_contract import ActivityName, PumpEvents, PumpRound
    from domain.contract import EventPumpInput, WorkflowType, events_task_queue
    from workflows.calling import HEARTBEAT, LONG, PATIENT


@workflow.defn(name=WorkflowType.EVENT_PUMP.value)
class EventPumpWorkflow:
    """One for each pump, for ever: when a worker dies, another takes its pump over within seconds."""

    @workflow.run
    async def run(self, start: EventPumpInput) -> None:
        workflow.set_current_details(f"Events of pump {start.pump + 1} of {start.pumps}")
        while not workflow.info().is_continue_as_new_suggested():
            done = await self._pump(start)
            if done.retired:
                return
        workflow.continue_as_new(start)

    async def _pump(self, start: EventPumpInput) -> PumpRound:
        done: PumpRound = await workflow.execute_activity(
            ActivityName.PUMP_EVENTS.value,
            PumpEvents(pump=start.pump, pumps=start.pumps),
            result_type=PumpRound,
            task_queue=events_task_queue(workflow.info().task_queue),
            start_to_close_timeout=LONG,
            heartbeat_timeout=HEARTBEAT,
            retry_policy=PATIENT,
            summary="Process events as they come",
        )
        return done
