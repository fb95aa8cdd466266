"""What every channel promises."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from domain.actions import Channel
from domain.addresses import InvalidAddressError
from domain.message_options import NO_OPTIONS, MessageOptions


class DeliveryStatus(StrEnum):
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    NOT_TRIED = "not_tried"


class DeliveryProblem(StrEnum):
    """Why a message was not sent, in words that quote nobody."""

    NO_CONNECTION = "no_connection"
    CONNECTION_LOST = "connection_lost"
    CANNOT_BE_COMPOSED = "cannot_be_composed"
    CANNOT_BE_ADDRESSED = "cannot_be_addressed"
    INVALID_ADDRESS = "invalid_address"
    NOT_CONFIGURED = "not_configured"
    RECIPIENT_REFUSED = "recipient_refused"
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
class Delivery:
    """What the provider said. `unknown`: it may have been accepted. `not_tried`: it certainly was not.

    `error` is the provider's own text, which may quote the recipient. `provider_id`: what it calls the message.
    """

    status: DeliveryStatus
    error: str | None = None
    problem: DeliveryProblem | None = None
    provider_id: str | None = None

    @classmethod
    def failed(cls, error: str, problem: DeliveryProblem) -> "Delivery":
        return cls(DeliveryStatus.FAILED, error, problem)

    @classmethod
    def misaddressed(cls, error: InvalidAddressError) -> "Delivery":
        """No provider was asked."""
        return cls.failed(str(error), DeliveryProblem.INVALID_ADDRESS)


class MessageChannel(Protocol):
    async def send(self, messages: Sequence[Outgoing]) -> list[Delivery]:
        """Hand over each message at most once; one delivery per message, in their order. Never raises."""
        ...

    async def close(self) -> None: ...


Channels = Mapping[Channel, MessageChannel]
