"""The start, the end and the early end of a run."""

import asyncio
from datetime import datetime
from time import thread_time

from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.execution_state import show_on_automation
from activities.heartbeats import with_heartbeats
from activities.resources import Resources
from domain.activity_contract import ActivityName, CancelRun, CloseRun, OpenRun
from domain.automation import Definition, TriggerType
from domain.cohorts import resolve_cohort_size, window
from domain.contract import ErrorType, RunCause, RunPlan, RunResult
from domain.expressions import compile_condition, with_breaker
from domain.message_template_rules import template_use
from domain.outcomes import Outcome, RunCounts, SkipReason
from domain.run_status import OPEN_RUNS, RunStatus
from store.audience import enroll_everyone, enroll_matching
from store.automations import lock_automation
from store.deferred_messages import withdraw_deferred
from store.ledger import count_claimed, count_ledger, settle_unfinished
from store.message_templates import current_templates
from store.participant_values import ParticipantValues
from store.programs import get_program
from store.run_addresses import forget_addresses
from store.runs import lock_run
from store.subscriptions import enroll_due, settle_subscriptions
from store.tables import AutomationRun
from store.webhook_announcing import announce_run

POLL_CLAIMED_SECONDS = 0.1
CLAIM_GRACE_SECONDS = 60.0


class RunActivities:
    def __init__(self, resources: Resources) -> None:
        self._database = resources.database
        self._children_per_execution = resources.settings.worker_children_per_run_execution
        self._failures_before_stop = resources.settings.cron_failures_before_stop

    @activity.defn(name=ActivityName.OPEN_RUN)
    async def open_run(self, request: OpenRun) -> RunPlan:
        """Snapshot the audience into the ledger and start executing. A run already open answers its plan."""
        return await with_heartbeats(self._open(request))

    async def _open(self, request: OpenRun) -> RunPlan:
        async with self._database.transaction() as session:
            run = await lock_run(session, request.run_id)
            if run.status == RunStatus.PENDING.value:
                run.total = await _enroll(session, run, request.now)
                run.template_version = await _template_version(session, run)
                run.status = RunStatus.EXECUTING.value
                run.started_at = request.now
                await announce_run(session, run)
                await show_on_automation(session, run, self._failures_before_stop)
            cohort_size = resolve_cohort_size(run.cohort_size, run.total)
            return RunPlan(
                total=run.total,
                cohort_size=cohort_size,
                window=window(cohort_size),
                children_per_execution=self._children_per_execution,
            )

    @activity.defn(name=ActivityName.CLOSE_RUN)
    async def close_run(self, request: CloseRun) -> RunResult:
        """End a run once its counts add up and nothing is pending. A closed run answers how it ended.

        With `error` the run is closed as failed, and whoever has no outcome yet gets one.
        """
        async with self._database.transaction() as session:
            run = await lock_run(session, request.run_id)
            if RunStatus(run.status) in OPEN_RUNS:
                if request.error is not None:
                    await settle_unfinished(session, run.id, Outcome.FAILED, None, request.error)
                    await withdraw_deferred(session, run.id)
                counts = await count_ledger(session, run.id, run.total)
                if not counts.adds_up or counts.pending > counts.deferred:
                    raise ApplicationError(
                        f"run does not add up: {counts.model_dump_json()}", type="ledger_mismatch"
                    )
                if run.cause == RunCause.PARTICIPANT_STATE.value:
                    await settle_subscriptions(session, run.id, run.automation_id, request.now)
                status = RunStatus.FAILED if request.error is not None else RunStatus.COMPLETED
                await self._finish(session, run, status, counts, request.error, request.now)
            return _result(run)

    @activity.defn(name=ActivityName.CANCEL_RUN)
    async def cancel_run(self, request: CancelRun) -> RunResult:
        """End a run early. Once this answers, nothing more is sent for it.

        The run is marked under its exclusive lock, so no effect can start afterwards; sends already
        handed to a provider are waited for, and keep the outcome they get.
        """
        async with self._database.transaction() as session:
            run = await lock_run(session, request.run_id)
            if RunStatus(run.status) not in OPEN_RUNS:
                return _result(run)
            await settle_unfinished(
                session, run.id, Outcome.SKIPPED, SkipReason.CANCELLED.value, None, leave_claimed=True
            )
            await withdraw_deferred(session, run.id)
            counts = await count_ledger(session, run.id, run.total)
            await self._finish(
                session, run, RunStatus.CANCELLED, counts, f"Cancelled by {request.actor}", request.now
            )
        await self._wait_for_claimed(request)
        async with self._database.transaction() as session:
            run = await lock_run(session, request.run_id)
            run.counts = (await count_ledger(session, run.id, run.total)).model_dump()
            return _result(run)

    async def _wait_for_claimed(self, request: CancelRun) -> None:
        deadline = asyncio.get_running_loop().time() + CLAIM_GRACE_SECONDS
        while asyncio.get_running_loop().time() < deadline:
            activity.heartbeat()
            async with self._database.transaction() as session:
                if await count_claimed(session, request.run_id) == 0:
                    return
            await asyncio.sleep(POLL_CLAIMED_SECONDS)
        async with self._database.transaction() as session:
            await settle_unfinished(
                session,
                request.run_id,
                Outcome.UNKNOWN,
                None,
                "the send had not been settled when the run was cancelled",
            )

    async def _finish(
        self,
        session: AsyncSession,
        run: AutomationRun,
        status: RunStatus,
        counts: RunCounts,
        error: str | None,
        now: datetime,
    ) -> None:
        run.status = status.value
        run.error = error
        run.completed_at = now
        run.counts = counts.model_dump()
        await forget_addresses(session, run.id)
        await announce_run(session, run)
        await show_on_automation(session, run, self._failures_before_stop)


async def _enroll(session: AsyncSession, run: AutomationRun, now: datetime) -> int:
    definition = Definition.model_validate(run.definition)
    if definition.trigger_type is TriggerType.PARTICIPANT_STATE:
        automation = await lock_automation(session, run.automation_id)
        assert automation is not None
        return await enroll_due(session, run, automation, now)
    if definition.participant_filter is None:
        return await enroll_everyone(session, run.id, run.program_id)
    program = await get_program(session, run.program_id)
    if program is None:
        raise ApplicationError("the program is gone", type=ErrorType.NOT_FOUND, non_retryable=True)
    condition = with_breaker(compile_condition(definition.participant_filter), thread_time)
    values = ParticipantValues(condition, program, now)
    return await enroll_matching(session, run.id, run.program_id, condition, values, activity.heartbeat)


async def _template_version(session: AsyncSession, run: AutomationRun) -> int | None:
    """Which version of its message template everybody in the run is sent."""
    use = template_use(Definition.model_validate(run.definition).action)
    if use is None:
        return None
    return (await current_templates(session, {use[0]}))[use[0]].version


def _result(run: AutomationRun) -> RunResult:
    counts = RunCounts.model_validate(run.counts) if run.counts is not None else RunCounts(total=run.total)
    return RunResult(status=RunStatus(run.status), counts=counts, error=run.error)
