"""Handing mail to a real SMTP server, well-behaved or not."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from email.errors import MessageError
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from aiosmtpd.smtp import SMTP
from hypothesis import given
from hypothesis import strategies as st

from channels import EmailChannel, Outgoing
from channels.channel import Delivery, DeliveryProblem, DeliveryStatus
from channels.mail_composition import compose
from channels.mail_sender import Sender
from domain.actions import Channel
from domain.addresses import InvalidAddressError, normal_address
from domain.message_options import MessageOptions
from runtime.settings import Settings
from tests.channels.mail_server import MailServer, cut, mail_server

SENT = Delivery(DeliveryStatus.SENT)
CLUB = Sender("Club", "club@example.com")


def mail_to(recipient: str, subject: str = "Hello", body: str = "A coffee on us.") -> Outgoing:
    return Outgoing(uuid4(), recipient, subject, body)


def statuses(deliveries: list[Delivery]) -> list[str]:
    return [delivery.status.value for delivery in deliveries]


def settings_for(port: int, **values: Any) -> Settings:
    return Settings(
        database_url="postgresql://x@localhost/x",
        smtp_host="127.0.0.1",
        smtp_port=port,
        email_from="Carillon Club <club@example.com>",
        **values,
    )


@pytest_asyncio.fixture(loop_scope="session")
async def server() -> AsyncIterator[MailServer]:
    async with mail_server() as server:
        yield server


@pytest_asyncio.fixture(loop_scope="session")
async def channel(server: MailServer) -> AsyncIterator[EmailChannel]:
    channel = EmailChannel(settings_for(server.port, smtp_connections=1))
    yield channel
    await channel.close()


async def test_a_mail_arrives_as_it_was_written(server: MailServer, channel: EmailChannel) -> None:
    message = mail_to("ana@example.org", "Grüße aus Málaga ☕", "Línea uno\n.\n..línea tres — 你好\n")
    assert await channel.send([message]) == [SENT]

    (envelope,) = server.accepted
    assert (envelope.mail_from, envelope.rcpt_tos) == ("club@example.com", ["ana@example.org"])
    (mail,) = server.mails
    assert mail["Subject"] == "Grüße aus Málaga ☕"
    assert mail.get_content().replace("\r\n", "\n") == "Línea uno\n.\n..línea tres — 你好\n"
    assert (mail["From"], mail["To"]) == ("Carillon Club <club@example.com>", "ana@example.org")
    assert mail["Date"].datetime.tzinfo is not None


async def test_a_mail_is_from_its_author_and_bounces_to_the_installation(
    server: MailServer, channel: EmailChannel
) -> None:
    options = MessageOptions(sender_name="Ana, of the Club", sender_email="ana@example.com")
    assert await channel.send([Outgoing(uuid4(), "bo@example.org", "Hi", "Bo", options)]) == [SENT]
    (mail,) = server.mails
    assert mail["From"] == '"Ana, of the Club" <ana@example.com>'
    assert mail["Reply-To"] is None
    assert server.accepted[0].mail_from == "club@example.com"


async def test_a_repeated_mail_carries_the_same_message_id(server: MailServer, channel: EmailChannel) -> None:
    message = mail_to("ana@example.org")
    await channel.send([message])
    await channel.send([message])
    await channel.send([mail_to("ana@example.org")])

    first, second, other = server.mails
    assert first["Message-ID"] == second["Message-ID"] == f"<{message.message_id}@example.com>"
    assert first["X-Carillon-Message"] == str(message.message_id)
    assert other["Message-ID"] != first["Message-ID"]


async def test_a_line_break_in_a_subject_adds_no_header(server: MailServer, channel: EmailChannel) -> None:
    assert await channel.send([mail_to("ana@example.org", "Hi\r\nBcc: eve@example.org\n\nbody")]) == [SENT]
    (mail,) = server.mails
    assert mail["Subject"] == "Hi Bcc: eve@example.org body"
    assert mail["Bcc"] is None
    assert server.recipients == ["ana@example.org"]


@pytest.mark.parametrize(
    "address",
    ["", "ana", "ana@", "@example.org", "ana@b@c", "<ana@example.org>", "a b@example.org", "ana@example.org, eve@example.org",
     "ana@example.org\r\nRCPT TO:<eve@example.org>", "josé@example.org", "ana@\ud800.org", "ana@xn--\u00fc.org"],
)  # fmt: skip
async def test_an_impossible_address_fails_alone(
    server: MailServer, channel: EmailChannel, address: str
) -> None:
    deliveries = await channel.send([mail_to("ana@example.org"), mail_to(address), mail_to("bo@example.org")])
    assert statuses(deliveries) == ["sent", "failed", "sent"]
    assert deliveries[1].problem is DeliveryProblem.INVALID_ADDRESS
    assert deliveries[1].error == "Invalid email address"
    assert server.recipients == ["ana@example.org", "bo@example.org"]


async def test_a_domain_beyond_ascii_is_written_as_servers_know_it(
    server: MailServer, channel: EmailChannel
) -> None:
    assert await channel.send([mail_to("ana@straße.de")]) == [SENT]
    assert server.recipients == ["ana@xn--strae-oqa.de"]
    assert server.mails[0]["To"] == "ana@xn--strae-oqa.de"


async def test_a_text_that_no_mail_can_carry_fails_alone(server: MailServer, channel: EmailChannel) -> None:
    deliveries = await channel.send([mail_to("ana@example.org", body="\ud800"), mail_to("bo@example.org")])
    assert statuses(deliveries) == ["failed", "sent"]


async def test_a_refused_recipient_fails_alone_on_a_connection_that_goes_on(
    server: MailServer, channel: EmailChannel
) -> None:
    server.on_recipient = lambda address: "550 no such person" if address.startswith("nobody") else None
    deliveries = await channel.send(
        [mail_to("ana@example.org"), mail_to("nobody@example.org"), mail_to("bo@example.org")]
    )
    assert statuses(deliveries) == ["sent", "failed", "sent"]
    assert deliveries[1].error == "recipient refused: 550 no such person"
    assert server.recipients == ["ana@example.org", "bo@example.org"]
    assert len(server.connections) == 1


async def test_a_refused_sender_fails_with_the_servers_answer(
    server: MailServer, channel: EmailChannel
) -> None:
    server.on_sender = lambda: "553 not allowed"
    assert await channel.send([mail_to("ana@example.org")]) == [
        Delivery(DeliveryStatus.FAILED, "refused: 553 not allowed", DeliveryProblem.REFUSED)
    ]


@pytest.mark.parametrize("answer", ["451 try again later", "554 looks like spam"])
async def test_a_content_that_the_server_refuses_fails_with_its_answer(
    server: MailServer, channel: EmailChannel, answer: str
) -> None:
    server.on_data = lambda connection: answer
    assert await channel.send([mail_to("ana@example.org")]) == [
        Delivery(DeliveryStatus.FAILED, f"refused: {answer}", DeliveryProblem.REFUSED)
    ]
    server.on_data = lambda connection: None
    assert await channel.send([mail_to("ana@example.org")]) == [SENT]


async def test_a_recipient_put_off_for_now_fails_with_the_servers_answer(
    server: MailServer, channel: EmailChannel
) -> None:
    server.on_recipient = lambda address: "450 mailbox busy"
    (delivery,) = await channel.send([mail_to("ana@example.org")])
    problem = DeliveryProblem.RECIPIENT_REFUSED
    assert delivery == Delivery(DeliveryStatus.FAILED, "recipient refused: 450 mailbox busy", problem)


async def test_a_link_cut_after_the_content_leaves_the_outcome_unknown(
    server: MailServer, channel: EmailChannel
) -> None:
    def hang_up_once(connection: SMTP) -> None:
        cut(connection)
        server.on_data = lambda connection: None

    server.on_data = hang_up_once
    deliveries = await channel.send([mail_to("ana@example.org"), mail_to("bo@example.org")])
    assert statuses(deliveries) == ["unknown", "sent"]
    assert deliveries[0].problem is DeliveryProblem.CONNECTION_LOST
    assert len(server.connections) == 2, "a broken connection was used again"


async def test_a_server_slower_than_the_limit_leaves_the_outcome_unknown(server: MailServer) -> None:
    answered = asyncio.Event()

    async def dawdle() -> None:
        await answered.wait()

    server.on_data = lambda connection: dawdle()
    channel = EmailChannel(settings_for(server.port, smtp_connections=1, smtp_timeout_seconds=1))
    assert statuses(await channel.send([mail_to("ana@example.org")])) == ["unknown"]
    answered.set()
    server.on_data = lambda connection: None
    assert await channel.send([mail_to("bo@example.org")]) == [SENT]
    assert len(server.connections) == 2, "a late answer could be taken for that of the next mail"
    await channel.close()


async def test_nothing_is_tried_while_the_server_is_away(server: MailServer, channel: EmailChannel) -> None:
    await server.stop()
    deliveries = await channel.send([mail_to("ana@example.org"), mail_to("bo@example.org")])
    assert statuses(deliveries) == ["not_tried", "not_tried"]
    assert {delivery.problem for delivery in deliveries} == {DeliveryProblem.NO_CONNECTION}
    await server.listen()
    assert await channel.send([mail_to("ana@example.org")]) == [SENT]


async def test_nothing_is_tried_when_the_server_turns_callers_away() -> None:
    async def turn_away(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"421 too busy\r\n")
        await writer.drain()
        writer.close()

    listener = await asyncio.start_server(turn_away, "127.0.0.1", 0)
    async with listener:
        channel = EmailChannel(settings_for(listener.sockets[0].getsockname()[1]))
        assert statuses(await channel.send([mail_to("ana@example.org")])) == ["not_tried"]


async def test_a_connection_that_the_server_closed_meanwhile_is_replaced(
    server: MailServer, channel: EmailChannel
) -> None:
    assert await channel.send([mail_to("ana@example.org")]) == [SENT]
    server.hang_up()
    assert await channel.send([mail_to("bo@example.org")]) == [SENT]
    await server.stop()
    await server.listen()
    assert await channel.send([mail_to("cy@example.org")]) == [SENT]
    assert len(server.connections) == 3


async def test_connections_are_kept_and_never_more_than_allowed(server: MailServer) -> None:
    channel = EmailChannel(settings_for(server.port, smtp_connections=3))
    batches = [[mail_to(f"p-{batch}-{n}@example.org") for n in range(10)] for batch in range(4)]
    answers = await asyncio.gather(*(channel.send(batch) for batch in batches))
    assert answers == [[SENT] * 10] * 4
    assert server.recipients == sorted(message.recipient for batch in batches for message in batch)
    assert server.most_open <= 3
    assert len(server.connections) <= 3
    await channel.close()


async def test_nothing_to_send_opens_no_connection(server: MailServer, channel: EmailChannel) -> None:
    assert await channel.send([]) == []
    assert server.connections == []


async def test_deliveries_come_in_the_order_of_the_messages(server: MailServer) -> None:
    server.on_recipient = lambda address: f"550 {address}" if address.startswith("x") else None
    channel = EmailChannel(settings_for(server.port, smtp_connections=4))
    people = [f"{'x' if n % 3 == 0 else 'p'}-{n}@example.org" for n in range(20)]
    deliveries = await channel.send([mail_to(person) for person in people])
    assert [delivery.error for delivery in deliveries] == [
        f"recipient refused: 550 {person}" if person.startswith("x") else None for person in people
    ]
    await channel.close()


text_of_mail = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@given(address=st.from_regex(r"\A[^@]{1,12}@[^@]{1,12}\Z"), subject=text_of_mail, body=text_of_mail)
def test_no_text_adds_a_header_or_a_recipient(address: str, subject: str, body: str) -> None:
    try:
        content = compose(Outgoing(UUID(int=1), address, subject, body), CLUB, address)
    except (ValueError, IndexError, MessageError):
        return
    head = content.partition(b"\r\n\r\n")[0]
    names = [line.partition(b":")[0] for line in head.split(b"\r\n") if not line.startswith((b" ", b"\t"))]
    assert sorted(names) == sorted(
        [b"From", b"To", b"Subject", b"Date", b"Message-ID", b"X-Carillon-Message", b"Content-Type",
         b"Content-Transfer-Encoding", b"MIME-Version"]
    )  # fmt: skip


async def test_html_comes_beside_the_text_as_another_form_of_it(
    server: MailServer, channel: EmailChannel
) -> None:
    message = replace(
        mail_to("ana@example.org"), options=MessageOptions(html="<p>A <b>coffee</b> on us.</p>")
    )
    assert await channel.send([message]) == [SENT]
    (mail,) = server.mails
    assert mail.get_content_type() == "multipart/alternative"
    forms = [(part.get_content_type(), part.get_content().strip()) for part in mail.iter_parts()]
    assert forms == [
        ("text/plain", "A coffee on us."),
        ("text/html", "<p>A <b>coffee</b> on us.</p>"),
    ]
    assert mail["Message-ID"] == f"<{message.message_id}@example.com>"


async def test_a_mail_offers_to_unsubscribe_in_one_click_by_a_url_of_any_length(
    server: MailServer, channel: EmailChannel
) -> None:
    url = "https://carillon.example/u/" + "aB3_" * 200
    await channel.send([replace(mail_to("ana@example.org"), options=MessageOptions(unsubscribe_url=url))])
    (envelope,) = server.accepted
    lines = bytes(envelope.content or b"").split(b"\r\n")
    assert f"List-Unsubscribe: <{url}>".encode() in lines
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click" in lines


async def test_a_mail_has_the_headers_that_its_options_add(server: MailServer, channel: EmailChannel) -> None:
    options = MessageOptions(headers={"X-Campaign": "Frühling", "Auto-Submitted": "auto-generated"})
    await channel.send([replace(mail_to("ana@example.org"), options=options)])
    (mail,) = server.mails
    assert (mail["X-Campaign"], mail["Auto-Submitted"]) == ("Frühling", "auto-generated")
    assert mail["List-Unsubscribe"] is None


@given(local=st.from_regex(r"\A[a-z0-9._+-]{1,20}\Z"), domain=st.from_regex(r"\A[a-z]{1,10}\.[a-z]{2,5}\Z"))
def test_what_can_be_an_address_can_be_composed(local: str, domain: str) -> None:
    try:
        address = normal_address(Channel.EMAIL, f"{local}@{domain}")
    except InvalidAddressError:
        return
    content = compose(Outgoing(UUID(int=1), address, "s", "b"), CLUB, address)
    assert address.encode() in content
