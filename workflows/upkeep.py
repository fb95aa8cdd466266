"""Upkeep, started by the system schedule."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from datetime import timedelta

    from domain.activity_contract import ActivityName, ReconcileReport
    from domain.contract import WorkflowType
    from workflows.calling import HEARTBEAT, PATIENT


@workflow.defn(name=WorkflowType.UPKEEP.value)
class UpkeepWorkflow:
    """Repairs drift between the record, the schedules and the workflows, and says what it did."""

    @workflow.run
    async def run(self) -> ReconcileReport:
        report: ReconcileReport = await workflow.execute_activity(
            ActivityName.RECONCILE.value,
            result_type=ReconcileReport,
            start_to_close_timeout=timedelta(minutes=10),
            heartbeat_timeout=HEARTBEAT,
            retry_policy=PATIENT,
            summary="Compare the record with what is running",
        )
        return report
