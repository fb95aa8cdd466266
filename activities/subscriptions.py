"""What a participant_state automation asks for: a run over what is due, and its subscriptions evaluated anew."""

from datetime import datetime, timedelta
from functools import cache
from uuid import UUID, uuid4

from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity

from activities.firing import new_run, start
from activities.resources import Resources
from domain.activity_contract import (
    ActivityName,
    BeginRun,
    BeginSubscribedRun,
    BegunRun,
    RefreshSubscriptions,
    RequestRefresh,
)
from domain.automation import IN_PROGRESS, AutomationStatus, TriggerType
from domain.contract import ActiveRun, AutomationSnapshot, RunCause
from domain.refusals import no_such_automation, not_refreshable
from domain.wake_up import Sleeper, WakeUp
from runtime.waking import wake
from store.automations import definition_of, lock_automation, snapshot_of
from store.subscription_follow import refresh_subscriptions_page
from store.subscription_watch import compile_timed
from store.subscriptions import next_due_at
from store.tables import Automation
from store.unattended_subscriptions import request_due_refreshes, unattended_automations

PARTICIPANTS_A_PAGE = 2_000
ASKED_BY = "subscriptions"
LEFT_TO_ITS_WORKFLOW = timedelta(seconds=10)


class SubscriptionActivities:
    def __init__(self, resources: Resources) -> None:
        self._database = resources.database
        self._temporal = resources.temporal
        self._task_queue = resources.settings.temporal_task_queue
        self._refresh_every = timedelta(seconds=resources.settings.subscription_refresh_seconds)

    @activity.defn(name=ActivityName.BEGIN_SUBSCRIBED_RUN)
    async def begin_subscribed_run(self, request: BeginSubscribedRun) -> BegunRun:
        """A run over every subscription due by now; none when nothing is due, or the automation may not fire."""
        async with self._database.transaction() as session:
            automation = await lock_automation(session, request.automation_id)
            if automation is None:
                raise no_such_automation(request.automation_id)
            if not await _is_due(session, automation, request.now):
                return BegunRun(snapshot=await snapshot_of(session, automation), skipped="nothing due")
            definition = definition_of(automation)
            asked = BeginRun(
                automation_id=automation.id,
                cause=RunCause.PARTICIPANT_STATE,
                nominal_at=request.now,
                actor=ASKED_BY,
                now=request.now,
            )
            run = new_run(automation, definition, asked, asked.cause, uuid4())
            session.add(run)
            await start(session, automation, definition, run, request.now)
            await session.flush()
            return BegunRun(
                snapshot=await snapshot_of(session, automation),
                run=ActiveRun(run_id=run.id, number=run.number),
            )

    @activity.defn(name=ActivityName.REQUEST_REFRESH)
    async def request_refresh(self, request: RequestRefresh) -> AutomationSnapshot:
        """Raises ApplicationError `not_refreshable` unless active and of trigger type participant_state."""
        async with self._database.transaction() as session:
            automation = await lock_automation(session, request.automation_id)
            if (
                automation is None
                or automation.status != AutomationStatus.ACTIVE.value
                or automation.trigger_type != TriggerType.PARTICIPANT_STATE.value
            ):
                raise not_refreshable()
            automation.refresh_requested_at = request.now
            return await snapshot_of(session, automation)

    @activity.defn(name=ActivityName.REFRESH_SUBSCRIPTIONS)
    async def refresh_subscriptions(self, request: RefreshSubscriptions) -> None:
        """Look at every participant of the program, page by page; another attempt goes on where one stopped.

        A filter that turns out slow is the automation's `last_error`, until a refresh has asked it about everybody.
        """
        after, slow = _resume_point()
        # Pages share a clock: whether the filter is slow shows over all of them.
        compile_filter = cache(compile_timed)
        limit = PARTICIPANTS_A_PAGE
        while True:
            page = await refresh_subscriptions_page(
                self._database,
                request.automation_id,
                after,
                limit,
                request.now,
                request.rebase,
                compile_filter,
            )
            slow = slow or page.slow
            if page.last is None:
                break
            after = page.last
            # Where people take long to look at, few are read that there is no time for.
            limit = min(PARTICIPANTS_A_PAGE, 2 * page.looked_at)
            activity.heartbeat(str(after), slow)
        async with self._database.transaction() as session:
            automation = await lock_automation(session, request.automation_id)
            if automation is not None:
                automation.last_evaluated_at = request.now
                automation.last_error = slow

    async def attend(self, now: datetime) -> int:
        """Ask for refreshes that are due, and wake every automation that waits; answers how many.

        One whose workflow was ended by force comes back to life from its record.
        """
        async with self._database.transaction() as session:
            await request_due_refreshes(session, now - self._refresh_every, now)
            waiting = await unattended_automations(session, now - LEFT_TO_ITS_WORKFLOW)
        for automation_id in waiting:
            activity.heartbeat()
            await wake(self._temporal, self._task_queue, WakeUp(Sleeper.AUTOMATION, automation_id))
        return len(waiting)


async def _is_due(session: AsyncSession, automation: Automation, now: datetime) -> bool:
    if automation.status != AutomationStatus.ACTIVE.value or automation.execution_status in IN_PROGRESS:
        return False
    due_at = await next_due_at(session, automation.id)
    return due_at is not None and due_at <= now


def _resume_point() -> tuple[UUID | None, str | None]:
    """The last participant that an attempt before this one has looked at, and why it no longer asked the filter."""
    match activity.info().heartbeat_details:
        case [after, slow]:
            return UUID(after), slow
    return None, None
