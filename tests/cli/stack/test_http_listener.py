"""The listener of the stand-ins of providers answers on whichever event loop it runs."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import httpx
import pytest
import uvloop

from cli.stack.http_listener import HttpListener, Reply, Request
from cli.stack.ports import HOST, free_port


async def ask_twice() -> list[int]:
    async def answer(request: Request) -> Reply:
        return Reply(204)

    port = free_port()
    async with HttpListener(answer, HOST, port), httpx.AsyncClient(trust_env=False) as client:
        return [(await client.get(f"http://{HOST}:{port}/")).status_code for _ in range(2)]


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def test_it_answers(run: Callable[[Coroutine[Any, Any, list[int]]], list[int]]) -> None:
    assert run(ask_twice()) == [204, 204]
