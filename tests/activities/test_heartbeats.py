"""An activity that waits for long is known to be alive, and takes what it waits for down with it."""

import asyncio

import pytest
from temporalio.testing import ActivityEnvironment

from activities import heartbeats
from activities.heartbeats import with_heartbeats


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeats, "HEARTBEAT_SECONDS", 0.01)


async def test_heartbeats_go_on_until_the_work_is_done() -> None:
    environment = ActivityEnvironment()
    enough = asyncio.Event()
    beats = 0

    def beat(*_: object) -> None:
        nonlocal beats
        beats += 1
        if beats == 3:
            enough.set()

    async def work() -> str:
        await enough.wait()
        return "done"

    environment.on_heartbeat = beat
    assert await environment.run(with_heartbeats, work()) == "done"


async def test_what_the_work_raises_is_raised() -> None:
    async def fail() -> None:
        raise LookupError("gone")

    with pytest.raises(LookupError, match="gone"):
        await ActivityEnvironment().run(with_heartbeats, fail())


async def test_a_cancelled_activity_cancels_its_work() -> None:
    environment = ActivityEnvironment()
    begun, cancelled = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    running = asyncio.ensure_future(environment.run(with_heartbeats, work()))
    await begun.wait()
    environment.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await asyncio.wait_for(cancelled.wait(), 30)
