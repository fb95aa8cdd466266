"""How the start and the end of a run show on its automation, and may stop it."""

from sqlmodel.ext.asyncio.session import AsyncSession

from domain.automation import AutomationStatus, TriggerType
from domain.contract import RunCause
from domain.failure_streak import failures_in_a_row, is_to_be_stopped
from domain.firing import whole_second
from domain.run_status import OPEN_RUNS, RunStatus, execution_status
from store.automations import lock_automation
from store.events import report_stopped_automation
from store.tables import Automation, AutomationRun
from store.webhook_announcing import announce_status


async def show_on_automation(session: AsyncSession, run: AutomationRun, failures_before_stop: int) -> None:
    """Write the state of the automation's latest run on its record; an older run changes nothing."""
    automation = await lock_automation(session, run.automation_id)
    if automation is None or automation.current_run_id != run.id:
        return
    status, before = RunStatus(run.status), automation.status
    automation.execution_status = execution_status(status).value
    automation.execution_started_at = run.started_at
    automation.execution_completed_at = run.completed_at
    automation.execution_error = run.error
    automation.updated_at = run.completed_at or run.started_at or automation.updated_at
    if status in OPEN_RUNS:
        return
    if automation.trigger_type == TriggerType.CRON.value:
        automation.last_error = run.error
        if run.cause == RunCause.SCHEDULE.value or status is RunStatus.COMPLETED:
            await _count_failure(session, automation, run, status, failures_before_stop)
    if run.cause == RunCause.ONE_TIME.value:
        _complete_one_time(automation, run, status)
    if automation.status != before:
        await announce_status(session, automation)


def _complete_one_time(automation: Automation, run: AutomationRun, status: RunStatus) -> None:
    if automation.trigger_at is not None and run.nominal_at != whole_second(automation.trigger_at):
        # It was moved while this run went on, and is to fire again.
        return
    automation.processed_at = run.completed_at
    automation.error_message = run.error
    if automation.status == AutomationStatus.ACTIVE.value:
        failed = status is RunStatus.FAILED
        automation.status = (AutomationStatus.FAILED if failed else AutomationStatus.COMPLETED).value


async def _count_failure(
    session: AsyncSession, automation: Automation, run: AutomationRun, status: RunStatus, limit: int
) -> None:
    automation.consecutive_failures = failures_in_a_row(automation.consecutive_failures, status)
    stop = is_to_be_stopped(automation.consecutive_failures, limit)
    if status is RunStatus.FAILED and stop and automation.status == AutomationStatus.ACTIVE.value:
        automation.status = AutomationStatus.FAILED.value
        automation.next_run_at = None
        await report_stopped_automation(session, automation, run)
