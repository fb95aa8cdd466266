"""Messages as signed webhooks, to a real receiver."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from channels import Outgoing
from channels.channel import Delivery, DeliveryProblem, DeliveryStatus
from channels.webhook_channel import WebhookChannel
from domain.message_options import MessageOptions
from runtime.settings import Settings
from store.webhooks import new_secret
from tests.fixtures.webhook_receiver import Reply, WebhookReceiver, cut, reply, webhook_receiver

SECRET = new_secret()


def channel_to(url: str) -> WebhookChannel:
    said: dict[str, Any] = {
        "database_url": "postgresql://x@localhost/x",
        "webhook_allow_http": True,
        "webhook_allow_private_addresses": True,
        "webhook_channel_url": url,
        "webhook_channel_secret": SECRET,
    }
    return WebhookChannel(Settings(**said))


def message() -> Outgoing:
    return Outgoing(uuid4(), "customer-1042", "Hello", "A coffee on us", MessageOptions(title="Hi"))


@pytest.fixture
async def receiver() -> AsyncIterator[WebhookReceiver]:
    async with webhook_receiver() as receiver:
        yield receiver


async def test_the_receiver_gets_the_message_signed_and_under_its_own_id(receiver: WebhookReceiver) -> None:
    sent = message()
    assert await channel_to(receiver.url).send([sent]) == [Delivery(DeliveryStatus.SENT)]
    (received,) = receiver.received
    assert received.message_id == str(sent.message_id)
    verified = received.verified(SECRET)
    assert verified["type"] == "message.outgoing"
    assert verified["data"] == {
        "message_id": str(sent.message_id),
        "recipient": "customer-1042",
        "subject": "Hello",
        "body": "A coffee on us",
        "options": {"title": "Hi"},
    }


@pytest.mark.parametrize(
    ("answer", "delivery"),
    [
        (reply(422), Delivery.failed("refused: 422", DeliveryProblem.REFUSED)),
        (reply(410), Delivery.failed("refused: 410", DeliveryProblem.REFUSED)),
        (reply(302), Delivery.failed("refused: 302", DeliveryProblem.REFUSED)),
        (
            reply(429, **{"Retry-After": "11"}),
            Delivery(
                DeliveryStatus.NOT_TRIED,
                "answered 429",
                DeliveryProblem.RATE_LIMITED,
                retry_after=timedelta(seconds=11),
            ),
        ),
        (reply(502), Delivery(DeliveryStatus.UNKNOWN, "answered 502", DeliveryProblem.PROVIDER_FAULT)),
        (
            cut,
            Delivery(
                DeliveryStatus.UNKNOWN,
                "the connection was lost: RemoteProtocolError",
                DeliveryProblem.CONNECTION_LOST,
            ),
        ),
    ],
)
async def test_what_the_receiver_answers_decides_what_becomes_of_the_message(
    receiver: WebhookReceiver, answer: Reply, delivery: Delivery
) -> None:
    receiver.replies.append(answer)
    assert await channel_to(receiver.url).send([message()]) == [delivery]


async def test_nothing_was_tried_where_nobody_listens() -> None:
    (delivery,) = await channel_to("http://127.0.0.1:1/hook").send([message()])
    assert (delivery.status, delivery.problem) == (DeliveryStatus.NOT_TRIED, DeliveryProblem.NO_CONNECTION)
