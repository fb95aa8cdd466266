"""One run of an automation: snapshot the audience, fan out over cohorts, close the counts."""

import asyncio

from temporalio import workflow
from temporalio.exceptions import ActivityError, ChildWorkflowError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from domain import search_attributes
    from domain.activity_contract import (
        ActivityName,
        CancelRun,
        CloseRun,
        OpenRun,
        RunReference,
        SettleCohort,
    )
    from domain.cohorts import cohort_bounds
    from domain.contract import (
        CohortInput,
        CohortResult,
        Query,
        RunInput,
        RunPlan,
        RunProgress,
        RunResult,
        WorkflowType,
        cohort_workflow_id,
    )
    from workflows.calling import call, call_long, root_cause


@workflow.defn(name=WorkflowType.RUN.value)
class RunWorkflow:
    """Keeps a bounded window of CohortWorkflow children in flight. Cancelling it ends the run early:
    participants already processed keep their outcome, the rest are skipped as cancelled."""

    @workflow.init
    def __init__(self, run: RunInput) -> None:
        self._input = run
        self._plan = run.plan
        self._next_cohort = run.next_cohort
        self._failed = run.failed_cohorts
        self._in_flight: set[int] = set()
        self._lanes: list[asyncio.Task[None]] = []
        self._resuming = asyncio.Lock()

    @workflow.run
    async def run(self, run: RunInput) -> RunResult:
        try:
            if self._plan is None:
                self._plan = await call_long(
                    ActivityName.OPEN_RUN,
                    OpenRun(run_id=run.run_id, now=workflow.now()),
                    RunPlan,
                    "Snapshot the audience into the ledger",
                )
            await self._fan_out(self._plan)
        except (asyncio.CancelledError, ActivityError) as error:
            if not is_cancelled_exception(error):
                await self._stop_lanes()
                return await self._close(root_cause(error))
            # The record first, which stops effects at once: activities hear of a cancellation seconds later.
            await self._cancel()
            await self._stop_lanes()
            raise asyncio.CancelledError from None
        if self._next_cohort < self._plan.cohorts:
            workflow.continue_as_new(
                run.model_copy(
                    update={
                        "plan": self._plan,
                        "next_cohort": self._next_cohort,
                        "failed_cohorts": self._failed,
                    }
                )
            )
        return await self._close(None)

    @workflow.query(name=Query.PROGRESS.value)
    def progress(self) -> RunProgress:
        plan = self._plan or RunPlan(total=0, cohort_size=1, window=1)
        done = self._next_cohort - len(self._in_flight)
        return RunProgress(
            total=plan.total, cohorts=plan.cohorts, cohorts_done=done, cohorts_failed=self._failed
        )

    async def _fan_out(self, plan: RunPlan) -> None:
        """Start cohorts, at most `window` at a time, until all are done or this history is long enough."""
        limit = min(plan.cohorts, self._next_cohort + plan.children_per_execution)
        if limit == self._next_cohort:
            return
        self._lanes = [asyncio.create_task(self._lane(plan, limit)) for _ in range(min(plan.window, limit))]
        ended, _ = await workflow.wait(self._lanes, return_when=asyncio.FIRST_EXCEPTION)
        for lane in ended:
            lane.result()

    async def _stop_lanes(self) -> None:
        for lane in self._lanes:
            lane.cancel()
        await asyncio.gather(*self._lanes, return_exceptions=True)

    async def _lane(self, plan: RunPlan, limit: int) -> None:
        while self._next_cohort < limit and workflow.cancellation_reason() is None:
            cohort = self._next_cohort
            self._next_cohort += 1
            self._in_flight.add(cohort)
            self._show()
            await self._process(plan, cohort)
            self._in_flight.discard(cohort)

    async def _process(self, plan: RunPlan, cohort: int) -> None:
        # Cohorts say so only since runs can be held, so that no older history comes here twice.
        while await self._was_held(plan, cohort):
            await self._resumed()

    async def _resumed(self) -> None:
        """The first lane waits, the others find that the wait is over."""
        async with self._resuming:
            workflow.set_current_details(
                "**held**: too many of its last messages did not arrive. It goes on once it is resumed"
            )
            await call_long(
                ActivityName.AWAIT_RESUME,
                RunReference(run_id=self._input.run_id),
                type(None),
                "Held: wait until the run is resumed",
            )
            self._show()

    async def _was_held(self, plan: RunPlan, cohort: int) -> bool:
        """Start the cohort and follow it to its end; whether it left some of its slice for later."""
        first, last = cohort_bounds(cohort, plan.cohort_size, plan.total)
        run = self._input
        try:
            result: CohortResult = await workflow.execute_child_workflow(
                WorkflowType.COHORT.value,
                CohortInput(
                    run_id=run.run_id,
                    automation_id=run.automation_id,
                    program_id=run.program_id,
                    cohort=cohort,
                    first=first,
                    last=last,
                ),
                id=cohort_workflow_id(run.automation_id, run.number, cohort),
                result_type=CohortResult,
                parent_close_policy=workflow.ParentClosePolicy.REQUEST_CANCEL,
                static_summary=f"Participants {first + 1} to {last} of run {run.number}",
                search_attributes=search_attributes.of_automation(
                    run.automation_id, "cohort", run.program_id
                ),
            )
        except ChildWorkflowError as error:
            if workflow.cancellation_reason() is not None:
                raise
            await self._settle(first, last, error)
            return False
        return result.held

    async def _settle(self, first: int, last: int, error: ChildWorkflowError) -> None:
        """The child ended without finishing its slice: it was terminated, cancelled by hand, or gave up."""
        self._failed += 1
        await call(
            ActivityName.SETTLE_COHORT,
            SettleCohort(
                run_id=self._input.run_id,
                first=first,
                last=last,
                cancelled=is_cancelled_exception(error),
                error=root_cause(error),
            ),
            type(None),
            f"Close participants {first + 1} to {last}, whose cohort ended early",
        )

    async def _close(self, error: str | None) -> RunResult:
        result = await call(
            ActivityName.CLOSE_RUN,
            CloseRun(run_id=self._input.run_id, now=workflow.now(), error=error),
            RunResult,
            "Check that the counts add up, and close the run",
        )
        workflow.set_current_details(f"**{result.status.value}**: {result.counts.sentence()}")
        return result

    async def _cancel(self) -> None:
        result = await call_long(
            ActivityName.CANCEL_RUN,
            CancelRun(run_id=self._input.run_id, actor="operator", now=workflow.now()),
            RunResult,
            "End the run early",
        )
        workflow.set_current_details(f"**{result.status.value}**: {result.counts.sentence()}")

    def _show(self) -> None:
        plan = self._plan
        assert plan is not None
        workflow.set_current_details(
            f"**executing**: {plan.total:,} participants in {plan.cohorts:,} cohorts of {plan.cohort_size:,}; "
            f"{self._next_cohort - len(self._in_flight):,} done, {len(self._in_flight):,} in flight"
        )
