"""Connections to one provider that are kept open, each for one request at a time."""

from asyncio import LifoQueue
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx


class HttpConnections:
    """A client for each connection. One client with all of them would look at every idle one, a system call each,
    with every request.

    `options`: what each client is made with, besides.
    """

    def __init__(self, connections: int, timeout_seconds: float, **options: Any) -> None:
        # To make one takes longer than to send a message.
        tls = httpx.create_ssl_context(trust_env=False)
        self._clients = [
            httpx.AsyncClient(
                verify=tls,
                timeout=timeout_seconds,
                limits=httpx.Limits(max_connections=1, max_keepalive_connections=1),
                follow_redirects=False,
                trust_env=False,
                **options,
            )
            for _ in range(connections)
        ]
        # The last one used is the next one: it is the least likely to have been closed meanwhile.
        self._idle: LifoQueue[httpx.AsyncClient] = LifoQueue()
        for client in self._clients:
            self._idle.put_nowait(client)

    @asynccontextmanager
    async def client(self) -> AsyncIterator[httpx.AsyncClient]:
        """Waits until one is idle."""
        client = await self._idle.get()
        try:
            yield client
        finally:
            self._idle.put_nowait(client)

    async def close(self) -> None:
        for client in self._clients:
            await client.aclose()
