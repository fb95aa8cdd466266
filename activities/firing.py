"""Firing an automation: one transaction decides, records, and for program scope makes the event."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity

from activities.clock_record import advance_clock, note_operator_pause
from activities.resources import Resources
from domain.activity_contract import ActivityName, BeginRun, BegunRun, Expedite
from domain.automation import AutomationStatus, Definition, ExecutionStatus, MissedRunPolicy, Scope
from domain.contract import ActiveRun, AutomationSnapshot, RunCause
from domain.firing import Refusal, State, cause_of_tick, refusal
from domain.refusals import no_such_automation, not_triggerable
from domain.run_status import RunStatus, execution_status
from runtime.schedules import find_operator_pause
from store.automations import definition_of, lock_automation, snapshot_of
from store.events import generate_program_event
from store.receipts import record_fired, record_skipped
from store.tables import Automation, AutomationRun
from store.webhook_announcing import announce_run_at_once, announce_status


class FiringActivities:
    def __init__(self, resources: Resources) -> None:
        self._database = resources.database
        self._temporal = resources.temporal

    @activity.defn(name=ActivityName.BEGIN_RUN)
    async def begin_run(self, request: BeginRun) -> BegunRun:
        """Fire once: answers the fan-out to start, or why nothing was fired.

        Raises ApplicationError `not_triggerable` for a manual request that the matrix refuses.
        An occurrence that was handled before is not handled again, whoever delivers it.
        """
        pause = (
            await find_operator_pause(self._temporal, request.automation_id) if request.by_own_timer else None
        )
        async with self._database.transaction() as session:
            automation = await lock_automation(session, request.automation_id)
            if automation is None:
                raise no_such_automation(request.automation_id)
            if request.by_own_timer:
                note_operator_pause(automation, pause)
                await advance_clock(session, automation, request.now)
            definition = definition_of(automation)
            cause = _cause(definition, request)
            refused = refusal(definition, _state(automation), cause, request.nominal_at, request.now)
            if pause is not None and refused in (None, Refusal.MISSED):
                refused = Refusal.SCHEDULE_PAUSED
            if refused is not None:
                return await self._refuse(session, automation, request, refused)
            run_id = uuid4()
            if request.nominal_at is not None and not await record_fired(
                session,
                automation.id,
                request.nominal_at,
                run_id,
                over=_overruled(definition, cause, request),
            ):
                await advance_clock(session, automation, request.now)
                return BegunRun(
                    snapshot=await snapshot_of(session, automation), skipped=Refusal.ALREADY_HANDLED
                )
            run = new_run(automation, definition, request, cause, run_id)
            session.add(run)
            await start(session, automation, definition, run, request.now)
            await session.flush()
            snapshot = await snapshot_of(session, automation)
            started = (
                ActiveRun(run_id=run.id, number=run.number) if automation.current_run_id == run.id else None
            )
            return BegunRun(snapshot=snapshot, run=started)

    @activity.defn(name=ActivityName.EXPEDITE)
    async def expedite(self, request: Expedite) -> AutomationSnapshot:
        """Set next_run_at to now. Raises ApplicationError `not_triggerable` unless the automation is active."""
        async with self._database.transaction() as session:
            automation = await lock_automation(session, request.automation_id)
            if automation is None or automation.status != AutomationStatus.ACTIVE.value:
                raise not_triggerable()
            # What is overdue stays due: it is to be made up, or to be given up with a receipt.
            automation.next_run_at = min(automation.next_run_at or request.now, request.now)
            automation.updated_at = request.now
            return await snapshot_of(session, automation)

    async def _refuse(
        self,
        session: AsyncSession,
        automation: Automation,
        request: BeginRun,
        refused: Refusal,
    ) -> BegunRun:
        if request.nominal_at is None and refused is Refusal.NOT_TRIGGERABLE:
            raise not_triggerable()
        if request.nominal_at is not None:
            await record_skipped(session, automation.id, {request.nominal_at: refused.value})
        await advance_clock(session, automation, request.now)
        return BegunRun(snapshot=await snapshot_of(session, automation), skipped=refused.value)


def _cause(definition: Definition, request: BeginRun) -> RunCause:
    if request.cause is not RunCause.SCHEDULE or request.nominal_at is None:
        return request.cause
    cause = cause_of_tick(definition, request.nominal_at)
    # Nobody's hand moves the own timer: an instant of before the timing changed is no occurrence any more.
    return RunCause.SCHEDULE if request.by_own_timer and cause is RunCause.MANUAL else cause


def _overruled(definition: Definition, cause: RunCause, request: BeginRun) -> str | None:
    """How the reasons begin that an occurrence may have been skipped for, and fire all the same."""
    if cause is RunCause.ONE_TIME:
        # It is kept until it has fired.
        return ""
    if definition.missed_run_policy is MissedRunPolicy.ALL and not request.by_own_timer:
        # The schedule gives up sooner than this; so an operator asks for it, by a backfill.
        return Refusal.MISSED.value
    return None


def _state(automation: Automation) -> State:
    return State(
        status=AutomationStatus(automation.status),
        execution_status=ExecutionStatus(automation.execution_status),
        fired_once=automation.processed_at is not None,
    )


def new_run(
    automation: Automation, definition: Definition, request: BeginRun, cause: RunCause, run_id: UUID
) -> AutomationRun:
    automation.run_count += 1
    return AutomationRun(
        id=run_id,
        automation_id=automation.id,
        program_id=automation.program_id,
        number=automation.run_count,
        scope=automation.scope,
        cause=cause.value,
        nominal_at=request.nominal_at,
        status=RunStatus.PENDING.value,
        requested_by=request.actor,
        definition=definition.model_dump(mode="json"),
        cohort_size=automation.cohort_size,
        requested_at=request.now,
    )


async def start(
    session: AsyncSession, automation: Automation, definition: Definition, run: AutomationRun, now: datetime
) -> None:
    automation.last_run_at = now
    automation.updated_at = now
    if definition.scope is Scope.PARTICIPANTS:
        automation.current_run_id = run.id
        automation.execution_status = execution_status(RunStatus.PENDING).value
        automation.execution_started_at = automation.execution_completed_at = automation.execution_error = (
            None
        )
    else:
        await session.flush()
        run.event_id = await generate_program_event(session, run, definition, now)
        run.status = RunStatus.COMPLETED.value
        run.started_at = run.completed_at = now
        await announce_run_at_once(session, run)
        if run.cause == RunCause.ONE_TIME.value:
            automation.processed_at = now
            automation.status = AutomationStatus.COMPLETED.value
            await announce_status(session, automation)
    await advance_clock(session, automation, now)
