"""Repairing drift: what the record says against what Temporal is really running."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from temporalio import activity
from temporalio.client import WorkflowExecutionDescription, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from activities.automations import AutomationActivities
from activities.clock_record import record_missed
from activities.event_retention import discard_old_events
from activities.journey_enrolling import attend_entries
from activities.journeys import JourneyActivities
from activities.message_dispatch import MessageDispatchActivities
from activities.resources import Resources
from activities.rfm import score_visits
from activities.rule_alerts import RuleAlertActivities
from activities.runs import RunActivities
from activities.schedules import ScheduleActivities
from activities.segments import SegmentActivities
from activities.subscriptions import SubscriptionActivities
from activities.webhooks import WebhookActivities
from domain.activity_contract import ActivityName, ChangeStatus, CloseRun, ReconcileReport, SyncSchedule
from domain.automation import AutomationStatus
from domain.contract import WorkflowType, automation_id_of, automation_workflow_id, run_workflow_id
from domain.wake_up import Sleeper, WakeUp
from runtime.pumps import ensure_pumps
from runtime.waking import wake
from store.automations import live_automation_ids
from store.idempotency import discard_expired_requests
from store.received_callbacks import forget_old_callbacks
from store.runs import open_runs
from store.staged_automations import discard_unapplied_changes, unattended_automations_of_rules

LOOK_BACK = timedelta(hours=1)
SETTLING_TIME = timedelta(seconds=20)
STAGED_CHANGE_LIFETIME = timedelta(hours=1)
STAGED_BY_RULE_LIFETIME = timedelta(days=7)
ENDED_BY_FORCE = ("Terminated", "Failed", "TimedOut")


class UpkeepActivities:
    def __init__(
        self,
        resources: Resources,
        automations: AutomationActivities,
        runs: RunActivities,
        schedules: ScheduleActivities,
        webhooks: WebhookActivities,
        subscriptions: SubscriptionActivities,
        segments: SegmentActivities,
        rule_alerts: RuleAlertActivities,
        messages: MessageDispatchActivities,
        journeys: JourneyActivities,
    ) -> None:
        self._settings = resources.settings
        self._database = resources.database
        self._temporal = resources.temporal
        self._automations = automations
        self._runs = runs
        self._schedules = schedules
        self._webhooks = webhooks
        self._subscriptions = subscriptions
        self._segments = segments
        self._rule_alerts = rule_alerts
        self._messages = messages
        self._journeys = journeys

    @activity.defn(name=ActivityName.RECONCILE)
    async def reconcile(self) -> ReconcileReport:
        """One pass. Each repair is idempotent, so a pass may be cut short and repeated."""
        now = datetime.now(UTC)
        report = ReconcileReport(
            automations_failed=await self._fail_ended_automations(now),
            runs_closed=await self._close_ended_runs(now),
            changes_discarded=await self._discard_stale_changes(now),
            rule_automations_started=await self._start_automations_of_rules(now),
            deliveries_started=await self._webhooks.attend(now),
            automations_woken=await self._subscriptions.attend(now),
            messages_woken=await self._messages.attend(now),
            journeys_woken=await self._journeys.attend(now),
            segments_refreshed=await self._segments.attend(now),
            journey_entries_decided=await attend_entries(self._database, now),
            rule_alerts_opened=await self._rule_alerts.attend(now),
            events_discarded=await discard_old_events(self._database, self._settings, now),
            scores_changed=await score_visits(self._database, self._settings, now),
        )
        await ensure_pumps(self._temporal, self._settings.temporal_task_queue, self._settings.event_pumps)
        await self._schedules.follow_operator_pauses()
        await record_missed(self._database, now)
        async with self._database.transaction() as session:
            await discard_expired_requests(session, now)
            await forget_old_callbacks(session, now)
        activity.logger.info("reconciled", extra={"report": report.model_dump()})
        return report

    async def _fail_ended_automations(self, now: datetime) -> int:
        """An automation whose workflow was ended by force cannot fire: its record must not say active."""
        since = (now - LOOK_BACK).strftime("%Y-%m-%dT%H:%M:%SZ")
        statuses = ", ".join(f"'{status}'" for status in ENDED_BY_FORCE)
        query = f"WorkflowType = '{WorkflowType.AUTOMATION}' AND ExecutionStatus IN ({statuses}) AND CloseTime > '{since}'"
        ended: set[UUID] = set()
        async for execution in self._temporal.list_workflows(query):
            activity.heartbeat()
            automation_id = automation_id_of(execution.id)
            if automation_id is not None:
                ended.add(automation_id)
        failed = 0
        for automation_id in await self._live_among(ended):
            description = await self._describe(automation_workflow_id(automation_id))
            if description is None or description.status is WorkflowExecutionStatus.RUNNING:
                continue
            assert description.status is not None
            await self._automations.change_status(
                ChangeStatus(
                    automation_id=automation_id,
                    status=AutomationStatus.FAILED,
                    actor="upkeep",
                    now=now,
                    error=f"Its workflow was ended in Temporal ({description.status.name.lower()})",
                )
            )
            await self._schedules.sync_schedule(SyncSchedule(automation_id=automation_id))
            failed += 1
        return failed

    async def _live_among(self, ended: set[UUID]) -> list[UUID]:
        if not ended:
            return []
        async with self._database.transaction() as session:
            return await live_automation_ids(session, ended)

    async def _close_ended_runs(self, now: datetime) -> int:
        async with self._database.transaction() as session:
            runs = await open_runs(session, now - SETTLING_TIME)
        closed = 0
        for run in runs:
            activity.heartbeat()
            # A live parent closes its own run; only a run that nobody follows any more is closed here.
            if await self._is_running(automation_workflow_id(run.automation_id)):
                continue
            description = await self._describe(run_workflow_id(run.automation_id, run.number))
            if description is not None and description.status is WorkflowExecutionStatus.RUNNING:
                continue
            how = (
                "was not found"
                if description is None or description.status is None
                else description.status.name.lower()
            )
            await self._runs.close_run(
                CloseRun(run_id=run.id, now=now, error=f"Its workflow was ended in Temporal ({how})")
            )
            closed += 1
        return closed

    async def _discard_stale_changes(self, now: datetime) -> int:
        async with self._database.transaction() as session:
            return await discard_unapplied_changes(
                session, now - STAGED_CHANGE_LIFETIME, now - STAGED_BY_RULE_LIFETIME
            )

    async def _start_automations_of_rules(self, now: datetime) -> int:
        async with self._database.transaction() as session:
            staged = await unattended_automations_of_rules(session, now - SETTLING_TIME)
        for automation_id in staged:
            activity.heartbeat()
            wake_up = WakeUp(Sleeper.STAGED_AUTOMATION, automation_id)
            await wake(self._temporal, self._settings.temporal_task_queue, wake_up)
        return len(staged)

    async def _is_running(self, workflow_id: str) -> bool:
        description = await self._describe(workflow_id)
        return description is not None and description.status is WorkflowExecutionStatus.RUNNING

    async def _describe(self, workflow_id: str) -> WorkflowExecutionDescription | None:
        try:
            return await self._temporal.get_workflow_handle(workflow_id).describe()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return None
            raise
