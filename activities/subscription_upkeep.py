"""Telling automations what their subscriptions wait for, when whoever knew could not."""

from datetime import UTC, datetime, timedelta

from temporalio import activity

from activities.resources import Resources
from domain.activity_contract import ActivityName
from domain.wake_up import Sleeper, WakeUp
from runtime.waking import wake
from store.unattended_subscriptions import request_due_refreshes, unattended_automations

SETTLING_TIME = timedelta(seconds=10)


class SubscriptionUpkeepActivities:
    def __init__(self, resources: Resources) -> None:
        self._database = resources.database
        self._temporal = resources.temporal
        self._task_queue = resources.settings.temporal_task_queue
        self._refresh_every = timedelta(seconds=resources.settings.subscription_refresh_seconds)

    @activity.defn(name=ActivityName.ATTEND_SUBSCRIPTIONS)
    async def attend_subscriptions(self) -> int:
        """Ask for refreshes that are due, and wake every automation that waits; answers how many.

        One whose workflow was ended by force comes back to life from its record.
        """
        now = datetime.now(UTC)
        async with self._database.transaction() as session:
            await request_due_refreshes(session, now - self._refresh_every, now)
            waiting = await unattended_automations(session, now - SETTLING_TIME)
        for automation_id in waiting:
            activity.heartbeat()
            await wake(self._temporal, self._task_queue, WakeUp(Sleeper.AUTOMATION, automation_id))
        return len(waiting)
