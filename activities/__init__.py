"""Every side effect that a workflow may ask for."""

from collections.abc import Callable
from typing import Any

from activities.automations import AutomationActivities
from activities.cohorts import CohortActivities
from activities.failures import FailurePolicy
from activities.firing import FiringActivities
from activities.resources import Resources
from activities.runs import RunActivities
from activities.schedules import ScheduleActivities
from activities.subscriptions import SubscriptionActivities
from activities.upkeep import UpkeepActivities
from activities.watching import WatchingActivities
from activities.webhooks import WebhookActivities

__all__ = ["FailurePolicy", "Resources", "build_activities", "build_webhook_activities"]


def build_activities(resources: Resources) -> list[Callable[..., Any]]:
    """The registry a worker serves, bound to its resources."""
    automations = AutomationActivities(resources)
    firing = FiringActivities(resources)
    runs = RunActivities(resources)
    schedules = ScheduleActivities(resources)
    cohorts = CohortActivities(resources)
    subscriptions = SubscriptionActivities(resources)
    webhooks = WebhookActivities(resources)
    upkeep = UpkeepActivities(resources, automations, runs, schedules, webhooks, subscriptions)
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
        WatchingActivities(resources).watch_run,
        upkeep.reconcile,
    ]


def build_webhook_activities(resources: Resources) -> list[Callable[..., Any]]:
    """What a worker serves on the queue of webhook deliveries."""
    return [WebhookActivities(resources).deliver_webhooks]
