"""Fan-out: a child workflow per participant against cohorts, over the same stack in one run."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import psutil

from bench.people import populate
from bench.report import Figure, Report
from cli.stack import Stack, StackOptions

GUARD = 'participant.counters.points >= 10 && participant.attributes.plan != "none"'
MEBIBYTE = 2**20


@dataclass(slots=True)
class MemoryWatch:
    """The worker's resident memory, sampled while runs go on."""

    process: psutil.Process
    samples: list[int]

    async def sample(self) -> None:
        while True:
            self.samples.append(self.process.memory_info().rss)
            await asyncio.sleep(0.2)


@dataclass(frozen=True, slots=True)
class Fleet:
    """One program on a running stack."""

    http: httpx.AsyncClient
    program_id: str

    async def run(self, name: str, **fields: Any) -> dict[str, Any]:
        """Create an automation, trigger it, and answer its finished run."""
        base = f"/v1/programs/{self.program_id}/automations"
        body = {
            "name": name,
            "event_name": "bench",
            "scope": "participants",
            "trigger": {"type": "cron", "cron_expression": "0 0 1 1 *"},
        }
        created = (await self.http.post(base, json=body | fields)).raise_for_status().json()
        (await self.http.post(f"{base}/{created['id']}/trigger")).raise_for_status()
        while True:
            runs = (await self.http.get(f"{base}/{created['id']}/runs")).raise_for_status().json()["data"]
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
    report = Report("fan_out", [])
    with TemporaryDirectory(prefix="carillon-bench-") as folder:
        async with Stack(StackOptions(data_dir=Path(folder) / "data")) as stack:
            headers = {"X-API-Key": stack.addresses.admin_key}
            async with httpx.AsyncClient(
                base_url=stack.addresses.api_url, headers=headers, timeout=60
            ) as http:
                program = (await http.post("/v1/programs", json={"name": "bench"})).raise_for_status().json()
                await asyncio.to_thread(
                    populate, stack.addresses.database_url, program["id"], people, singles
                )
                watch = MemoryWatch(psutil.Process(stack.pid("worker")), [])
                sampling = asyncio.create_task(watch.sample())
                report.figures.extend(await _measure(Fleet(http, program["id"]), watch))
                sampling.cancel()
    return report


async def _measure(fleet: Fleet, watch: MemoryWatch) -> list[Figure]:
    single = await fleet.run(
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
        rate = participants_per_second(run := await fleet.run(name, **fields))
        note = f"{run['counts']['total']:,} people, worker at {watch.samples[-1] / MEBIBYTE:,.0f} MiB after"
        figures.append(Figure(name, rate, "participants/s", rate / baseline, note))
    figures.append(Figure("worker memory, highest", max(watch.samples) / MEBIBYTE, "MiB"))
    return figures
