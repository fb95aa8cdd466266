"""Messages that are plain calls of URLs of the client's choice, such as a journey's: guarded, and never in the way."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import urlsplit

from channels.channel import (
    CannotTell,
    Delivery,
    DeliveryStatus,
    MessageChannel,
    Outgoing,
)
from channels.webhook import WebhookMessage, WebhookSender
from channels.webhook_channel import delivery_of_answer
from domain.delivery_policy import DeliveryPolicy
from runtime.settings import Settings

HOSTS_AT_ONCE = 8


class WithCalls(CannotTell):
    """The channel webhook: `receiver` is for the messages that are no calls.

    Whoever is called can tell a repeat by the header `webhook-id`, which is the message's id.
    """

    policy = DeliveryPolicy.EXACTLY_ONCE

    def __init__(self, receiver: MessageChannel, settings: Settings) -> None:
        self._receiver = receiver
        self._sender = WebhookSender(settings.destination_rules, settings.webhook_timeout_seconds)

    async def send(self, messages: Sequence[Outgoing]) -> list[Delivery]:
        calls = [message for message in messages if message.options.call_headers is not None]
        others = [message for message in messages if message.options.call_headers is None]
        called, delivered = await asyncio.gather(self._call_all(calls), self._receiver.send(others))
        answers = iter(delivered)
        return [
            called[id(message)] if message.options.call_headers is not None else next(answers)
            for message in messages
        ]

    async def close(self) -> None:
        await self._receiver.close()

    async def _call_all(self, calls: Sequence[Outgoing]) -> dict[int, Delivery]:
        """By the identity of the message. One after the other at each host, several hosts at once."""
        lanes: dict[str, list[Outgoing]] = {}
        for call in calls:
            lanes.setdefault(urlsplit(call.recipient).netloc, []).append(call)
        slots = asyncio.Semaphore(HOSTS_AT_ONCE)
        answers: dict[int, Delivery] = {}

        async def call_in_turn(lane: Sequence[Outgoing]) -> None:
            async with slots:
                away = False
                for call in lane:
                    # Whoever hangs or is too busy is left alone for this time, so that no other message waits for it.
                    answer = Delivery(DeliveryStatus.NOT_TRIED) if away else await self._call(call)
                    away = away or answer.status in (DeliveryStatus.NOT_TRIED, DeliveryStatus.UNKNOWN)
                    answers[id(call)] = answer

        await asyncio.gather(*(call_in_turn(lane) for lane in lanes.values()))
        return answers

    async def _call(self, call: Outgoing) -> Delivery:
        headers = call.options.call_headers or {}
        message = WebhookMessage(call.message_id, call.recipient, call.body, (), headers)
        delivery = delivery_of_answer(await self._sender.send(message, datetime.now(UTC)))
        # Its pause is its own, and not the channel's.
        return Delivery(delivery.status, delivery.error, delivery.problem)
