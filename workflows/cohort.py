"""One cohort of a run: up to `cohort_size` participants handled together."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain.activity_contract import ActivityName
    from domain.contract import CohortInput, CohortResult, WorkflowType
    from workflows.calling import call_long


@workflow.defn(name=WorkflowType.COHORT.value)
class CohortWorkflow:
    """Carries ledger rows first <= seq < last of a run to an outcome. Its size is the run's choice: a
    cohort of one is a child workflow per participant."""

    @workflow.run
    async def run(self, cohort: CohortInput) -> CohortResult:
        people = cohort.last - cohort.first
        return await call_long(
            ActivityName.PROCESS_COHORT,
            cohort,
            CohortResult,
            f"Guard, effect and ledger for {people} participant{'s' if people != 1 else ''}",
        )
