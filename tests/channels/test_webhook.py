"""Webhooks against a real server: signed, to the address that was checked, and never for long."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from standardwebhooks import WebhookVerificationError

from channels.webhook import EXCERPT_BYTES, WebhookAnswer, WebhookMessage, WebhookSender
from domain.destinations import DestinationRules
from store.webhooks import new_secret
from tests.channels.test_destination_guard import Names
from tests.fixtures.webhook_receiver import WebhookReceiver, cut, drip, flood, hang, reply, webhook_receiver

DEVELOPMENT = DestinationRules(allow_http=True, allow_private=True)
SHORT = 0.5
CERTIFICATE = Path(__file__).with_name("tls") / "hooks.example.pem"
MESSAGE_ID = UUID("5f2b1c8e-0d3a-4b7e-9c41-8a6f0e2d7b13")


@pytest.fixture
async def receiver() -> AsyncIterator[WebhookReceiver]:
    async with webhook_receiver() as receiver:
        yield receiver


@pytest.fixture
async def tls_receiver() -> AsyncIterator[WebhookReceiver]:
    """A server whose certificate is that of hooks.example."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    async with webhook_receiver(context) as receiver:
        yield receiver


def message(url: str, *secrets: str, body: str = '{"type":"run.completed"}') -> WebhookMessage:
    return WebhookMessage(MESSAGE_ID, url, body, secrets or (new_secret(),))


async def send(
    url: str, *secrets: str, rules: DestinationRules = DEVELOPMENT, seconds: float = 10
) -> WebhookAnswer:
    return await WebhookSender(rules, seconds).send(message(url, *secrets), datetime.now(UTC))


async def send_by_name(receiver: WebhookReceiver, name: str, *addresses: str) -> WebhookAnswer:
    """Over TLS, with the receiver's own certificate as the one that is trusted."""
    tls = ssl.create_default_context(cafile=CERTIFICATE)
    sender = WebhookSender(DEVELOPMENT, 10, Names(list(addresses)), tls)
    return await sender.send(message(f"https://{name}:{receiver.port}/hook"), datetime.now(UTC))


async def test_the_receiver_gets_the_body_with_a_signature_that_it_can_verify(
    receiver: WebhookReceiver,
) -> None:
    secret = new_secret()
    assert await send(receiver.url, secret) == WebhookAnswer(200)
    (received,) = receiver.received
    assert received.verified(secret) == {"type": "run.completed"}
    assert received.message_id == str(MESSAGE_ID)
    assert received.target == "/hook?from=carillon"
    assert received.headers["content-type"] == "application/json"
    assert received.headers["host"] == f"127.0.0.1:{receiver.port}"
    with pytest.raises(WebhookVerificationError):
        received.verified(new_secret())


async def test_after_a_rotation_either_secret_verifies(receiver: WebhookReceiver) -> None:
    new, old = new_secret(), new_secret()
    await send(receiver.url, new, old)
    (received,) = receiver.received
    assert len(received.headers["webhook-signature"].split(" ")) == 2
    assert received.verified(new) == received.verified(old)


async def test_text_of_any_language_is_signed_as_it_is_sent(receiver: WebhookReceiver) -> None:
    secret = new_secret()
    sender = WebhookSender(DEVELOPMENT, 10)
    await sender.send(message(receiver.url, secret, body='{"name":"Glückwunsch 🎂"}'), datetime.now(UTC))
    assert receiver.received[0].verified(secret) == {"name": "Glückwunsch 🎂"}


@pytest.mark.parametrize("status", [204, 400, 404, 410, 500, 503])
async def test_the_status_is_the_answer(receiver: WebhookReceiver, status: int) -> None:
    receiver.always = reply(status)
    assert (await send(receiver.url)).status == status


async def test_of_a_refusal_the_beginning_is_kept_and_of_a_success_nothing(receiver: WebhookReceiver) -> None:
    receiver.replies.extend([reply(500, b"no \0 \xff" + b"z" * 5_000), reply(200, b"thanks")])
    refused, taken = await send(receiver.url), await send(receiver.url)
    assert refused.excerpt is not None
    assert refused.excerpt.startswith("no \ufffd \ufffdzzz")
    assert len(refused.excerpt) == EXCERPT_BYTES
    assert taken.excerpt is None


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(receiver: WebhookReceiver, status: int) -> None:
    async with webhook_receiver() as private:
        receiver.always = reply(status, Location=private.url)
        assert (await send(receiver.url)).status == status
        assert private.received == []


async def test_a_receiver_that_hangs_is_given_up_in_time(receiver: WebhookReceiver) -> None:
    receiver.always = hang
    answer = await send(receiver.url, seconds=SHORT)
    assert answer == WebhookAnswer(error="no answer within 0.5 seconds", slow=True)


async def test_a_connection_that_is_cut_is_no_answer(receiver: WebhookReceiver) -> None:
    receiver.always = cut
    answer = await send(receiver.url)
    assert answer.status is None
    assert answer.error is not None
    assert answer.error.startswith("the connection was lost")


