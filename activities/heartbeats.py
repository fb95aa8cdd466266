"""Telling Temporal that an activity is alive while it waits for something that tells no progress of its own."""

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

from temporalio import activity

Result = TypeVar("Result")

HEARTBEAT_SECONDS = 3.0


async def with_heartbeats(work: Awaitable[Result]) -> Result:
    """What `work` answers or raises. When the activity is cancelled, so is the work."""
    task = asyncio.ensure_future(work)
    try:
        await _beat_until_done(task)
    finally:
        task.cancel()
    return task.result()


async def to_its_end(work: Awaitable[Result], *progress: object) -> Result:
    """As with_heartbeats, with `progress`; but a cancellation waits for the work's end, so it leaves nothing in doubt."""
    task = asyncio.ensure_future(work)
    try:
        await _beat_until_done(task, *progress)
    except asyncio.CancelledError:
        await task
        raise
    return task.result()


async def _beat_until_done(task: asyncio.Future[Any], *progress: object) -> None:
    while not task.done():
        activity.heartbeat(*progress)
        await asyncio.wait({task}, timeout=HEARTBEAT_SECONDS)
