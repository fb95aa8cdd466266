"""Telling Temporal that an activity is alive while it waits for something that tells no progress of its own."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from temporalio import activity

Result = TypeVar("Result")

HEARTBEAT_SECONDS = 3.0


async def with_heartbeats(work: Awaitable[Result]) -> Result:
    """What `work` answers or raises. When the activity is cancelled, so is the work."""
    task = asyncio.ensure_future(work)
    try:
        while not task.done():
            activity.heartbeat()
            await asyncio.wait({task}, timeout=HEARTBEAT_SECONDS)
    finally:
        task.cancel()
    return task.result()
