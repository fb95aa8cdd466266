"""Providers that hold a message at a point of their choice, and count what they took."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from enum import StrEnum
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from channels.webhook_channel import SENT_AT_ONCE
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
    """Acts once on each `webhook-id`, as a receiver of Standard Webhooks has to."""

    faults: Faults = field(default_factory=Faults)
    arrivals: Counter[str] = field(default_factory=Counter)

    async def handle(self, request: Request) -> Reply:
        if Fault.HOLD in self.faults.shares:
            await self.faults.hold()
        key = request.headers["webhook-id"]
        self.arrivals[key] = 1
        if Fault.HOLD_AFTER in self.faults.shares:
            await self.faults.hold()
        return Reply(204)


@asynccontextmanager
async def providers(at_once: int) -> AsyncIterator[dict[str, Provider]]:
    """One of each: `email`, `sms`, `sms, keys honoured` and `webhook`."""
    async with AsyncExitStack() as stack:
        mail = _MailProvider()
        server = await asyncio.get_running_loop().create_server(
            lambda: SMTP(mail, hostname="mail.bench"), "127.0.0.1", 0
        )
        stack.callback(server.close)
        smtp = {"smtp_port": server.sockets[0].getsockname()[1], "smtp_connections": at_once}
        made = {"email": Provider(smtp, at_once, mail.faults, mail.arrivals)}
        for name, honours in (("sms", False), ("sms, keys honoured", True)):
            sink = SmsSink(honours_keys=honours)
            listener = await stack.enter_async_context(HttpListener(sink.handle))
            account = {
                variable.removeprefix("CARILLON_").lower(): value
                for variable, value in account_at(listener.url).items()
            }
            made[name] = Provider(
                account | {"twilio_connections": at_once}, at_once, sink.faults, sink.arrivals
            )
        receiver = _Receiver()
        listener = await stack.enter_async_context(HttpListener(receiver.handle))
        hook = {
            "webhook_allow_http": True,
            "webhook_allow_private_addresses": True,
            "webhook_channel_url": listener.url + "/messages",
            "webhook_channel_secret": new_secret(),
            "webhook_timeout_seconds": 60,
        }
        made["webhook"] = Provider(hook, min(at_once, SENT_AT_ONCE), receiver.faults, receiver.arrivals)
        yield made
