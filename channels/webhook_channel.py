"""Messages as signed webhooks, to one receiver that passes them on by ways of its own."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from channels.channel import CannotTell, Delivery, DeliveryProblem, DeliveryStatus, Outgoing
from channels.http_delivery import delivery_of_status
from channels.lanes import send_in_lanes
from channels.webhook import WebhookAnswer, WebhookMessage, WebhookSender
from domain.delivery_policy import DeliveryPolicy
from domain.webhooks import envelope
from runtime.settings import Settings

SENT_AT_ONCE = 8
TYPE = "message.outgoing"


class WebhookChannel(CannotTell):
    """By Standard Webhooks a receiver tells a repeat by its `webhook-id`, which is the message's id."""

    policy = DeliveryPolicy.EXACTLY_ONCE

    def __init__(self, settings: Settings) -> None:
        assert settings.webhook_channel_url is not None and settings.webhook_channel_secret is not None
        self._url = settings.webhook_channel_url
        self._secret = settings.webhook_channel_secret.get_secret_value()
        self._organization_id: UUID = settings.organization_id
        self._sender = WebhookSender(settings.destination_rules, settings.webhook_timeout_seconds)

    async def send(self, messages: Sequence[Outgoing]) -> list[Delivery]:
        return await send_in_lanes(messages, SENT_AT_ONCE, self._deliver)

    async def _deliver(self, message: Outgoing) -> Delivery:
        at = datetime.now(UTC)
        data = {
            "message_id": str(message.message_id),
            "recipient": message.recipient,
            "subject": message.subject,
            "body": message.body,
            "options": message.options.stored() or {},
        }
        document = envelope(message.message_id, TYPE, at, self._organization_id, data)
        body = json.dumps(document, separators=(",", ":"))
        answer = await self._sender.send(
            WebhookMessage(message.message_id, self._url, body, [self._secret]), at
        )
        return delivery_of_answer(answer)

    async def close(self) -> None:
        """No connection is kept."""


def delivery_of_answer(answer: WebhookAnswer) -> Delivery:
    if answer.status is None:
        if answer.left:
            return Delivery(DeliveryStatus.UNKNOWN, answer.error, DeliveryProblem.CONNECTION_LOST)
        return Delivery(DeliveryStatus.NOT_TRIED, answer.error, DeliveryProblem.NO_CONNECTION)
    if 200 <= answer.status < 300:
        return Delivery(DeliveryStatus.SENT)
    common = delivery_of_status(answer.status, answer.retry_after)
    return common or Delivery.failed(f"refused: {answer.status}", DeliveryProblem.REFUSED)
