"""Delivery workflows are told soon, seldom enough, and without anybody waiting for it."""

import asyncio
from typing import Any
from uuid import uuid4

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from domain.contract import webhook_workflow_id
from domain.wake_up import Sleeper, WakeUp
from runtime.waking import Waker
from tests.fixtures.carillon import eventually

QUEUE = "nobody-works-here"


async def signals_of(temporal: Client, workflow_id: str) -> int:
    history = await temporal.get_workflow_handle(workflow_id).fetch_history()
    return sum(event.HasField("workflow_execution_signaled_event_attributes") for event in history.events)


async def test_an_endpoint_is_told_once_for_what_happens_at_once(temporal: Client) -> None:
    async def connect() -> Client:
        return temporal

    endpoint = WakeUp(Sleeper.WEBHOOK, uuid4())
    waker = Waker(connect, QUEUE)
    for _ in range(1_000):
        waker.tell([endpoint])

    async def told() -> bool:
        try:
            return await signals_of(temporal, webhook_workflow_id(endpoint.id)) == 1
        except RPCError as error:
            assert error.status is RPCStatusCode.NOT_FOUND
            return False

    await eventually(told)
    waker.tell([endpoint])

    async def told_again() -> bool:
        return await signals_of(temporal, webhook_workflow_id(endpoint.id)) == 2

    await eventually(told_again)
    await waker.close()
    await temporal.get_workflow_handle(webhook_workflow_id(endpoint.id)).terminate()


async def test_while_temporal_is_away_nothing_fails_and_the_next_time_counts() -> None:
    asked: list[str] = []

    async def connect() -> Any:
        asked.append("once")
        raise RuntimeError("Temporal is away")

    endpoint = WakeUp(Sleeper.WEBHOOK, uuid4())
    waker = Waker(connect, QUEUE)

    async def asked_times(times: int) -> None:
        async def look() -> bool:
            return len(asked) == times

        await eventually(look)
        await asyncio.sleep(0)

    waker.tell([endpoint])
    await asked_times(1)
    waker.tell([endpoint])
    await asked_times(2)
    await waker.close()


async def test_closing_does_not_wait_for_temporal() -> None:
    async def connect() -> Any:
        await asyncio.Event().wait()

    waker = Waker(connect, QUEUE)
    waker.tell(WakeUp(Sleeper.WEBHOOK, uuid4()) for _ in range(2))
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await waker.close()
