"""A small HTTP/1.1 server for stand-ins of providers: fast, and able to break off as real ones do."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True, slots=True)
class Request:
    """Header names are in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(self.target).query).items()}

    @property
    def form(self) -> dict[str, list[str]]:
        return parse_qs(self.body.decode(), keep_blank_values=True)


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, status: int, document: Any, **headers: str) -> "Reply":
        return cls(status, json.dumps(document).encode(), {"Content-Type": "application/json", **headers})


class CutError(Exception):
    """Raised by a handler: the connection is broken without an answer."""


Handler = Callable[[Request], Awaitable[Reply]]


class _Connection(asyncio.Protocol):
    def __init__(self, handler: Handler, open_: set["_Connection"]) -> None:
        self._handler = handler
        self._open = open_
        self._buffer = bytearray()
        self._answering: asyncio.Task[None] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Those of other event loops, such as uvloop, are no subclasses.
        self._transport = cast(asyncio.Transport, transport)
        self._open.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._open.discard(self)
        self._transport = None
        if self._answering is not None:
            self._answering.cancel()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._answering is None:
            self._begin_next()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def _begin_next(self) -> None:
        request = self._take_request()
        if request is not None:
            self._answering = asyncio.get_running_loop().create_task(self._answer(request))

    def _take_request(self) -> Request | None:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return None
        first, *lines = self._buffer[:end].decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers.get("content-length", "0"))
        if len(self._buffer) < end + 4 + length:
            return None
        body = bytes(self._buffer[end + 4 : end + 4 + length])
        del self._buffer[: end + 4 + length]
        method, target, _ = first.split(" ", 2)
        return Request(method, target, headers, body)

    async def _answer(self, request: Request) -> None:
        try:
            reply = await self._handler(request)
        except CutError:
            self.abort()
            return
        if self._transport is None:
            return
        head = f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}\r\n"
        fields = {"Content-Length": str(len(reply.body)), **reply.headers}
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        self._transport.write(f"{head}{lines}\r\n".encode() + reply.body)
        self._answering = None
        self._begin_next()


class HttpListener:
    """Listens as long as it is entered. Port 0 takes a free one. `connections`: how many were made, all in all."""

    def __init__(self, handler: Handler, host: str = "127.0.0.1", port: int = 0) -> None:
        self._handler = handler
        self._host = host
        self.port = port
        self.connections = 0
        self._open: set[_Connection] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> "HttpListener":
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._accept, self._host, self.port, reuse_address=True)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def _accept(self) -> _Connection:
        self.connections += 1
        return _Connection(self._handler, self._open)

    @property
    def url(self) -> str:
        return f"http://{self._host}:{self.port}"

    async def __aexit__(self, *error: object) -> None:
        assert self._server is not None
        self._server.close()
        for connection in list(self._open):
            connection.abort()
        await self._server.wait_closed()
