"""What the actions of a rule come to: changes of the people and conversations at hand, and effects beyond them."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from domain.actions import Channel
from domain.automation import Definition
from domain.message_options import NO_OPTIONS, MessageOptions
from domain.send_policy import USUAL_POLICY, SendPolicy


@dataclass(frozen=True, slots=True)
class QueuedMessage:
    """A message that the record holds until it is handed over."""

    id: UUID
    channel: Channel
    recipient: str
    subject: str
    body: str
    options: MessageOptions = NO_OPTIONS
    sending: SendPolicy = USUAL_POLICY
    template_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class WebhookCall:
    webhook_id: UUID
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class EmittedEvent:
    id: UUID
    type: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class StagedAutomation:
    id: UUID
    definition: Definition


@dataclass(frozen=True, slots=True)
class ConversationNote:
    id: UUID
    body: str


@dataclass(frozen=True, slots=True)
class JourneyEntry:
    """The participant is to enter a journey, if its gates let them."""

    id: UUID
    journey_id: str
    rule_id: UUID


@dataclass(frozen=True, slots=True)
class JourneyExit:
    """The participant is to leave a journey, if they are in it."""

    journey_id: str


Effect = (
    QueuedMessage
    | WebhookCall
    | EmittedEvent
    | StagedAutomation
    | ConversationNote
    | JourneyEntry
    | JourneyExit
)


class ActionStatus(StrEnum):
    """`skipped`: a gate of the person's own, such as consent, kept the effect from them."""

    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ActionResult:
    """`reason`: why an action was skipped or failed, without anybody's data."""

    type: str
    status: ActionStatus
    reason: str | None = None

    def document(self) -> dict[str, Any]:
        shown = {"type": self.type, "status": self.status.value}
        return shown if self.reason is None else {**shown, "reason": self.reason}
