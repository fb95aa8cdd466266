"""Keeping an automation's Temporal Schedule equal to its record."""

from datetime import timedelta
from uuid import UUID

from temporalio import activity

from activities.clock_record import is_noted, note_operator_pause
from activities.resources import Resources
from domain.activity_contract import ActivityName, SyncSchedule
from domain.automation import AutomationStatus, TriggerType
from domain.firing import catch_up_window
from domain.operator_pause import OperatorPause
from runtime.schedules import (
    Timing,
    apply_timing,
    find_operator_pause,
    list_operator_pauses,
    remove_timing,
)
from store.automations import definition_of, lock_automation
from store.schedule_pauses import differing_from_held, lock_schedule
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
            # Two at once could leave the schedule as the older record had it.
            await lock_schedule(session, request.automation_id)
            automation = await session.get(Automation, request.automation_id)
            if automation is None or not _is_scheduled(automation):
                await remove_timing(self._temporal, request.automation_id)
                pause = None
            else:
                pause = await apply_timing(self._temporal, _timing(automation), self._task_queue)
        if automation is not None:
            await self._note(automation.id, pause)

    async def follow_operator_pauses(self) -> int:
        """Bring the record up to what operators hold; answers how many automations differed."""
        held = {automation_id async for automation_id in list_operator_pauses(self._temporal)}
        async with self._database.transaction() as session:
            differing = await differing_from_held(session, held)
        changed = 0
        for automation_id in differing:
            activity.heartbeat()
            # Lists lag behind; the schedule itself does not.
            pause = await find_operator_pause(self._temporal, automation_id)
            changed += await self._note(automation_id, pause)
        return changed

    async def _note(self, automation_id: UUID, pause: OperatorPause | None) -> bool:
        """True when the record said otherwise."""
        async with self._database.transaction() as session:
            automation = await session.get(Automation, automation_id)
            if automation is None or is_noted(automation, pause):
                return False
            automation = await lock_automation(session, automation_id)
            if automation is not None:
                note_operator_pause(automation, pause)
        return True


def _timing(automation: Automation) -> Timing:
    return Timing(
        automation_id=automation.id,
        program_id=automation.program_id,
        timezone=automation.timezone,
        cron_expression=automation.cron_expression,
        trigger_at=automation.trigger_at,
        jitter=timedelta(seconds=automation.jitter_seconds),
        paused=automation.status == AutomationStatus.PAUSED.value,
        catch_up_within=catch_up_window(definition_of(automation)),
    )


def _is_scheduled(automation: Automation) -> bool:
    if automation.status not in SCHEDULED_STATUSES:
        return False
    if automation.trigger_type == TriggerType.ONE_TIME.value:
        return automation.processed_at is None
    return automation.trigger_type == TriggerType.CRON.value