@pytest.mark.parametrize("endless", [drip, flood])
@pytest.mark.parametrize("status", [200, 500])
async def test_a_body_without_end_does_not_hold_anybody_up(
    receiver: WebhookReceiver, endless: object, status: int
) -> None:
    assert callable(endless)
    receiver.always = endless(status)
    async with asyncio.timeout(30):
        answer = await send(receiver.url, seconds=20)
    assert answer.status == status
    assert len(answer.excerpt or "") <= EXCERPT_BYTES


async def test_headers_without_end_are_no_answer(receiver: WebhookReceiver) -> None:
    async def endless(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while not writer.is_closing():
            writer.write(b"x-more: " + b"y" * 10_000 + b"\r\n")
            await writer.drain()

    receiver.always = endless
    assert (await send(receiver.url)).status is None


async def test_nobody_listening_is_no_connection() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        answer = await send(f"http://127.0.0.1:{unused.getsockname()[1]}/")
    assert answer == WebhookAnswer(error="no connection: ConnectError", left=False)


@pytest.mark.parametrize(
    "url", ["http://{}/", "https://{}/", "https://localhost:{port}/", "https://2130706433:{port}/"]
)
async def test_by_default_nothing_is_sent_to_this_machine(receiver: WebhookReceiver, url: str) -> None:
    answer = await send(
        url.format(f"127.0.0.1:{receiver.port}", port=receiver.port), rules=DestinationRules()
    )
    assert answer.error is not None
    assert answer.error.startswith("the URL ")
    assert receiver.received == []


async def test_a_name_that_leads_to_this_machine_is_refused_without_a_connection(
    tls_receiver: WebhookReceiver,
) -> None:
    sender = WebhookSender(DestinationRules(), 10, Names(["127.0.0.1"]))
    answer = await sender.send(message(f"https://hooks.example:{tls_receiver.port}/"), datetime.now(UTC))
    assert answer == WebhookAnswer(error="the URL leads to an address that is private", left=False)


async def test_a_name_that_changes_its_mind_after_the_check_is_not_asked_again(
    tls_receiver: WebhookReceiver,
) -> None:
    names = Names(["127.0.0.1"], ["127.0.0.2"])
    tls = ssl.create_default_context(cafile=CERTIFICATE)
    sender = WebhookSender(DEVELOPMENT, 10, names, tls)
    answer = await sender.send(message(f"https://hooks.example:{tls_receiver.port}/"), datetime.now(UTC))
    assert answer == WebhookAnswer(200)
    assert len(names.asked) == 1


async def test_the_certificate_is_that_of_the_name_and_not_of_the_address(
    tls_receiver: WebhookReceiver,
) -> None:
    assert (await send_by_name(tls_receiver, "hooks.example", "127.0.0.1")).status == 200
    assert tls_receiver.received[0].headers["host"] == f"hooks.example:{tls_receiver.port}"
    other = await send_by_name(tls_receiver, "other.example", "127.0.0.1")
    assert other.error is not None
    assert "certificate is not valid" in other.error
    by_address = await send_by_name(tls_receiver, "127.0.0.1")
    assert by_address.error is not None
    assert "certificate is not valid" in by_address.error


async def test_a_certificate_that_nobody_vouches_for_is_refused(tls_receiver: WebhookReceiver) -> None:
    sender = WebhookSender(DEVELOPMENT, 10, Names(["127.0.0.1"]))
    answer = await sender.send(message(f"https://hooks.example:{tls_receiver.port}/"), datetime.now(UTC))
    assert answer.error is not None
    assert "certificate is not valid" in answer.error
    assert tls_receiver.received == []


async def test_when_one_address_does_not_answer_the_next_one_is_tried(tls_receiver: WebhookReceiver) -> None:
    answer = await send_by_name(tls_receiver, "hooks.example", "127.0.0.9", "127.0.0.1")
    assert answer.status == 200


async def test_a_name_that_does_not_exist_is_an_error() -> None:
    answer = await send(f"https://{uuid4()}.invalid/")
    assert answer.error is not None
    assert answer.error.startswith("the host name was not resolved")


async def test_a_resolver_that_hangs_is_given_up_in_time() -> None:
    async def never(host: str, port: int) -> list[str]:
        await asyncio.Event().wait()
        return []

    sender = WebhookSender(DEVELOPMENT, SHORT, never)
    assert (await sender.send(message("https://hooks.example/"), datetime.now(UTC))).slow


async def test_no_proxy_of_the_environment_is_used(
    receiver: WebhookReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with webhook_receiver() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert (await send(receiver.url)).status == 200
        assert (len(receiver.received), len(proxy.received)) == (1, 0)


async def test_no_cookie_of_one_answer_goes_out_with_the_next_message(receiver: WebhookReceiver) -> None:
    receiver.always = reply(200, **{"Set-Cookie": "session=1"})
    sender = WebhookSender(DEVELOPMENT, 10)
    for _ in range(2):
        await sender.send(message(receiver.url), datetime.now(UTC))
    assert all("cookie" not in received.headers for received in receiver.received)
