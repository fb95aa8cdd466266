"""Every side effect that a workflow may ask for."""

from collections.abc import Callable
from typing import Any

from activities.automations import AutomationActivities
from activities.cohorts import CohortActivities
from activities.event_pump import EventPumpActivities
from activities.failures import FailurePolicy
from activities.firing import FiringActivities
from activities.journeys import JourneyActivities
from activities.message_dispatch import MessageDispatchActivities
from activities.resources import Resources
from activities.rule_alerts import RuleAlertActivities
from activities.run_holding import RunHoldingActivities
from activities.runs import RunActivities
from activities.schedules import ScheduleActivities
from activities.segments import SegmentActivities
from activities.subscriptions import SubscriptionActivities
from activities.upkeep import UpkeepActivities
from activities.watching import WatchingActivities
from activities.webhooks import WebhookActivities

__all__ = [
    "FailurePolicy",
    "Resources",
    "build_activities",
    "build_event_activities",
    "build_webhook_activities",
]


def build_activities(resources: Resources) -> list[Callable[..., Any]]:
    """The registry a worker serves, bound to its resources."""
    automations = AutomationActivities(resources)
    firing = FiringActivities(resources)
    runs = RunActivities(resources)
    schedules = ScheduleActivities(resources)
    cohorts = CohortActivities(resources)
    subscriptions = SubscriptionActivities(resources)
    webhooks = WebhookActivities(resources)
    segments = SegmentActivities(resources)
    messages = MessageDispatchActivities(resources)
    journeys = JourneyActivities(resources)
    upkeep = UpkeepActivities(
        resources,
        automations,
        runs,
        schedules,
        webhooks,
        subscriptions,
        segments,
        RuleAlertActivities(resources),
        messages,
        journeys,
    )
    return [
        automations.open_automation,
        automations.amend_automation,
        automations.change_status,
        firing.begin_run,
        firing.expedite,
        schedules.sync_schedule,
        runs.open_run,
        runs.close_run,
        runs.cancel_run,
        cohorts.process_cohort,
        cohorts.settle_cohort,
        subscriptions.begin_subscribed_run,
        subscriptions.request_refresh,
        subscriptions.refresh_subscriptions,
        messages.dispatch_messages,
        journeys.advance_journey,
        WatchingActivities(resources).watch_run,
        RunHoldingActivities(resources).await_resume,
        upkeep.reconcile,
    ]


def build_event_activities(resources: Resources) -> list[Callable[..., Any]]:
    """What a worker serves on the queue of events."""
    return [EventPumpActivities(resources).pump_events]


def build_webhook_activities(resources: Resources) -> list[Callable[..., Any]]:
    """What a worker serves on the queue of webhook deliveries."""
    return [WebhookActivities(resources).deliver_webhooks]
