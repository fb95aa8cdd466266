"""An automation's side of its runs: begin one and see it to its end, or end it early."""

from uuid import UUID

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import ActivityError, ApplicationError, ChildWorkflowError

with workflow.unsafe.imports_passed_through():
    from domain import search_attributes
    from domain.activity_contract import (
        ActivityName,
        BeginRun,
        BeginSubscribedRun,
        BegunRun,
        CancelRun,
        CloseRun,
        WatchRun,
    )
    from domain.contract import ActiveRun, RunCause, RunInput, RunResult, WorkflowType, run_workflow_id
    from workflows.calling import call, call_long, root_cause
    from workflows.due_fire import DueFire


async def begin_run(automation_id: UUID, due: DueFire) -> BegunRun:
    """Ask the record for the run of a due fire; it may answer that there is none, and why."""
    if due.cause is RunCause.PARTICIPANT_STATE:
        return await call(
            ActivityName.BEGIN_SUBSCRIBED_RUN,
            BeginSubscribedRun(automation_id=automation_id, now=workflow.now()),
            BegunRun,
            "Fire for the subscriptions that are due",
        )
    return await call(
        ActivityName.BEGIN_RUN,
        BeginRun(
            automation_id=automation_id,
            cause=due.cause,
            nominal_at=due.nominal_at,
            actor=due.actor,
            now=workflow.now(),
            by_own_timer=due.by_own_timer,
        ),
        BegunRun,
        f"Fire ({due.cause.value})",
    )


async def see_to_its_end(
    automation_id: UUID, program_id: UUID, run: ActiveRun, *, started: bool
) -> RunResult:
    """Execute the run as a child, or watch it when an earlier history started it.

    A run that was terminated or gave up is closed here, so that its counts add up all the same.
    """
    try:
        return await (_watch(automation_id, run) if started else _execute(automation_id, program_id, run))
    except (ChildWorkflowError, ActivityError) as error:
        return await call(
            ActivityName.CLOSE_RUN,
            CloseRun(
                run_id=run.run_id, now=workflow.now(), error=f"The run ended early: {root_cause(error)}"
            ),
            RunResult,
            "Close a run whose workflow ended early",
        )


async def end_early(automation_id: UUID, run: ActiveRun, actor: str) -> RunResult:
    """Cancel the run in the record, which stops its effects, then its workflow."""
    result = await call_long(
        ActivityName.CANCEL_RUN,
        CancelRun(run_id=run.run_id, actor=actor, now=workflow.now()),
        RunResult,
        f"End run {run.number} early",
    )
    try:
        await workflow.get_external_workflow_handle(run_workflow_id(automation_id, run.number)).cancel()
    except ApplicationError:
        workflow.logger.info("the run's workflow has already ended")
    return result


async def _execute(automation_id: UUID, program_id: UUID, run: ActiveRun) -> RunResult:
    result: RunResult = await workflow.execute_child_workflow(
        WorkflowType.RUN.value,
        RunInput(run_id=run.run_id, automation_id=automation_id, program_id=program_id, number=run.number),
        id=run_workflow_id(automation_id, run.number),
        result_type=RunResult,
        id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
        # A run outlives its parent's continue-as-new; ending the automation cancels it explicitly.
        parent_close_policy=workflow.ParentClosePolicy.ABANDON,
        static_summary=f"Run {run.number}",
        search_attributes=search_attributes.of_automation(automation_id, "run", program_id),
    )
    return result


async def _watch(automation_id: UUID, run: ActiveRun) -> RunResult:
    return await call_long(
        ActivityName.WATCH_RUN,
        WatchRun(automation_id=automation_id, number=run.number),
        RunResult,
        f"Follow run {run.number}, which started before this history",
    )
