"""Names and shapes of the activities: what workflows may ask the outside world to do."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import Field

from domain.automation import AutomationStatus
from domain.contract import ActiveRun, Actor, AutomationSnapshot, RunCause, Shape


class ActivityName(StrEnum):
    OPEN_AUTOMATION = "open_automation"
    AMEND_AUTOMATION = "amend_automation"
    CHANGE_STATUS = "change_status"
    SYNC_SCHEDULE = "sync_schedule"
    EXPEDITE = "expedite"
    BEGIN_RUN = "begin_run"
    BEGIN_SUBSCRIBED_RUN = "begin_subscribed_run"
    REQUEST_REFRESH = "request_refresh"
    REFRESH_SUBSCRIPTIONS = "refresh_subscriptions"
    OPEN_RUN = "open_run"
    PROCESS_COHORT = "process_cohort"
    SETTLE_COHORT = "settle_cohort"
    CLOSE_RUN = "close_run"
    CANCEL_RUN = "cancel_run"
    WATCH_RUN = "watch_run"
    AWAIT_RESUME = "await_resume"
    RECONCILE = "reconcile"
    DELIVER_WEBHOOKS = "deliver_webhooks"
    DISPATCH_MESSAGES = "dispatch_messages"
    PUMP_EVENTS = "pump_events"
    ADVANCE_JOURNEY = "advance_journey"


class OpenAutomation(Shape):
    automation_id: UUID
    change_id: UUID | None
    now: datetime


class AmendAutomation(Actor):
    automation_id: UUID
    change_id: UUID
    now: datetime


class ChangeStatus(Actor):
    automation_id: UUID
    status: AutomationStatus
    now: datetime
    error: str | None = None


class SyncSchedule(Shape):
    automation_id: UUID


class Expedite(Shape):
    """Bring the next fire of a cron automation of program scope forward to `now`."""

    automation_id: UUID
    now: datetime


class BeginRun(Actor):
    """Ask for a run. The record decides: it may answer that the occurrence is skipped, and why."""

    automation_id: UUID
    cause: RunCause
    nominal_at: datetime | None
    now: datetime
    by_own_timer: bool = Field(
        default=False, description="Not delivered by the schedule: its pause must be asked for"
    )


class BegunRun(Shape):
    """`run` is set when a fan-out must be started; `skipped` says why nothing was fired."""

    snapshot: AutomationSnapshot
    run: ActiveRun | None = None
    skipped: str | None = None


class RequestRefresh(Actor):
    """Note that the subscriptions of a participant_state automation are to be evaluated anew."""

    automation_id: UUID
    now: datetime


class BeginSubscribedRun(Shape):
    """Ask for a run over the subscriptions that are due at `now`."""

    automation_id: UUID
    now: datetime


class RefreshSubscriptions(Shape):
    """`rebase`: what came due while the automation was paused is dropped, not made up."""

    automation_id: UUID
    now: datetime
    rebase: bool


class RunReference(Shape):
    run_id: UUID


class OpenRun(RunReference):
    now: datetime


class CloseRun(RunReference):
    now: datetime
    error: str | None = Field(default=None, description="Set when the run could not be carried to its end")


class CancelRun(RunReference, Actor):
    now: datetime


class SettleCohort(RunReference):
    """Give every row of a slice that has no outcome yet its final one."""

    first: int
    last: int
    cancelled: bool
    error: str


class WatchRun(Shape):
    automation_id: UUID
    number: int


class DeliverWebhooks(Shape):
    """Send what is due at an endpoint."""

    endpoint_id: UUID


class DispatchMessages(Shape):
    """Hand over what a program has queued."""

    program_id: UUID


class DeliveryRound(Shape):
    """`next_due_at` is None when nothing is left. `give_way`: the receiver hangs or is away, so others come first."""

    next_due_at: datetime | None
    give_way: bool = False


class PumpEvents(Shape):
    """Process the events of one pump among so many."""

    pump: int
    pumps: int


class PumpRound(Shape):
    """`retired`: there is no such pump any more."""

    processed: int = 0
    retired: bool = False


class AdvanceJourney(Shape):
    """Have whoever is due in a journey take their steps. `lanes`: how many do so at once."""

    journey_id: str
    now: datetime
    lanes: int = 1


class JourneyRound(Shape):
    """`next_wake_at` is None when nobody waits, or the journey stands still. `moved`: how many took steps.
    `behind`: some are due still."""

    next_wake_at: datetime | None
    inside: int
    moved: int = 0
    behind: bool = False


class ReconcileReport(Shape):
    automations_failed: int = 0
    runs_closed: int = 0
    changes_discarded: int = 0
    rule_automations_started: int = 0
    deliveries_started: int = 0
    automations_woken: int = 0
    messages_woken: int = 0
    journeys_woken: int = 0
    segments_refreshed: int = 0
    journey_entries_decided: int = 0
    rule_alerts_opened: int = 0
    events_discarded: int = 0
    scores_changed: int = 0
