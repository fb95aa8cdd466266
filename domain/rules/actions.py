"""What a rule does once it matches: a tagged union on `type`."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter

from domain.actions import EnrollJourney, JourneyId, SendMessage
from domain.conversation import ConversationPriority, ConversationStatus
from domain.storable_text import storable

MAX_ACTIONS = 20
MAX_DELAY_SECONDS = 366 * 24 * 3_600

Label = Annotated[str, Field(min_length=1, max_length=255), AfterValidator(storable)]
Body = Annotated[str, Field(min_length=1, max_length=8_192), AfterValidator(storable)]
Document = dict[str, Any]


class _Action(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SendWebhook(_Action):
    """Announce `rule.action` to one of the program's webhooks: signed, repeated, in order."""

    type: Literal["send_webhook"]
    webhook_id: UUID
    payload: Document = Field(default_factory=dict)


class AddTag(_Action):
    type: Literal["add_tag"]
    tag: Label


class RemoveTag(_Action):
    type: Literal["remove_tag"]
    tag: Label


class SetAttribute(_Action):
    """`value`: any JSON; null removes the attribute."""

    type: Literal["set_attribute"]
    name: Label
    value: Any = None


class AddToCounter(_Action):
    type: Literal["counter"]
    name: Label
    add: Annotated[int, Field(strict=True)] | Annotated[float, Field(strict=True, allow_inf_nan=False)] = 1


class SetTier(_Action):
    """`level`: null removes the participant from the tier's ladder."""

    type: Literal["set_tier"]
    name: Label
    level: Label | None


class Assign(_Action):
    """Give the conversation to somebody; null gives it back."""

    type: Literal["assign"]
    assignee: Label | None


class AddNote(_Action):
    """`body`: a Liquid template over `participant`, `conversation` and `event`."""

    type: Literal["add_note"]
    body: Body


class SetStatus(_Action):
    type: Literal["set_status"]
    status: ConversationStatus


class SetPriority(_Action):
    type: Literal["set_priority"]
    priority: ConversationPriority | None


class AddLabel(_Action):
    type: Literal["add_label"]
    label: Label


class RemoveLabel(_Action):
    type: Literal["remove_label"]
    label: Label


class EmitEvent(_Action):
    """Another event of the same participant and conversation, caused by this one."""

    type: Literal["emit_event"]
    event_type: Label
    event_data: Document = Field(default_factory=dict)


class ScheduleEvent(_Action):
    """A one_time automation for the participant, `delay_seconds` from now, with source `rule_action`."""

    type: Literal["schedule_event"]
    event_name: Label
    payload: Document = Field(default_factory=dict)
    delay_seconds: Annotated[int, Field(strict=True, ge=1, le=MAX_DELAY_SECONDS)]


class Broadcast(_Action):
    """An immediate automation over the program's participants, with source `rule_action`."""

    type: Literal["broadcast"]
    event_name: Label
    payload: Document = Field(default_factory=dict)
    participant_filter: Body | None = None
    guard_condition: Body | None = None


class ExitJourney(_Action):
    """Have the participant leave a journey at once, wherever they are in it."""

    type: Literal["exit_journey"]
    journey_id: JourneyId


RuleAction = Annotated[
    SendMessage
    | SendWebhook
    | AddTag
    | RemoveTag
    | SetAttribute
    | AddToCounter
    | SetTier
    | Assign
    | AddNote
    | SetStatus
    | SetPriority
    | AddLabel
    | RemoveLabel
    | EmitEvent
    | ScheduleEvent
    | Broadcast
    | EnrollJourney
    | ExitJourney,
    Field(discriminator="type"),
]

ACTIONS: TypeAdapter[tuple[RuleAction, ...]] = TypeAdapter(tuple[RuleAction, ...])
