"""Messages that wait to be sent, what is known of the people they are for, and what the gates answer."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.actions import Channel
from domain.occasions import Occasion
from domain.outcomes import SkipReason
from domain.send_policy import USUAL_POLICY, SendPolicy
from domain.suppressions import SuppressionReason


@dataclass(frozen=True, slots=True)
class Candidate:
    """One message that waits. `id` is the message's, the same in each attempt, also before there is a row of it.

    `source`: the automation or rule it comes from, of whose people a holdout takes its part.
    `occasion`: what it is for, where its source sends one message for each.
    """

    id: UUID
    participant_id: UUID
    channel: Channel
    address: str | None
    policy: SendPolicy = USUAL_POLICY
    source: UUID | None = None
    occasion: Occasion | None = None

    @property
    def rank(self) -> tuple[int, UUID]:
        """Who goes first where a limit leaves too little room: never who came first."""
        return (self.policy.priority, self.id)


@dataclass(frozen=True, slots=True)
class Contact:
    """A message that has left, or is on its way."""

    message_id: UUID
    channel: Channel
    at: datetime


@dataclass(frozen=True, slots=True)
class Person:
    """`timezone`: what their record says, which may be no zone at all."""

    id: UUID
    status: str
    consent: Mapping[str, str]
    timezone: str | None = None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the gates know besides the person. `suppressed`: addresses as they were given, by channel.
    `sent_before`: ids of messages for whose occasion another was sent, or is on its way.
    """

    program_id: UUID
    program_timezone: str
    suppressed: Mapping[tuple[Channel, str], SuppressionReason]
    now: datetime
    sent_before: Collection[UUID] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """Neither a `reason` nor an `until`: the message may be sent. With both it waits until then, for that reason.

    `winner`: the message that took the last room under a limit.
    """

    reason: SkipReason | None = None
    until: datetime | None = None
    winner: UUID | None = None

    @property
    def is_open(self) -> bool:
        return self.reason is None

    @property
    def is_deferred(self) -> bool:
        return self.until is not None


OPEN = Decision()
