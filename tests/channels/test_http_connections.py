"""Connections that are kept open: so many requests at once, and no more of them than were made."""

import asyncio

import httpx
import pytest

from channels.http_connections import HttpConnections
from cli.stack.http_listener import HttpListener, Reply, Request
from cli.stack.ports import HOST, free_port


class Provider:
    """Answers once as many requests as expected wait for it."""

    def __init__(self, expected: int) -> None:
        self._expected = expected
        self._enough = asyncio.Event()
        self.waiting = 0
        self.most = 0

    async def handle(self, request: Request) -> Reply:
        self.waiting += 1
        self.most = max(self.most, self.waiting)
        if self.waiting == self._expected:
            self._enough.set()
        await self._enough.wait()
        self.waiting -= 1
        return Reply(204)


async def ask(connections: HttpConnections, url: str) -> tuple[int, httpx.AsyncClient]:
    async with connections.client() as client:
        return (await client.get(url)).status_code, client


async def test_as_many_requests_are_under_way_as_there_are_connections() -> None:
    provider, port = Provider(3), free_port()
    connections = HttpConnections(3, 5)
    async with HttpListener(provider.handle, HOST, port):
        answers = await asyncio.gather(*(ask(connections, f"http://{HOST}:{port}/") for _ in range(10)))
    await connections.close()
    assert [status for status, _ in answers] == [204] * 10
    assert provider.most == 3


async def test_one_request_after_the_other_takes_the_same_connection() -> None:
    provider, port = Provider(1), free_port()
    connections = HttpConnections(3, 5)
    async with HttpListener(provider.handle, HOST, port):
        clients = {(await ask(connections, f"http://{HOST}:{port}/"))[1] for _ in range(5)}
    await connections.close()
    assert len(clients) == 1


async def test_a_connection_whose_request_failed_is_there_for_the_next() -> None:
    connections = HttpConnections(1, 5)
    for _ in range(2):
        with pytest.raises(httpx.ConnectError):
            await ask(connections, f"http://{HOST}:{free_port()}/")
    await connections.close()
