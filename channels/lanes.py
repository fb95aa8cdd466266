"""Handing over a batch a few messages at a time."""

from asyncio import gather
from collections.abc import Awaitable, Callable, Sequence

from channels.channel import Delivery, DeliveryStatus, Outgoing

Deliver = Callable[[Outgoing], Awaitable[Delivery]]


async def send_in_lanes(messages: Sequence[Outgoing], lanes: int, deliver: Deliver) -> list[Delivery]:
    """One delivery per message, in their order, at most `lanes` at once.

    Once the provider has asked to be left alone, no more are begun: they are not tried for the same reason.
    """
    deliveries: list[Delivery | None] = [None] * len(messages)
    queue = list(reversed(list(enumerate(messages))))
    stopped_by: list[Delivery] = []

    async def drain() -> None:
        while queue and not stopped_by:
            index, message = queue.pop()
            delivery = deliveries[index] = await deliver(message)
            if delivery.retry_after is not None:
                stopped_by.append(delivery)

    await gather(*(drain() for _ in range(min(len(messages), lanes))))
    left = stopped_by[0] if stopped_by else Delivery(DeliveryStatus.NOT_TRIED)
    return [left if delivery is None else delivery for delivery in deliveries]
