"""The public contract with Temporal: workflow types, ids, messages and their shapes (docs/temporal.md).

Names here are stable. Only ids, counts, statuses and instants travel: never a person's data, no filter,
no template, no payload. So a history can be kept, replayed and shown after a person has been erased.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from domain.automation import AutomationStatus, ExecutionStatus, Scope, TriggerType
from domain.outcomes import RunCounts
from domain.run_status import RunStatus


class WorkflowType(StrEnum):
    AUTOMATION = "AutomationWorkflow"
    SCHEDULE_TICK = "ScheduleTickWorkflow"
    RUN = "RunWorkflow"
    COHORT = "CohortWorkflow"
    UPKEEP = "UpkeepWorkflow"
    WEBHOOK_DELIVERY = "WebhookDeliveryWorkflow"
    MESSAGE_DISPATCH = "MessageDispatchWorkflow"
    EVENT_PUMP = "EventPumpWorkflow"
    JOURNEY = "JourneyWorkflow"


class Update(StrEnum):
    READY = "ready"
    TRIGGER = "trigger"
    PAUSE = "pause"
    RESUME = "resume"
    AMEND = "amend"
    CANCEL_EXECUTION = "cancel_execution"
    ARCHIVE = "archive"
    REFRESH_SUBSCRIPTIONS = "refresh_subscriptions"


class Signal(StrEnum):
    FIRE = "fire"
    SUBSCRIPTIONS_CHANGED = "subscriptions_changed"
    DELIVERIES_DUE = "deliveries_due"
    MESSAGES_DUE = "messages_due"
    JOURNEY_CHANGED = "journey_changed"


class Query(StrEnum):
    STATE = "state"
    PROGRESS = "progress"


class ErrorType(StrEnum):
    """`type` of the ApplicationErrors that clients of the workflows may branch on."""

    NOT_TRIGGERABLE = "not_triggerable"
    NOT_CANCELLABLE = "not_cancellable"
    ARCHIVED = "archived"
    NOT_REFRESHABLE = "not_refreshable"
    NAME_TAKEN = "name_taken"
    NOT_FOUND = "not_found"
    INVALID = "invalid"


NOT_TRIGGERABLE_MESSAGE = "Automation cannot be triggered (must be active and idle or cron+program)"
NOT_REFRESHABLE_MESSAGE = "Subscriptions cannot be refreshed (must be active and participant_state)"
UPKEEP_SCHEDULE_ID = "carillon-upkeep"


AUTOMATION_ID_PREFIX = "automation-"


def automation_workflow_id(automation_id: UUID) -> str:
    return f"{AUTOMATION_ID_PREFIX}{automation_id}"


def automation_id_of(workflow_id: str) -> UUID | None:
    """The automation whose workflow has this id; None when no automation's workflow is called so."""
    try:
        automation_id = UUID(workflow_id.removeprefix(AUTOMATION_ID_PREFIX))
    except ValueError:
        return None
    return automation_id if automation_workflow_id(automation_id) == workflow_id else None


def run_workflow_id(automation_id: UUID, number: int) -> str:
    return f"automation-{automation_id}/run-{number}"


def cohort_workflow_id(automation_id: UUID, number: int, cohort: int) -> str:
    return f"automation-{automation_id}/run-{number}/cohort-{cohort}"


def tick_workflow_id(automation_id: UUID) -> str:
    """Temporal appends `-<nominal time>` to it for every scheduled start."""
    return f"automation-{automation_id}/tick"


def schedule_id(automation_id: UUID) -> str:
    return f"automation-{automation_id}"


def webhook_workflow_id(endpoint_id: UUID) -> str:
    return f"webhook-{endpoint_id}"


def event_pump_workflow_id(pump: int) -> str:
    return f"event-pump-{pump}"


def events_task_queue(task_queue: str) -> str:
    """Pumps have a queue of their own: whatever else there is to do, events go on."""
    return f"{task_queue}-events"


def messages_workflow_id(program_id: UUID) -> str:
    return f"messages-{program_id}"


def journey_workflow_id(journey_id: str) -> str:
    return f"journey-{journey_id}"


def webhook_task_queue(task_queue: str) -> str:
    """Deliveries have a queue of their own: receivers that hang hold up no automation."""
    return f"{task_queue}-webhooks"


