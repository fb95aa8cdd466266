"""Lists of rule runs and of events, their statistics and their export: of a long history and of a short one."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psutil

from bench.bench_stack import Bench, bench_stack
from bench.clients import MILLISECONDS
from bench.memory_watch import MEBIBYTE, MemoryWatch
from bench.percentiles import percentile, spread
from bench.report import Figure, Report
from bench.rule_history import RuleHistory, add_rule_history

BASE = "/v1/automation"
MEGABYTE = 1_000_000
PER_PAGE = 50
DEEPEST_PAGE = 2_000
Query = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ProgramHistory:
    """A program with so many runs and events, and things in it to ask about."""

    bench: Bench
    count: int
    things: RuleHistory

    async def get(self, path: str, query: Query) -> Any:
        answer = await self.bench.http.get(
            BASE + path, params=query, headers={"X-Program-Id": self.bench.program_id}
        )
        return answer.raise_for_status().json()

    def questions(self) -> Iterator[tuple[str, str, Query]]:
        """Each with its name, its path and its query."""
        things = self.things
        deepest = min(DEEPEST_PAGE, self.count // PER_PAGE)
        yield "runs", "/runs", {}
        yield "runs, the deepest page", "/runs", {"page": deepest, "per_page": PER_PAGE}
        yield "runs, held back", "/runs", {"matched": True, "executed": False}
        yield "runs of the busiest rule", f"/runs/rule/{things.busiest_rule}", {}
        yield "runs of the idlest rule", f"/runs/rule/{things.idlest_rule}", {}
        yield "runs on an event", f"/runs/event/{things.event}", {}
        yield "one run", f"/runs/{things.run}", {}
        yield "events", "/events", {}
        yield "events, the deepest page", "/events", {"page": deepest, "per_page": PER_PAGE}
        yield "events, by processed_at", "/events", {"sort_by": "processed_at"}
        yield "events, failed", "/events", {"status": "failed"}
        yield "events, pending", "/events", {"status": "pending"}
        yield "events of a type and a source", "/events", {"event_type": "type-0", "source": "rule"}
        yield "events of the busiest rule", f"/events/rule/{things.busiest_rule}", {}
        yield "events of the idlest rule", f"/events/rule/{things.idlest_rule}", {}
        yield "events of a conversation", f"/events/conversation/{things.busiest_conversation}", {}
        yield "events of a fingerprint", f"/events/fingerprint/{things.payload_hash}", {}
        yield "the chain of an event", f"/events/{things.event}/chain", {}
        yield "stats", "/stats", {}
        yield "stats, series of 30 days", "/stats/timeseries", {}
        yield "stats, alerts", "/stats/alerts", {}

    async def behind_the_middle(self, path: str) -> Query:
        """The query of the page behind the middle of a list, by its cursor."""
        page = min(DEEPEST_PAGE, max(1, self.count // PER_PAGE // 2))
        return {"cursor": (await self.get(path, {"page": page, "per_page": PER_PAGE}))["next_cursor"]}


async def measure_rule_lists(many: int = 1_000_000, repeats: int = 40) -> Report:
    """Two short histories of a tenth beside a long one of `many` runs and events, in three programs."""
    async with bench_stack() as bench:
        _, short, long = [
            await _history(program, count)
            for program, count in (
                (await bench.add_program(), many // 10),
                (await bench.add_program(), many // 10),
                (bench, many),
            )
        ]
        figures = [
            await _compare(name, (long, path, query), (short, its_path, its_query), repeats)
            for (name, path, query), (_, its_path, its_query) in zip(
                long.questions(), short.questions(), strict=True
            )
        ]
        for path in ("/runs", "/events"):
            name = f"{path.removeprefix('/')}, behind a cursor"
            asked = (long, path, await long.behind_the_middle(path))
            compared = (short, path, await short.behind_the_middle(path))
            figures.append(await _compare(name, asked, compared, repeats))
        figures += await _exports(long)
    return Report("rule_lists", figures)


async def _history(bench: Bench, count: int) -> ProgramHistory:
    things = await asyncio.to_thread(add_rule_history, bench.database_url, bench.program_id, count)
    return ProgramHistory(bench, count, things)


Asked = tuple[ProgramHistory, str, Query]


async def _compare(name: str, long: Asked, short: Asked, repeats: int) -> Figure:
    """Both in turns, so that whatever else the machine does slows both."""
    taken = [(await _milliseconds(*long), await _milliseconds(*short)) for _ in range(repeats)]
    of_long, of_short = ([pair[side] for pair in taken] for side in (0, 1))
    median = percentile(of_long, 50)
    return Figure(name, median, "ms", median / percentile(of_short, 50), spread(of_long))


async def _milliseconds(history: ProgramHistory, path: str, query: Query) -> float:
    begun = time.perf_counter()
    await history.get(path, query)
    return (time.perf_counter() - begun) * MILLISECONDS


async def _exports(history: ProgramHistory) -> list[Figure]:
    watch = MemoryWatch(psutil.Process(history.bench.stack.pid("api")), [])
    sampling = asyncio.create_task(watch.sample())
    await asyncio.sleep(1)
    before = max(watch.samples)
    figures = []
    others: list[float] = []
    for name in ("runs", "events"):
        asking = asyncio.create_task(_ask_on(history, others))
        figures.append(await _export(history, name))
        asking.cancel()
    sampling.cancel()
    grown = (max(watch.samples) - before) / MEBIBYTE
    note = f"of the API process, {before / MEBIBYTE:,.0f} MiB before"
    return [
        *figures,
        Figure("one run, while others export", percentile(others, 50), "ms", None, spread(others)),
        Figure("memory that exports take at most", max(0.0, grown), "MiB", None, note),
    ]


async def _ask_on(history: ProgramHistory, latencies: list[float]) -> None:
    while True:
        latencies.append(await _milliseconds(history, f"/runs/{history.things.run}", {}))
        await asyncio.sleep(0.05)


async def _export(history: ProgramHistory, name: str) -> Figure:
    bench = history.bench
    begun = time.perf_counter()
    size = lines = 0
    first = None
    async with bench.http.stream(
        "GET",
        f"{BASE}/{name}/export",
        params={"limit": history.count},
        headers={"X-Program-Id": bench.program_id},
    ) as answer:
        answer.raise_for_status()
        async for piece in answer.aiter_bytes():
            first = first or time.perf_counter() - begun
            size += len(piece)
            lines += piece.count(b"\n")
    seconds = time.perf_counter() - begun
    assert first is not None and lines == history.count + 1
    note = f"{lines - 1:,} rows, {size / MEGABYTE:,.0f} MB in {seconds:,.1f} s, the first after {first * MILLISECONDS:,.0f} ms"
    return Figure(f"{name} as CSV", size / MEGABYTE / seconds, "MB/s", None, note)
