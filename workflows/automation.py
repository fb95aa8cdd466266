"""One automation, from its creation to its archive: the single writer of its state."""

import asyncio

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from domain.activity_contract import (
        ActivityName,
        AmendAutomation,
        ChangeStatus,
        Expedite,
        OpenAutomation,
        RequestRefresh,
        SyncSchedule,
    )
    from domain.automation import AutomationStatus, ExecutionStatus, Scope, TriggerType
    from domain.contract import (
        ActiveRun,
        Actor,
        Amendment,
        AutomationInput,
        AutomationSnapshot,
        AutomationStateView,
        Fire,
        Query,
        RunCause,
        RunResult,
        Signal,
        Update,
        WorkflowType,
    )
    from domain.refusals import archived, not_refreshable, not_triggerable, nothing_to_cancel
    from domain.run_status import RunStatus
    from domain.triggering import can_trigger
    from workflows.automation_details import describe, searchable
    from workflows.calling import as_application_error, call
    from workflows.due_fire import DueFire
    from workflows.own_timer import OwnTimerKeeper
    from workflows.run_following import begin_run, end_early, see_to_its_end
    from workflows.subscription_refresh import SubscriptionRefresh

REMEMBERED_FIRES = 50
AMENDING_FIRES_WHAT_IS_DUE = "amending-fires-what-is-due"


