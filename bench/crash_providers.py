"""Providers that hold a message at a point of their choice, and count what they took."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from channels import apprise, webhook_channel
from cli.stack.http_listener import HttpListener, Reply, Request
from cli.stack.provider_faults import Fault, Faults
from cli.stack.sms_account import account_at
from cli.stack.sms_sink import SmsSink
from store.webhooks import new_secret


class Held(StrEnum):
    """Where a message is held: nowhere, before it is taken, or taken and not answered."""

    NOWHERE = "nowhere"
    BEFORE = "before"
    AFTER = "after"


@dataclass
class Provider:
    """`settings` lead there; `at_once`: how many messages one attempt hands over at once. `arrivals`: by message."""

    settings: dict[str, Any]
    at_once: int
    faults: Faults
    arrivals: Counter[str]
    held: Held = Held.NOWHERE

    @property
    def waiting(self) -> int:
        return self.faults.waiting

    def hold(self, held: Held) -> None:
        self.held = held
        shares = {Held.BEFORE: {Fault.HOLD: 1.0}, Held.AFTER: {Fault.HOLD_AFTER: 1.0}}
        self.faults.shares = shares.get(held, {})

    def release(self) -> None:
        """Answer what is held, and hold nothing more."""
        self.hold(Held.NOWHERE)
        self.faults.released.set()
        self.faults.released = asyncio.Event()


@dataclass
class _MailProvider:
    faults: Faults = field(default_factory=Faults)
    arrivals: Counter[str] = field(default_factory=Counter)

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if Fault.HOLD in self.faults.shares:
            await self.faults.hold()
        envelope.mail_from = address
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content
        mail = message_from_bytes(content if isinstance(content, bytes) else str(content).encode())
        self.arrivals[str(mail["X-Carillon-Message"])] += 1
        if Fault.HOLD_AFTER in self.faults.shares:
            await self.faults.hold()
        return "250 OK"


@dataclass
class _Receiver:
    """`message_of`: the id of the message that a request brings. `acts_once`: a repeat of it has no effect."""

    message_of: Callable[[Request], str]
    acts_once: bool = False
    faults: Faults = field(default_factory=Faults)
    arrivals: Counter[str] = field(default_factory=Counter)

    async def handle(self, request: Request) -> Reply:
        if Fault.HOLD in self.faults.shares:
            await self.faults.hold()
        message = self.message_of(request)
        self.arrivals[message] = 1 if self.acts_once else self.arrivals[message] + 1
        if Fault.HOLD_AFTER in self.faults.shares:
            await self.faults.hold()
        return Reply.of(200, {"name": message})


def _of_webhook(request: Request) -> str:
    """As a receiver of Standard Webhooks has to tell them."""
    return request.headers["webhook-id"]


def _of_push(request: Request) -> str:
    return str(json.loads(request.body)["message"]["data"]["message_id"])


def _of_apprise(request: Request) -> str:
    """Apprise passes on nothing but the texts, which end with the id."""
    return str(json.loads(request.body)["message"]).split()[-1]


@asynccontextmanager
async def providers(at_once: int) -> AsyncIterator[dict[str, Provider]]:
    """One of each: `email`, `twilio`, `twilio, keys honoured`, `push`, `webhook` and `apprise`."""
    async with AsyncExitStack() as stack:
        mail = _MailProvider()
        server = await asyncio.get_running_loop().create_server(
            lambda: SMTP(mail, hostname="mail.bench"), "127.0.0.1", 0
        )
        stack.callback(server.close)
        smtp = {"smtp_port": server.sockets[0].getsockname()[1], "smtp_connections": at_once}
        made = {"email": Provider(smtp, at_once, mail.faults, mail.arrivals)}
        for name, honours in (("twilio", False), ("twilio, keys honoured", True)):
            sink = SmsSink(honours_keys=honours)
            listener = await stack.enter_async_context(HttpListener(sink.handle))
            account = {
                variable.removeprefix("CARILLON_").lower(): value
                for variable, value in account_at(listener.url).items()
            }
            made[name] = Provider(
                account | {"twilio_connections": at_once}, at_once, sink.faults, sink.arrivals
            )
        token = Path(stack.enter_context(TemporaryDirectory())) / "token"
        token.write_text("token", encoding="ascii")
        receivers = {
            "push": _Receiver(_of_push),
            "webhook": _Receiver(_of_webhook, acts_once=True),
            "apprise": _Receiver(_of_apprise),
        }
        urls = {
            name: (await stack.enter_async_context(HttpListener(receiver.handle))).url
            for name, receiver in receivers.items()
        }
        settings: dict[str, tuple[dict[str, Any], int]] = {
            "push": (
                {"push_url": urls["push"], "push_token_file": token, "push_connections": at_once},
                at_once,
            ),
            "webhook": (
                {
                    "webhook_allow_http": True,
                    "webhook_allow_private_addresses": True,
                    "webhook_channel_url": urls["webhook"] + "/messages",
                    "webhook_channel_secret": new_secret(),
                    "webhook_timeout_seconds": 60,
                },
                webhook_channel.SENT_AT_ONCE,
            ),
            "apprise": (
                {"apprise_url": urls["apprise"].replace("http", "json", 1) + "?rto=60"},
                apprise.SENT_AT_ONCE,
            ),
        }
        for name, (values, lanes) in settings.items():
            receiver = receivers[name]
            made[name] = Provider(values, min(at_once, lanes), receiver.faults, receiver.arrivals)
        yield made
