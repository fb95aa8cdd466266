"""How much memory a process of the stack takes while a benchmark goes on."""

import asyncio
from dataclasses import dataclass

import psutil

MEBIBYTE = 2**20
SECONDS_BETWEEN = 0.2


@dataclass(slots=True)
class MemoryWatch:
    """The process's resident memory, in bytes, sampled until this is cancelled."""

    process: psutil.Process
    samples: list[int]

    async def sample(self) -> None:
        while True:
            self.samples.append(self.process.memory_info().rss)
            await asyncio.sleep(SECONDS_BETWEEN)