class Shape(BaseModel):
    model_config = ConfigDict(frozen=True)


class RunCause(StrEnum):
    SCHEDULE = "schedule"
    MANUAL = "manual"
    IMMEDIATE = "immediate"
    ONE_TIME = "one_time"
    PARTICIPANT_STATE = "participant_state"


class ActiveRun(Shape):
    """The fan-out an automation has in progress."""

    run_id: UUID
    number: int


class AutomationSnapshot(Shape):
    """What AutomationWorkflow knows of its own record, as of its last write."""

    automation_id: UUID
    program_id: UUID
    status: AutomationStatus
    trigger_type: TriggerType
    scope: Scope
    timezone: str
    next_run_at: datetime | None = None
    schedule_paused: bool = Field(default=False, description="By an operator, in Temporal, as last seen")
    jitter_seconds: int = 0
    timing: str | None = Field(default=None, description="Changes with whatever its schedule is made of")
    due_once_at: datetime | None = Field(
        default=None, description="trigger_at of a one-time automation yet to fire"
    )
    next_due_at: datetime | None = Field(
        default=None, description="When the first subscription of a participant_state automation is due"
    )
    refresh_due: bool = Field(default=False, description="Its subscriptions are to be evaluated anew")
    last_run_at: datetime | None = None
    execution_status: ExecutionStatus = ExecutionStatus.IDLE
    active_run: ActiveRun | None = None
    run_count: int = 0
    last_run_summary: str | None = None
    last_actor: str | None = None

    @property
    def has_subscriptions(self) -> bool:
        return self.trigger_type is TriggerType.PARTICIPANT_STATE


class AutomationInput(Shape):
    """Start of AutomationWorkflow. `change_id` names the staged definition of a new automation; without
    it the workflow adopts the automation that the database holds under `automation_id`."""

    automation_id: UUID
    change_id: UUID | None = None
    snapshot: AutomationSnapshot | None = None
    handled_fires: list[datetime] = Field(default_factory=list)


class Actor(Shape):
    """Who asked: an API key's name, or an operator's. Never a participant."""

    actor: str = Field(default="operator", min_length=1, max_length=255)


class Amendment(Actor):
    change_id: UUID


class Fire(Shape):
    """Signal `fire`: an occurrence of the automation's schedule, by its nominal time."""

    nominal_at: AwareDatetime


class TickInput(Shape):
    automation_id: UUID


class EventPumpInput(Shape):
    """The pump of this number, of so many: they share the shards of events out among them."""

    pump: int = Field(ge=0)
    pumps: int = Field(ge=1)


class WebhookDeliveryInput(Shape):
    endpoint_id: UUID


class MessageDispatchInput(Shape):
    program_id: UUID


class JourneyInput(Shape):
    journey_id: str


class RunInput(Shape):
    run_id: UUID
    automation_id: UUID
    program_id: UUID
    number: int
    plan: "RunPlan | None" = None
    next_cohort: int = 0
    failed_cohorts: int = 0


class RunPlan(Shape):
    """How a run is cut: `total` ledger rows, numbered 0..total-1, `cohort_size` of them per child."""

    total: int = Field(ge=0)
    cohort_size: int = Field(ge=1)
    window: int = Field(ge=1)
    children_per_execution: int = Field(
        default=500, ge=1, description="Cohorts started before the run is continued as new"
    )

    @property
    def cohorts(self) -> int:
        return -(-self.total // self.cohort_size)


class CohortInput(Shape):
    """A slice of a run's ledger: rows first <= seq < last."""

    run_id: UUID
    automation_id: UUID
    program_id: UUID
    cohort: int
    first: int
    last: int


class CohortResult(Shape):
    """`held`: its run was held before the slice was done, which is to be carried on with once it is resumed."""

    processed: int
    held: bool = False


class RunResult(Shape):
    status: RunStatus
    counts: RunCounts
    error: str | None = None


class RunProgress(Shape):
    total: int
    cohorts: int
    cohorts_done: int
    cohorts_failed: int


class AutomationStateView(Shape):
    """Answer of query `state`."""

    snapshot: AutomationSnapshot | None
    queued_fires: int
