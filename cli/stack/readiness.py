"""Finding out when a part that was just launched answers."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from cli.stack.process import ChildProcess

_PROBE_SECONDS = 2.0
_BETWEEN_PROBES_SECONDS = 0.02


async def until_ready(child: ChildProcess, probe: Callable[[], Awaitable[bool]], seconds: float) -> None:
    """Repeat the probe until it is true. Raises PartFailedError when the process ends first, or time is up."""
    deadline = time.monotonic() + seconds
    while not await probe():
        if child.exit_code is not None or time.monotonic() > deadline:
            raise child.failure()
        await asyncio.sleep(_BETWEEN_PROBES_SECONDS)


async def tcp_answers(host: str, port: int) -> bool:
    """Whether something accepts connections there."""
    try:
        async with asyncio.timeout(_PROBE_SECONDS):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


async def http_answers(host: str, port: int, path: str) -> bool:
    """Whether `GET path` is answered with 200."""
    try:
        async with asyncio.timeout(_PROBE_SECONDS):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(
                    f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode()
                )
                status = await reader.readline()
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False
    return status.split(b" ")[1:2] == [b"200"]
