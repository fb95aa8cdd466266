"""Messages through Apprise, to any of the hundred services it knows."""

from collections.abc import Sequence

from apprise import Apprise, NotifyFormat

from channels.channel import CannotTell, Delivery, DeliveryProblem, DeliveryStatus, Outgoing
from channels.lanes import send_in_lanes
from domain.delivery_policy import DeliveryPolicy

SENT_AT_ONCE = 4


class AppriseChannel(CannotTell):
    """Apprise says only whether a service has taken a message, not why it has not."""

    policy = DeliveryPolicy.AT_MOST_ONCE

    def __init__(self, url: str) -> None:
        self._service = Apprise()
        self._known = self._service.add(url)

    async def send(self, messages: Sequence[Outgoing]) -> list[Delivery]:
        return await send_in_lanes(messages, SENT_AT_ONCE, self._deliver)

    async def _deliver(self, message: Outgoing) -> Delivery:
        if not self._known:
            return Delivery.failed(
                "the address of the service is not understood", DeliveryProblem.NOT_CONFIGURED
            )
        title = message.options.title or message.subject
        taken = await self._service.async_notify(
            body=message.body, title=title, body_format=NotifyFormat.TEXT
        )
        if taken:
            return Delivery(DeliveryStatus.SENT)
        return Delivery.failed("the service did not take it", DeliveryProblem.REFUSED)

    async def close(self) -> None:
        """Apprise keeps no connection open."""
