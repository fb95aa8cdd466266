"""Fan-out: a child workflow per participant against cohorts, over the same stack in one run."""

import asyncio
from datetime import datetime
from typing import Any

import psutil

from bench.bench_stack import Bench, bench_stack
from bench.memory_watch import MEBIBYTE, MemoryWatch
from bench.people import populate
from bench.report import Figure, Report

GUARD = 'participant.counters.points >= 10 && participant.attributes.plan != "none"'


async def run_once(bench: Bench, name: str, **fields: Any) -> dict[str, Any]:
    """Create an automation, trigger it, and answer its finished run."""
    created = await bench.create(name, scope="participants", **fields)
    automation = f"{bench.base}/automations/{created['id']}"
    (await bench.http.post(f"{automation}/trigger")).raise_for_status()
    while True:
        runs = (await bench.http.get(f"{automation}/runs")).raise_for_status().json()["data"]
        if runs and runs[0]["completed_at"]:
            run: dict[str, Any] = runs[0]
            return run
        await asyncio.sleep(0.5)


def participants_per_second(run: dict[str, Any]) -> float:
    """From the request to the closed count: the audience's snapshot is part of it."""
    begun, ended = (datetime.fromisoformat(run[name]) for name in ("requested_at", "completed_at"))
    assert run["status"] == "completed", run
    assert run["counts"]["pending"] == 0, run
    return float(run["counts"]["total"]) / (ended - begun).total_seconds()


async def measure_fan_out(people: int = 100_000, singles: int = 1_000) -> Report:
    """`singles` participants at cohort_size 1, then all of them at the default, on one stack."""
    async with bench_stack() as bench:
        await asyncio.to_thread(populate, bench.database_url, bench.program_id, people, singles)
        watch = MemoryWatch(psutil.Process(bench.stack.pid("worker")), [])
        sampling = asyncio.create_task(watch.sample())
        figures = await _measure(bench, watch)
        sampling.cancel()
    return Report("fan_out", figures)


async def _measure(bench: Bench, watch: MemoryWatch) -> list[Figure]:
    single = await run_once(
        bench,
        "a child each",
        participant_filter='"sample" in participant.tags',
        cohort_size=1,
        guard_condition=GUARD,
    )
    baseline = participants_per_second(single)
    figures = [
        Figure("cohort_size 1", baseline, "participants/s", 1, f"{single['counts']['total']:,} people")
    ]
    for name, fields in (
        ("default, guard", {"guard_condition": GUARD}),
        ("default, filter and guard", {"guard_condition": GUARD, "participant_filter": GUARD}),
        ("default, neither", {}),
    ):
        rate = participants_per_second(run := await run_once(bench, name, **fields))
        note = f"{run['counts']['total']:,} people, worker at {watch.samples[-1] / MEBIBYTE:,.0f} MiB after"
        figures.append(Figure(name, rate, "participants/s", rate / baseline, note))
    figures.append(Figure("worker memory, highest", max(watch.samples) / MEBIBYTE, "MiB"))
    return figures