@workflow.defn(name=WorkflowType.AUTOMATION.value)
class AutomationWorkflow:
    """Takes updates and fires one at a time. Each transition is in the database before its update
    answers, so whoever reads after writing sees what they wrote."""

    @workflow.init
    def __init__(self, start: AutomationInput) -> None:
        self._id = start.automation_id
        self._change_id = start.change_id
        self._snapshot = start.snapshot
        self._failure: ApplicationError | None = None
        self._fires: list[DueFire] = []
        self._handled = list(start.handled_fires)
        self._writing = asyncio.Lock()
        self._triggering = False
        self._following: dict[int, asyncio.Task[None]] = {}
        self._timer = OwnTimerKeeper(self._fires.append)
        self._refresh = SubscriptionRefresh(self._look)
        self._stale = False

    @workflow.run
    async def run(self, start: AutomationInput) -> None:
        try:
            await self._live(start)
        except asyncio.CancelledError:
            workflow.logger.info("cancelled")
        if workflow.cancellation_reason() is not None:
            await self._retire("an operator, by cancelling its workflow")
            raise asyncio.CancelledError
        await workflow.wait_condition(workflow.all_handlers_finished)
        if self._failure is not None:
            raise self._failure

    async def _live(self, start: AutomationInput) -> None:
        if self._snapshot is None:
            await self._open()
        else:
            self._show(self._snapshot)
            if self._snapshot.active_run is not None:
                self._follow(self._snapshot.active_run, started=True)
        while not self._ended():
            await workflow.wait_condition(
                lambda: bool(self._fires) or self._stale or self._ended() or self._may_continue_as_new()
            )
            if self._fires:
                await self._fire(self._fires.pop(0))
            elif self._stale and not self._ended():
                self._stale = False
                await self._look()
            elif not self._ended() and self._may_continue_as_new():
                workflow.continue_as_new(
                    start.model_copy(
                        update={
                            "snapshot": self._snapshot,
                            "handled_fires": self._handled,
                        }
                    )
                )

    def _may_continue_as_new(self) -> bool:
        return (
            workflow.info().is_continue_as_new_suggested()
            and workflow.all_handlers_finished()
            and not self._refresh.running
        )

    def _ended(self) -> bool:
        if self._failure is not None or workflow.cancellation_reason() is not None:
            return True
        archived = self._snapshot is not None and self._snapshot.status is AutomationStatus.ARCHIVED
        return archived and not self._following

    async def _open(self) -> None:
        try:
            snapshot = await self._read()
            self._show(snapshot)
            await self._timing_changed()
        except (ActivityError, ApplicationError) as error:
            self._failure = error if isinstance(error, ApplicationError) else as_application_error(error)
            return
        if snapshot.run_count == 0 and self._change_id and snapshot.trigger_type is TriggerType.IMMEDIATE:
            self._fires.append(DueFire(RunCause.IMMEDIATE, None, "creation"))
        if snapshot.active_run is not None:
            self._follow(snapshot.active_run, started=True)

    async def _read(self) -> AutomationSnapshot:
        return await self._write(
            ActivityName.OPEN_AUTOMATION,
            OpenAutomation(automation_id=self._id, change_id=self._change_id, now=workflow.now()),
            "Create or read the record",
        )

    @workflow.update(name=Update.READY.value)
    async def ready(self) -> AutomationSnapshot:
        """Answers once the automation is on record; fails as its creation failed."""
        return await self._opened()

    @workflow.update(name=Update.TRIGGER.value)
    async def trigger(self, by: Actor) -> AutomationSnapshot:
        """Fire now. Fails with `not_triggerable` unless active and idle, or cron of program scope."""
        self._triggering = True
        try:
            snapshot = await self._opened()
            if snapshot.scope is Scope.PROGRAM:
                self._show(
                    await self._write(
                        ActivityName.EXPEDITE,
                        Expedite(automation_id=self._id, now=workflow.now()),
                        "Bring the next fire forward",
                    )
                )
                self._fires.append(DueFire(RunCause.MANUAL, None, by.actor))
            else:
                await self._begin(DueFire(RunCause.MANUAL, None, by.actor))
        finally:
            self._triggering = False
        return self._known()

    @trigger.validator
    def _validate_trigger(self, by: Actor) -> None:
        known = self._snapshot
        if known is None:
            return
        # Whether a fan-out is running is decided by the record: it may have closed a moment ago.
        allowed = can_trigger(known.status, known.trigger_type, known.scope, ExecutionStatus.IDLE)
        if not allowed or (self._triggering and known.scope is Scope.PARTICIPANTS):
            raise not_triggerable()

    @workflow.update(name=Update.PAUSE.value)
    async def pause(self, by: Actor) -> AutomationSnapshot:
        """Stop future fires; a fan-out in progress goes on."""
        return await self._change_status(AutomationStatus.PAUSED, by)

    @pause.validator
    def _validate_pause(self, by: Actor) -> None:
        self._refuse_archived()

    @workflow.update(name=Update.RESUME.value)
    async def resume(self, by: Actor) -> AutomationSnapshot:
        """Fire again from now on; what was missed while paused is not made up."""
        return await self._change_status(AutomationStatus.ACTIVE, by)

    @resume.validator
    def _validate_resume(self, by: Actor) -> None:
        self._refuse_archived()

    @workflow.update(name=Update.AMEND.value)
    async def amend(self, amendment: Amendment) -> AutomationSnapshot:
        """Apply a patch that the API has staged under `change_id`, and re-time the schedule."""
        before = await self._opened()
        await self._fire_what_is_due()
        snapshot = await self._write(
            ActivityName.AMEND_AUTOMATION,
            AmendAutomation(
                automation_id=self._id,
                change_id=amendment.change_id,
                actor=amendment.actor,
                now=workflow.now(),
            ),
            "Apply a patch to the record",
        )
        self._show(snapshot, amendment.actor)
        await self._timing_changed(before)
        return self._known()

    @amend.validator
    def _validate_amend(self, amendment: Amendment) -> None:
        self._refuse_archived()

    @workflow.update(name=Update.CANCEL_EXECUTION.value)
    async def cancel_execution(self, by: Actor) -> AutomationSnapshot:
        """End the pending or executing run. Once this answers, nothing more is sent for it."""
        await self._opened()
        await workflow.wait_condition(lambda: not self._triggering)
        result = await self._end_active_run(by.actor)
        if result is None or result.status is not RunStatus.CANCELLED:
            raise nothing_to_cancel()
        return self._known()

    @cancel_execution.validator
    def _validate_cancel(self, by: Actor) -> None:
        if self._snapshot is not None and self._snapshot.active_run is None and not self._triggering:
            raise nothing_to_cancel()

    @workflow.update(name=Update.ARCHIVE.value)
    async def archive(self, by: Actor) -> AutomationSnapshot:
        """Stop for good: no more fires, a run in progress is cancelled, the record stays readable."""
        await self._opened()
        await self._retire(by.actor)
        return self._known()

    @workflow.update(name=Update.REFRESH_SUBSCRIPTIONS.value)
    async def refresh_subscriptions(self, by: Actor) -> AutomationSnapshot:
        """Evaluate the subscriptions anew, in the background. Fails with `not_refreshable`."""
        await self._opened()
        snapshot = await self._write(
            ActivityName.REQUEST_REFRESH,
            RequestRefresh(automation_id=self._id, actor=by.actor, now=workflow.now()),
            "Ask for a refresh of the subscriptions",
        )
        self._show(snapshot)
        return self._known()

    @refresh_subscriptions.validator
    def _validate_refresh(self, by: Actor) -> None:
        known = self._snapshot
        if known is not None and not known.has_subscriptions:
            raise not_refreshable()

    @workflow.signal(name=Signal.SUBSCRIPTIONS_CHANGED.value)
    def subscriptions_changed(self) -> None:
        """A subscription came due sooner than known, or a refresh was asked for: look at the record."""
        self._stale = True

    @workflow.signal(name=Signal.FIRE.value)
    def fire(self, fire: Fire | None = None) -> None:
        """An occurrence of the schedule is due. The same nominal time twice is one fire."""
        # A signal without input must not raise: this workflow's tasks would fail for ever.
        if fire is not None and fire.nominal_at not in self._handled:
            self._handled = [*self._handled[1 - REMEMBERED_FIRES :], fire.nominal_at]
            self._fires.append(DueFire(RunCause.SCHEDULE, fire.nominal_at, "schedule"))

    @workflow.query(name=Query.STATE.value)
    def state(self) -> AutomationStateView:
        return AutomationStateView(snapshot=self._snapshot, queued_fires=len(self._fires))

    async def _opened(self) -> AutomationSnapshot:
        await workflow.wait_condition(lambda: self._snapshot is not None or self._failure is not None)
        if self._failure is not None:
            raise self._failure
        return self._known()

    def _known(self) -> AutomationSnapshot:
        assert self._snapshot is not None
        return self._snapshot

    def _refuse_archived(self) -> None:
        if self._snapshot is not None and self._snapshot.status is AutomationStatus.ARCHIVED:
            raise archived()

    async def _change_status(self, status: AutomationStatus, by: Actor) -> AutomationSnapshot:
        before = await self._opened()
        snapshot = await self._write(
            ActivityName.CHANGE_STATUS,
            ChangeStatus(automation_id=self._id, status=status, actor=by.actor, now=workflow.now()),
            f"Set the status to {status.value}",
        )
        self._show(snapshot, by.actor)
        await self._timing_changed(before)
        return self._known()

    async def _retire(self, actor: str) -> None:
        if self._snapshot is None:
            return
        await self._end_active_run(actor)
        await self._change_status(AutomationStatus.ARCHIVED, Actor(actor=actor))

    async def _write(self, name: ActivityName, request: object, summary: str) -> AutomationSnapshot:
        # Handlers interleave at every await; the lock keeps their snapshots in the order of the writes.
        async with self._writing:
            try:
                return await call(name, request, AutomationSnapshot, summary)
            except ActivityError as error:
                raise as_application_error(error) from None

    async def _timing_changed(self, before: AutomationSnapshot | None = None) -> None:
        """Make the schedule follow, unless the timing is what it was `before`."""
        # Snapshots of older histories know no timing: there the schedule followed every change.
        if before is not None and before.timing is not None and before.timing == self._known().timing:
            return
        await call(
            ActivityName.SYNC_SCHEDULE,
            SyncSchedule(automation_id=self._id),
            type(None),
            "Make the Temporal Schedule follow the record",
        )

    async def _fire_what_is_due(self) -> None:
        """A change counts from now on: an occurrence that came due before it fires as it was defined then."""
        known = self._known()
        if known.trigger_type is not TriggerType.CRON or known.next_run_at is None:
            return
        if known.next_run_at <= workflow.now() and workflow.patched(AMENDING_FIRES_WHAT_IS_DUE):
            await self._fire(DueFire(RunCause.SCHEDULE, known.next_run_at, "own timer", by_own_timer=True))

    async def _fire(self, due: DueFire) -> None:
        try:
            await self._begin(due)
        except ApplicationError as error:
            # A manual fire of program scope that was refused in between: paused or archived first.
            workflow.logger.info("fire refused", extra={"reason": error.type})

    async def _begin(self, due: DueFire) -> None:
        async with self._writing:
            try:
                begun = await begin_run(self._id, due)
            except ActivityError as error:
                raise as_application_error(error) from None
            self._show(begun.snapshot)
        if begun.run is not None:
            self._follow(begun.run, started=False)
        elif begun.snapshot.status is AutomationStatus.COMPLETED:
            await self._timing_changed()

    def _follow(self, run: ActiveRun, *, started: bool) -> None:
        self._following[run.number] = asyncio.create_task(self._see_to_its_end(run, started))

    async def _see_to_its_end(self, run: ActiveRun, started: bool) -> None:
        result = await see_to_its_end(self._id, self._known().program_id, run, started=started)
        before = self._known().status
        await self._note_end(result)
        if self._known().status is not before:
            await self._timing_changed()
        del self._following[run.number]

    async def _end_active_run(self, actor: str) -> RunResult | None:
        run = self._known().active_run
        if run is None:
            return None
        result = await end_early(self._id, run, actor)
        await self._note_end(result)
        return result

    async def _note_end(self, result: RunResult) -> None:
        summary = f"{result.status.value}: {result.counts.sentence()}"
        self._show((await self._read()).model_copy(update={"last_run_summary": summary}))

    async def _look(self) -> AutomationSnapshot:
        self._show(await self._read())
        return self._known()

    def _show(self, snapshot: AutomationSnapshot, actor: str | None = None) -> None:
        before = self._snapshot
        kept = {
            "last_run_summary": snapshot.last_run_summary or (before.last_run_summary if before else None),
            "last_actor": actor or (before.last_actor if before else None),
        }
        self._snapshot = snapshot.model_copy(update=kept)
        self._refresh.follow(before, self._snapshot)
        self._timer.arm(self._snapshot, hold=self._refresh.holds_fires)
        workflow.set_current_details(describe(self._snapshot))
        if before is None or before.status is not snapshot.status:
            workflow.upsert_search_attributes(searchable(self._snapshot))
