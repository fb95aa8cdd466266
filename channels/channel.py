"""What every channel promises."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from domain.actions import Channel
from domain.addresses import InvalidAddressError
from domain.delivery_policy import DeliveryPolicy
from domain.message_options import NO_OPTIONS, MessageOptions


class DeliveryStatus(StrEnum):
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    NOT_TRIED = "not_tried"


class DeliveryProblem(StrEnum):
    """Why a message was not sent, in words that quote nobody.

    `unsubscribed`: the recipient has told the provider to stop.
    """

    NO_CONNECTION = "no_connection"
    CONNECTION_LOST = "connection_lost"
    CANNOT_BE_COMPOSED = "cannot_be_composed"
    CANNOT_BE_ADDRESSED = "cannot_be_addressed"
    INVALID_ADDRESS = "invalid_address"
    NOT_CONFIGURED = "not_configured"
    NOT_AUTHORIZED = "not_authorized"
    RATE_LIMITED = "rate_limited"
    UNAVAILABLE = "unavailable"
    PROVIDER_FAULT = "provider_fault"
    RECIPIENT_REFUSED = "recipient_refused"
    UNSUBSCRIBED = "unsubscribed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to hand over. `message_id` is its stable key, sent along wherever the provider takes one."""

    message_id: UUID
    recipient: str
    subject: str
    body: str
    options: MessageOptions = NO_OPTIONS


@dataclass(frozen=True, slots=True)
class InDoubt:
    """A message that may have been handed over, at `since` at the earliest."""

    message: Outgoing
    since: datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """What the provider said. `unknown`: it may have been accepted. `not_tried`: it certainly was not.

    `error` is the provider's own text, which may quote the recipient. `provider_id`: what it calls the message.
    `retry_after`: with `not_tried`, how long the provider wants to be left alone.
    """

    status: DeliveryStatus
    error: str | None = None
    problem: DeliveryProblem | None = None
    provider_id: str | None = None
    retry_after: timedelta | None = None

    @classmethod
    def failed(cls, error: str, problem: DeliveryProblem) -> "Delivery":
        return cls(DeliveryStatus.FAILED, error, problem)

    @classmethod
    def misaddressed(cls, error: InvalidAddressError) -> "Delivery":
        """No provider was asked."""
        return cls.failed(str(error), DeliveryProblem.INVALID_ADDRESS)


class MessageChannel(Protocol):
    """`policy`: what is done with sends whose outcome nobody has heard of. `can_tell`: its provider can be asked."""

    @property
    def can_tell(self) -> bool: ...

    @property
    def policy(self) -> DeliveryPolicy: ...

    async def send(self, messages: Sequence[Outgoing]) -> list[Delivery]:
        """Hand over each message at most once; one delivery per message, in their order. Never raises."""
        ...

    async def look_up(self, sends: Sequence[InDoubt]) -> list[Delivery | None]:
        """What the provider knows of each, in their order; None where it cannot tell, or not now. Never raises."""
        ...

    async def close(self) -> None: ...


Channels = Mapping[Channel, MessageChannel]


class CannotTell:
    """Of a provider that keeps no record that can be asked."""

    can_tell = False

    async def look_up(self, sends: Sequence[InDoubt]) -> list[Delivery | None]:
        return [None] * len(sends)
