"""A channel that this installation has no provider for."""

from collections.abc import Sequence

from channels.channel import CannotTell, Delivery, DeliveryProblem, Outgoing
from domain.actions import Channel
from domain.delivery_policy import DeliveryPolicy


class NotConfigured(CannotTell):
    """Sends nothing, and says so: what was to be sent has failed, and can be sent again once there is a provider."""

    policy = DeliveryPolicy.AT_MOST_ONCE

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    async def send(self, messages: Sequence[Outgoing]) -> list[Delivery]:
        error = f"the channel {self._channel} is not configured"
        return [Delivery.failed(error, DeliveryProblem.NOT_CONFIGURED)] * len(messages)

    async def close(self) -> None:
        """Nothing is open."""
