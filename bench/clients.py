"""Clients that send requests side by side, each its next one as soon as the last is answered."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from bench.bench_stack import CLIENTS
from bench.percentiles import percentile, spread
from bench.report import Figure

Item = TypeVar("Item")
Answer = TypeVar("Answer")
MILLISECONDS = 1_000


@dataclass(frozen=True, slots=True)
class Load(Generic[Answer]):
    """What was answered, how long each answer took (ms), and how long all of them took (s)."""

    answers: list[Answer]
    latencies: list[float]
    seconds: float

    @property
    def per_second(self) -> float:
        return len(self.latencies) / self.seconds

    def figure(self, name: str, baseline: "Load[Any] | None" = None) -> Figure:
        """The median; `ratio` to the baseline's."""
        median = percentile(self.latencies, 50)
        ratio = median / percentile(baseline.latencies, 50) if baseline else None
        return Figure(name, median, "ms", ratio, f"{spread(self.latencies)}; {self.per_second:,.0f}/s")


async def apply_load(
    items: Sequence[Item], call: Callable[[Item], Awaitable[Answer]], clients: int = CLIENTS
) -> Load[Answer]:
    """`call` each item once, `clients` of them at any moment. Raises what a call raises."""
    waiting = iter(items)
    answers: list[Answer] = []
    latencies: list[float] = []

    async def client() -> None:
        for item in waiting:
            begun = time.perf_counter()
            answers.append(await call(item))
            latencies.append((time.perf_counter() - begun) * MILLISECONDS)

    begun = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(clients):
            group.create_task(client())
    return Load(answers, latencies, time.perf_counter() - begun)
