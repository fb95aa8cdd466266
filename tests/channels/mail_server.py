"""A real SMTP server inside the test, that misbehaves on demand."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session


class MailServer:
    """Keeps what it accepts. `on_sender`, `on_recipient` and `on_data` may answer otherwise, or break the link."""

    def __init__(self) -> None:
        self.accepted: list[Envelope] = []
        self.connections: list[SMTP] = []
        self.open_now = 0
        self.most_open = 0
        self.port = 0
        self.on_sender: Callable[[], str | None] = lambda: None
        self.on_recipient: Callable[[str], str | None] = lambda address: None
        self.on_data: Callable[[SMTP], Any] = lambda connection: None
        self._listener: asyncio.Server | None = None

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return self.on_sender() or "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.on_recipient(address)
        if answer is None:
            envelope.rcpt_tos.append(address)
        return answer or "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = self.on_data(server)
        if asyncio.iscoroutine(answer):
            answer = await answer
        if answer is None:
            self.accepted.append(envelope)
        return answer or "250 OK"

    @property
    def mails(self) -> list[EmailMessage]:
        return [
            message_from_bytes(bytes(envelope.content or b""), policy=policy.default)  # type: ignore[arg-type]
            for envelope in self.accepted
        ]

    @property
    def recipients(self) -> list[str]:
        return sorted(address for envelope in self.accepted for address in envelope.rcpt_tos)

    def hang_up(self) -> None:
        """Close every connection, as a server does with idle ones."""
        for connection in self.connections:
            cut(connection)

    async def listen(self) -> None:
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(lambda: _Counted(self), "127.0.0.1", self.port)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self._listener is not None
        self._listener.close()
        self.hang_up()
        await self._listener.wait_closed()


def cut(connection: SMTP) -> None:
    """Break the link at once, without another word."""
    transport = connection.transport
    if isinstance(transport, asyncio.Transport):
        transport.abort()


class _Counted(SMTP):
    def __init__(self, owner: MailServer) -> None:
        super().__init__(owner, hostname="mail.test")
        self._owner = owner

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._owner.connections.append(self)
        self._owner.open_now += 1
        self._owner.most_open = max(self._owner.most_open, self._owner.open_now)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._owner.open_now -= 1
        super().connection_lost(error)


@asynccontextmanager
async def mail_server() -> AsyncIterator[MailServer]:
    server = MailServer()
    await server.listen()
    try:
        yield server
    finally:
        await server.stop()
