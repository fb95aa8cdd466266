"""Push messages to a server with the API of Firebase Cloud Messaging."""

import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from channels import Outgoing
from channels.channel import Delivery, DeliveryProblem, DeliveryStatus
from channels.push import PushChannel
from domain.message_options import MessageOptions
from runtime.settings import Settings
from tests.fixtures.push_provider import PushProvider, push_provider

DEVICE = "fcm:abc"


def push_to(device: str = DEVICE, **options: Any) -> Outgoing:
    return Outgoing(uuid4(), device, "Hello", "A coffee on us", MessageOptions(**options))


@pytest.fixture
async def provider() -> AsyncIterator[PushProvider]:
    async with push_provider() as provider:
        yield provider


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    file = tmp_path / "token"
    file.write_text("first\n")
    return file


@pytest.fixture
async def push(provider: PushProvider, token_file: Path) -> AsyncIterator[PushChannel]:
    said = {"push_url": provider.url, "push_token_file": token_file, "push_connections": 1}
    channel = PushChannel(Settings(**{"database_url": "postgresql://x@localhost/x", **said}))
    yield channel
    await channel.close()


async def test_a_message_is_shown_under_a_tag_that_a_repeat_replaces(
    provider: PushProvider, push: PushChannel
) -> None:
    message = push_to(
        media=("https://shop.example/cup.png",), click_url="https://shop.example/", data={"a": "b"}
    )
    (delivery,) = await push.send([message])
    assert delivery == Delivery(DeliveryStatus.SENT, provider_id="projects/club/messages/1")
    tag = str(message.message_id)
    assert provider.messages == [
        {
            "token": "fcm:abc",
            "notification": {
                "title": "Hello",
                "body": "A coffee on us",
                "image": "https://shop.example/cup.png",
            },
            "data": {"a": "b", "click_url": "https://shop.example/", "message_id": tag},
            "android": {"notification": {"tag": tag}},
            "apns": {"headers": {"apns-collapse-id": tag}},
            "webpush": {"notification": {"tag": tag}, "fcm_options": {"link": "https://shop.example/"}},
        }
    ]


async def test_a_renewed_access_token_is_used_at_once(
    provider: PushProvider, push: PushChannel, token_file: Path
) -> None:
    await push.send([push_to()])
    token_file.write_text("second")
    os.utime(token_file, ns=(1, 1))
    await push.send([push_to()])
    assert provider.tokens == ["Bearer first", "Bearer second"]


async def test_nothing_is_tried_without_an_access_token(
    provider: PushProvider, push: PushChannel, token_file: Path
) -> None:
    token_file.unlink()
    (delivery,) = await push.send([push_to()])
    assert (delivery.status, delivery.problem) == (DeliveryStatus.NOT_TRIED, DeliveryProblem.NOT_AUTHORIZED)
    assert provider.messages == []


@pytest.mark.parametrize(
    ("fault", "delivery"),
    [
        ("unregistered", Delivery.failed("refused: NOT_FOUND", DeliveryProblem.RECIPIENT_REFUSED)),
        ("mismatch", Delivery.failed("refused: PERMISSION_DENIED", DeliveryProblem.RECIPIENT_REFUSED)),
        ("malformed", Delivery.failed("refused: INVALID_ARGUMENT", DeliveryProblem.REFUSED)),
        (
            "quota",
            Delivery(
                DeliveryStatus.NOT_TRIED,
                "answered 429",
                DeliveryProblem.RATE_LIMITED,
                retry_after=timedelta(seconds=9),
            ),
        ),
        ("broken", Delivery(DeliveryStatus.UNKNOWN, "answered 500", DeliveryProblem.PROVIDER_FAULT)),
        (
            "cut",
            Delivery(
                DeliveryStatus.UNKNOWN,
                "connection lost while sending: RemoteProtocolError",
                DeliveryProblem.CONNECTION_LOST,
            ),
        ),
    ],
)
async def test_what_the_service_answers_decides_what_becomes_of_the_message(
    provider: PushProvider, push: PushChannel, fault: str, delivery: Delivery
) -> None:
    provider.next_ones.append(fault)
    assert await push.send([push_to()]) == [delivery]


async def test_what_cannot_be_a_token_reaches_no_service(provider: PushProvider, push: PushChannel) -> None:
    assert await push.send([push_to("  ")]) == [
        Delivery.failed("Invalid recipient", DeliveryProblem.INVALID_ADDRESS)
    ]
    assert provider.messages == []
