"""SMS and WhatsApp through a server with Twilio's API, well-behaved or not."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from channels import Outgoing, build_channels
from channels.channel import Delivery, DeliveryProblem, DeliveryStatus, InDoubt, MessageChannel
from cli.stack.http_listener import HttpListener, Reply, Request
from cli.stack.provider_faults import Fault
from cli.stack.sms_account import AUTH_TOKEN, SMS_FROM, WHATSAPP_FROM
from domain.actions import Channel
from domain.message_options import MessageOptions
from domain.twilio_callbacks import twilio_signature
from tests.fixtures.sms_provider import SmsProvider, sms_provider


def text_to(recipient: str = "+34612345678", body: str = "A coffee on us ☕", **options: Any) -> Outgoing:
    return Outgoing(uuid4(), recipient, "", body, MessageOptions(**options))


def channel_of(provider: SmsProvider, name: Channel = Channel.SMS, **settings: Any) -> MessageChannel:
    return build_channels(provider.settings(**settings))[name]


def statuses(deliveries: list[Delivery]) -> list[str]:
    return [delivery.status.value for delivery in deliveries]


@pytest_asyncio.fixture(loop_scope="session")
async def provider() -> AsyncIterator[SmsProvider]:
    async with sms_provider() as provider:
        yield provider


@pytest_asyncio.fixture(loop_scope="session")
async def sms(provider: SmsProvider) -> AsyncIterator[MessageChannel]:
    channel = channel_of(provider)
    yield channel
    await channel.close()


async def test_a_text_arrives_and_the_provider_names_it(provider: SmsProvider, sms: MessageChannel) -> None:
    message = text_to("+34 612 34 56 78")
    (delivery,) = await sms.send([message])
    (taken,) = provider.sink.latest
    assert delivery == Delivery(DeliveryStatus.SENT, provider_id=taken.sid)
    assert (taken.to, taken.sender, taken.body) == ("+34612345678", SMS_FROM, "A coffee on us ☕")
    assert taken.key == str(message.message_id)
    assert "StatusCallback" not in taken.fields


async def test_a_message_over_whatsapp_says_so_in_its_addresses(provider: SmsProvider) -> None:
    channel = channel_of(provider, Channel.WHATSAPP)
    assert statuses(await channel.send([text_to()])) == ["sent"]
    (taken,) = provider.sink.latest
    assert (taken.to, taken.sender) == ("whatsapp:+34612345678", f"whatsapp:{WHATSAPP_FROM}")


async def test_an_approved_template_is_named_and_filled_instead_of_a_text(provider: SmsProvider) -> None:
    channel = channel_of(provider, Channel.WHATSAPP)
    await channel.send([text_to(content_sid="HX0123", content_variables={"1": "José"})])
    (taken,) = provider.sink.latest
    assert taken.fields["ContentSid"] == ["HX0123"]
    assert json.loads(taken.fields["ContentVariables"][0]) == {"1": "José"}
    assert "Body" not in taken.fields


async def test_media_and_a_messaging_service_are_passed_on(provider: SmsProvider) -> None:
    pictures = ("https://shop.example/a.png", "https://shop.example/b.png")
    await channel_of(provider, sms_from="MG0123").send([text_to(media=pictures)])
    (taken,) = provider.sink.latest
    assert taken.fields["MediaUrl"] == list(pictures)
    assert taken.fields["MessagingServiceSid"] == ["MG0123"]
    assert "From" not in taken.fields


async def test_a_callback_is_asked_for_under_the_messages_own_id(provider: SmsProvider) -> None:
    message = text_to()
    await channel_of(provider, public_url="https://carillon.example").send([message])
    (taken,) = provider.sink.latest
    assert taken.fields["StatusCallback"] == [
        f"https://carillon.example/callbacks/twilio/status?message_id={message.message_id}"
    ]


async def test_a_number_that_is_none_reaches_no_provider(provider: SmsProvider, sms: MessageChannel) -> None:
    deliveries = await sms.send([text_to(), text_to("612345678"), text_to("+34123")])
    assert statuses(deliveries) == ["sent", "failed", "failed"]
    assert deliveries[1] == Delivery.failed("Invalid phone number", DeliveryProblem.INVALID_ADDRESS)
    assert provider.sink.requests == 1


@pytest.mark.parametrize(
    ("recipient", "delivery"),
    [
        ("+15005550001", Delivery.failed("Invalid phone number", DeliveryProblem.INVALID_ADDRESS)),
        (
            "+15005550004",
            Delivery.failed(
                "refused: 21610 Attempt to send to unsubscribed recipient +15005550004",
                DeliveryProblem.UNSUBSCRIBED,
            ),
        ),
    ],
)
async def test_a_recipient_that_the_provider_refuses_has_failed_alone(
    sms: MessageChannel, recipient: str, delivery: Delivery
) -> None:
    deliveries = await sms.send([text_to(), text_to(recipient), text_to()])
    assert statuses(deliveries) == ["sent", "failed", "sent"]
    assert deliveries[1] == delivery


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (" \n", "refused: 21602 Message body is required."),
        ("", "refused: 21602 Message body is required."),
        ("x" * 1_601, "refused: 21617 The concatenated message body exceeds the 1600 character limit."),
    ],
)
async def test_a_text_that_the_provider_does_not_take_has_failed_alone(
    sms: MessageChannel, body: str, error: str
) -> None:
    deliveries = await sms.send([text_to(body="x" * 1_600), text_to(body=body)])
    assert deliveries[0].status is DeliveryStatus.SENT
    assert deliveries[1] == Delivery.failed(error, DeliveryProblem.REFUSED)


async def test_a_picture_needs_no_text(sms: MessageChannel) -> None:
    pictures = ("https://shop.example/a.png",)
    assert statuses(await sms.send([text_to(body="", media=pictures)])) == ["sent"]


async def test_a_refusal_without_a_code_of_the_providers_own_has_failed(provider: SmsProvider) -> None:
    channel = channel_of(provider, twilio_url=f"{provider.url}/elsewhere")
    (delivery,) = await channel.send([text_to()])
    assert (delivery.status, delivery.problem) == (DeliveryStatus.FAILED, DeliveryProblem.REFUSED)


async def test_wrong_credentials_try_nothing_and_lose_nothing(provider: SmsProvider) -> None:
    channel = channel_of(provider, twilio_auth_token="wrong", twilio_connections=1)
    deliveries = await channel.send([text_to(), text_to()])
    assert statuses(deliveries) == ["not_tried", "not_tried"]
    assert {delivery.problem for delivery in deliveries} == {DeliveryProblem.NOT_AUTHORIZED}


@pytest.mark.parametrize(
    ("fault", "problem"),
    [(Fault.TOO_MANY, DeliveryProblem.RATE_LIMITED), (Fault.UNAVAILABLE, DeliveryProblem.UNAVAILABLE)],
)
async def test_a_provider_that_asks_to_be_left_alone_gets_no_more_of_the_batch(
    provider: SmsProvider, fault: Fault, problem: DeliveryProblem
) -> None:
    channel = channel_of(provider, twilio_connections=1)
    provider.sink.faults.next_ones.extend([None, fault])
    provider.sink.faults.retry_after_seconds = 7
    deliveries = await channel.send([text_to() for _ in range(4)])
    assert statuses(deliveries) == ["sent", "not_tried", "not_tried", "not_tried"]
    assert {delivery.problem for delivery in deliveries[1:]} == {problem}
    assert {delivery.retry_after for delivery in deliveries[1:]} == {timedelta(seconds=7)}
    assert (provider.sink.requests, len(provider.sink.latest)) == (2, 1)


@pytest.mark.parametrize(
    ("fault", "problem", "taken"),
    [
        (Fault.CUT, DeliveryProblem.CONNECTION_LOST, 0),
        (Fault.CUT_AFTER, DeliveryProblem.CONNECTION_LOST, 1),
        (Fault.BROKEN, DeliveryProblem.PROVIDER_FAULT, 0),
        (Fault.BROKEN_AFTER, DeliveryProblem.PROVIDER_FAULT, 1),
    ],
)
async def test_an_answer_that_tells_nothing_leaves_the_outcome_unknown(
    provider: SmsProvider, sms: MessageChannel, fault: Fault, problem: DeliveryProblem, taken: int
) -> None:
    provider.sink.faults.next_ones.append(fault)
    (delivery,) = await sms.send([text_to()])
    assert (delivery.status, delivery.problem) == (DeliveryStatus.UNKNOWN, problem)
    assert len(provider.sink.latest) == taken
    assert statuses(await sms.send([text_to()])) == ["sent"]


async def test_an_answer_that_does_not_come_in_time_leaves_the_outcome_unknown(provider: SmsProvider) -> None:
    channel = channel_of(provider, twilio_timeout_seconds=0.2)
    provider.sink.faults.next_ones.append(Fault.HOLD_AFTER)
    assert statuses(await channel.send([text_to()])) == ["unknown"]


async def test_nothing_is_tried_while_nobody_listens(provider: SmsProvider) -> None:
    channel = channel_of(provider, twilio_url="http://127.0.0.1:1")
    (delivery,) = await channel.send([text_to()])
    assert (delivery.status, delivery.problem) == (DeliveryStatus.NOT_TRIED, DeliveryProblem.NO_CONNECTION)
    assert delivery.retry_after is None


async def test_connections_are_kept_from_one_batch_to_the_next(provider: SmsProvider) -> None:
    channel = channel_of(provider, twilio_connections=2)
    for _ in range(3):
        assert statuses(await channel.send([text_to() for _ in range(5)])) == ["sent"] * 5
    assert provider.listener.connections == 2


async def test_the_provider_tells_what_it_took(provider: SmsProvider, sms: MessageChannel) -> None:
    message, begun = text_to(), datetime.now(UTC)
    provider.sink.faults.next_ones.append(Fault.CUT_AFTER)
    assert statuses(await sms.send([message])) == ["unknown"]
    (taken,) = provider.sink.latest
    told = Delivery(DeliveryStatus.SENT, provider_id=taken.sid)
    other = replace(message, message_id=uuid4(), recipient="+34612345679")
    assert await sms.look_up([InDoubt(message, begun), InDoubt(other, begun)]) == [told, None]


async def test_what_may_be_another_message_is_not_taken_for_the_one_in_doubt(
    provider: SmsProvider, sms: MessageChannel
) -> None:
    message = text_to()
    begun = datetime.now(UTC)
    await sms.send([message])
    assert await sms.look_up([InDoubt(replace(message, body="Another text"), begun)]) == [None]
    assert await sms.look_up([InDoubt(message, begun + timedelta(minutes=1))]) == [None]
    await sms.send([replace(message, message_id=uuid4())])
    assert await sms.look_up([InDoubt(message, begun)]) == [None], "two such messages cannot be told apart"
    template = text_to(content_sid="HX0123")
    assert await sms.look_up([InDoubt(template, begun)]) == [None], "its text is the provider's"


async def test_a_provider_that_is_away_tells_nothing(provider: SmsProvider) -> None:
    channel = channel_of(provider, twilio_url="http://127.0.0.1:1")
    assert await channel.look_up([InDoubt(text_to(), datetime.now(UTC))]) == [None]


async def test_a_provider_that_honours_keys_takes_a_repeat_once(
    provider: SmsProvider, sms: MessageChannel
) -> None:
    provider.sink.honours_keys = True
    message = text_to()
    first, second = await sms.send([message]), await sms.send([message])
    assert first == second
    assert provider.sink.arrivals == {str(message.message_id): 1}


async def test_the_stand_in_calls_back_with_a_signature_as_often_as_told(provider: SmsProvider) -> None:
    seen: asyncio.Queue[tuple[str, dict[str, str], str]] = asyncio.Queue()

    async def receive(request: Request) -> Reply:
        fields = {name: values[0] for name, values in request.form.items()}
        seen.put_nowait((request.target, fields, request.headers["x-twilio-signature"]))
        return Reply(204)

    async with HttpListener(receive) as listener:
        public_url = listener.url
        provider.sink.callbacks = ["sent", "delivered", "delivered"]
        message = text_to()
        await channel_of(provider, public_url=public_url).send([message])
        told = [await asyncio.wait_for(seen.get(), 10) for _ in range(3)]
    assert [fields["MessageStatus"] for _, fields, _ in told] == ["sent", "delivered", "delivered"]
    for target, fields, signature in told:
        assert target == f"/callbacks/twilio/status?message_id={message.message_id}"
        assert signature == twilio_signature(AUTH_TOKEN, public_url + target, fields.items())
