"""Plain calls of URLs of the client's choice, to real receivers."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest

from channels import Outgoing
from channels.channel import DeliveryProblem, DeliveryStatus
from channels.not_configured import NotConfigured
from channels.webhook_calls import WithCalls
from domain.actions import Channel
from domain.message_options import MessageOptions
from runtime.settings import Settings
from tests.fixtures.webhook_receiver import WebhookReceiver, reply, webhook_receiver


def channel(**settings: Any) -> WithCalls:
    said = {"webhook_allow_http": True, "webhook_allow_private_addresses": True, **settings}
    database = "postgresql://x@localhost/x"
    return WithCalls(NotConfigured(Channel.WEBHOOK), Settings(database_url=database, **said))


def call(url: str, **headers: str) -> Outgoing:
    return Outgoing(uuid4(), url, "", '{"a": 1}', MessageOptions(call_headers=headers))


@pytest.fixture
async def receiver() -> AsyncIterator[WebhookReceiver]:
    async with webhook_receiver() as receiver:
        yield receiver


async def test_a_call_posts_the_body_as_it_is_with_its_own_headers(receiver: WebhookReceiver) -> None:
    sent = call(
        receiver.url, **{"X-Token": "secret", "Content-Type": "application/vnd.api+json", "Host": "x"}
    )
    (delivery,) = await channel().send([sent])
    assert delivery.status is DeliveryStatus.SENT
    (received,) = receiver.received
    assert received.body == b'{"a": 1}'
    assert received.message_id == str(sent.message_id)
    assert received.headers["x-token"] == "secret"
    assert received.headers["content-type"] == "application/vnd.api+json"
    assert received.headers["host"] != "x"
    assert "webhook-signature" not in received.headers


async def test_a_call_goes_nowhere_private() -> None:
    (delivery,) = await channel(webhook_allow_private_addresses=False).send([call("https://127.0.0.1/")])
    assert delivery.status is DeliveryStatus.NOT_TRIED


async def test_whoever_is_too_busy_is_left_alone_and_holds_up_nobody(receiver: WebhookReceiver) -> None:
    async with webhook_receiver() as busy:
        busy.always = reply(503)
        calls = [call(busy.url), call(busy.url), call(receiver.url)]
        answers = await channel().send(calls)
        assert len(busy.received) == 1
    assert [one.status for one in answers] == [
        DeliveryStatus.NOT_TRIED,
        DeliveryStatus.NOT_TRIED,
        DeliveryStatus.SENT,
    ]
    assert all(one.retry_after is None for one in answers)


async def test_messages_that_are_no_calls_go_to_the_receiver_that_is_configured() -> None:
    (delivery,) = await channel().send([Outgoing(uuid4(), "customer-1", "Hello", "Hi")])
    assert delivery.problem is DeliveryProblem.NOT_CONFIGURED
