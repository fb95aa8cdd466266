"""What a Temporal Schedule starts: it tells the automation that an occurrence is due."""

from datetime import datetime

from temporalio import workflow
from temporalio.common import SearchAttributeKey

with workflow.unsafe.imports_passed_through():
    from domain.contract import Fire, Signal, TickInput, WorkflowType, automation_workflow_id

SCHEDULED_START = SearchAttributeKey.for_datetime("TemporalScheduledStartTime")


@workflow.defn(name=WorkflowType.SCHEDULE_TICK.value)
class ScheduleTickWorkflow:
    """Signals `fire` with the occurrence's nominal time, which also makes delivering it twice harmless."""

    @workflow.run
    async def run(self, tick: TickInput) -> datetime:
        scheduled = workflow.info().typed_search_attributes.get(SCHEDULED_START)
        nominal_at = scheduled or _off_the_second(workflow.info().start_time)
        automation = workflow.get_external_workflow_handle(automation_workflow_id(tick.automation_id))
        await automation.signal(Signal.FIRE.value, Fire(nominal_at=nominal_at))
        return nominal_at


def _off_the_second(started_at: datetime) -> datetime:
    """A tick started by hand has no nominal time; one between two seconds counts as a manual trigger."""
    return started_at.replace(microsecond=max(1, started_at.microsecond))
