"""Keeping an automation's Temporal Schedule equal to its record."""

from datetime import timedelta

from temporalio import activity

from activities.resources import Resources
from domain.activity_contract import ActivityName, SyncSchedule
from domain.automation import AutomationStatus, TriggerType
from domain.firing import catch_up_window
from runtime.schedules import Timing, apply_timing, remove_timing
from store.automations import definition_of
from store.tables import Automation

SCHEDULED_STATUSES = frozenset({AutomationStatus.ACTIVE.value, AutomationStatus.PAUSED.value})


class ScheduleActivities:
    def __init__(self, resources: Resources) -> None:
        self._database = resources.database
        self._temporal = resources.temporal
        self._task_queue = resources.settings.temporal_task_queue

    @activity.defn(name=ActivityName.SYNC_SCHEDULE)
    async def sync_schedule(self, request: SyncSchedule) -> None:
        """Create, change or remove the schedule, as the record says. Safe to repeat."""
        async with self._database.transaction() as session:
            automation = await session.get(Automation, request.automation_id)
        if automation is None or not _is_scheduled(automation):
            await remove_timing(self._temporal, request.automation_id)
            return
        timing = Timing(
            automation_id=automation.id,
            program_id=automation.program_id,
            timezone=automation.timezone,
            cron_expression=automation.cron_expression,
            trigger_at=automation.trigger_at,
            jitter=timedelta(seconds=automation.jitter_seconds),
            paused=automation.status == AutomationStatus.PAUSED.value,
            catch_up_within=catch_up_window(definition_of(automation)),
        )
        await apply_timing(self._temporal, timing, self._task_queue)


def _is_scheduled(automation: Automation) -> bool:
    if automation.status not in SCHEDULED_STATUSES:
        return False
    if automation.trigger_type == TriggerType.ONE_TIME.value:
        return automation.processed_at is None
    return automation.trigger_type == TriggerType.CRON.value
