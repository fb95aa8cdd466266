"""A mail server that keeps what it gets and shows it on a small page: nothing is ever sent on.

Runs as its own process: `python -m cli.stack.mail_sink --smtp-port 1025 --http-port 8025`.
"""

import argparse
import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Any, cast

import uvicorn
from aiosmtpd.smtp import SMTP, Envelope, Session
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from cli.stack.inbox_pages import SECURITY_HEADERS, inbox_page, mail_page
from cli.stack.mail_store import MailStore, StoredMail
from cli.stack.ports import HOST
from cli.stack.provider_faults import Fault, Faults

_SHOWN = 100


class _Receiver:
    """Takes every mail, but for the faults that it is told to have: `broken`, `cut`, `cut_after` and `slow`."""

    def __init__(self, store: MailStore, faults: Faults) -> None:
        self._store = store
        self._faults = faults

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        fault = self._faults.draw()
        if fault is Fault.BROKEN:
            return "451 Requested action aborted: error in processing"
        if fault is not Fault.CUT:
            self._take(envelope)
        if fault is Fault.SLOW:
            await asyncio.sleep(self._faults.slow_seconds)
        if fault in (Fault.CUT, Fault.CUT_AFTER):
            cast(asyncio.WriteTransport, server.transport).abort()
        return "250 OK"

    def _take(self, envelope: Envelope) -> None:
        content = envelope.content
        self._store.add(
            envelope.mail_from or "",
            envelope.rcpt_tos,
            content.encode() if isinstance(content, str) else content or b"",
        )


class _Inbox:
    def __init__(self, store: MailStore, faults: Faults) -> None:
        self._store = store
        self._faults = faults

    async def set_faults(self, request: Request) -> Response:
        """`{"shares": {"cut_after": 0.01}, "slow_seconds": 0.02}`: how often each fault strikes."""
        self._faults.set(await request.json())
        return Response(status_code=204)

    async def page(self, request: Request) -> Response:
        to = request.query_params.get("to")
        page = inbox_page(self._store.latest(_SHOWN, to), self._store.stats(), to)
        return HTMLResponse(page, headers=SECURITY_HEADERS)

    async def mail(self, request: Request) -> Response:
        mail = self._store.get(request.path_params["number"])
        if mail is None:
            raise HTTPException(404, "No such mail, or no longer kept")
        return HTMLResponse(mail_page(mail), headers=SECURITY_HEADERS)

    async def messages(self, request: Request) -> Response:
        limit = request.query_params.get("limit", str(_SHOWN))
        if not limit.isdecimal():
            raise HTTPException(400, "limit must be a whole number")
        return JSONResponse(
            [_as_json(mail) for mail in self._store.latest(int(limit), request.query_params.get("to"))]
        )

    async def clear(self, request: Request) -> Response:
        self._store.clear()
        return Response(status_code=204)

    async def stats(self, request: Request) -> Response:
        return JSONResponse(asdict(self._store.stats()))

    async def recipients(self, request: Request) -> Response:
        return JSONResponse(self._store.counts)


def _as_json(mail: StoredMail) -> dict[str, Any]:
    return {
        "number": mail.number,
        "received_at": mail.received_at.isoformat(),
        "from": mail.sender,
        "to": mail.recipients,
        "subject": mail.subject,
        "message_id": mail.headers.get("Message-ID"),
        "headers": mail.headers,
        "text": mail.text,
        "html": mail.html,
    }


def mail_sink_app(store: MailStore, smtp_port: int, host: str = HOST) -> Starlette:
    """The inbox application, which listens for mail on `smtp_port` as long as it runs."""

    faults = Faults()

    @asynccontextmanager
    async def receive_mail(app: Starlette) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        receiver = _Receiver(store, faults)
        server = await loop.create_server(
            lambda: SMTP(receiver, hostname="localhost", ident="mail sink", enable_SMTPUTF8=True, loop=loop),
            host,
            smtp_port,
        )
        try:
            yield
        finally:
            server.close()

    inbox = _Inbox(store, faults)
    return Starlette(
        routes=[
            Route("/", inbox.page),
            Route("/messages/{number:int}", inbox.mail),
            Route("/api/messages", inbox.messages, methods=["GET"]),
            Route("/api/messages", inbox.clear, methods=["DELETE"]),
            Route("/api/stats", inbox.stats),
            Route("/api/recipients", inbox.recipients),
            Route("/api/faults", inbox.set_faults, methods=["POST"]),
        ],
        lifespan=receive_mail,
    )


def main() -> None:
    """Run the sink until SIGTERM."""
    parser = argparse.ArgumentParser(prog="mail_sink")
    parser.add_argument("--host", default=HOST, help="address to listen on; in a container 0.0.0.0")
    parser.add_argument("--smtp-port", type=int, required=True)
    parser.add_argument("--http-port", type=int, required=True)
    arguments = parser.parse_args()
    app = mail_sink_app(MailStore(), arguments.smtp_port, arguments.host)
    uvicorn.run(
        app,
        host=arguments.host,
        port=arguments.http_port,
        loop="uvloop",
        log_level="warning",
        access_log=False,
    )


if __name__ == "__main__":
    main()
