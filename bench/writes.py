"""Writes by sixteen clients at once: each goes through a workflow and a transaction before it is answered."""

from bench.bench_stack import CLIENTS, Bench, bench_stack
from bench.clients import apply_load
from bench.report import Figure, Report


async def measure_writes(requests: int = 400) -> Report:
    """Create, read, patch, re-time and trigger `requests` automations (cron, program scope) each."""
    async with bench_stack() as bench:
        return Report("writes", await _measure(bench, requests))


async def _measure(bench: Bench, requests: int) -> list[Figure]:
    async def create(number: int) -> str:
        return str((await bench.create(f"automation {number}"))["id"])

    async def get(automation_id: str) -> None:
        (await bench.http.get(f"{bench.base}/automations/{automation_id}")).raise_for_status()

    async def describe(automation_id: str) -> None:
        await patch(automation_id, {"description": "described"})

    async def retime(automation_id: str) -> None:
        await patch(automation_id, {"cron_expression": "0 0 2 1 *"})

    async def patch(automation_id: str, body: dict[str, str]) -> None:
        (await bench.http.patch(f"{bench.base}/automations/{automation_id}", json=body)).raise_for_status()

    async def trigger(automation_id: str) -> None:
        (await bench.http.post(f"{bench.base}/automations/{automation_id}/trigger")).raise_for_status()

    # The first requests also open connections and start the workers' caches; they are not measured.
    warm = await apply_load(range(-CLIENTS, 0), create)
    await apply_load(warm.answers, trigger)
    creates = await apply_load(range(requests), create)
    gets = await apply_load(creates.answers, get)
    patches = await apply_load(creates.answers, describe)
    retimes = await apply_load(creates.answers, retime)
    triggers = await apply_load(creates.answers, trigger)
    return [
        gets.figure("GET one"),
        creates.figure("POST: create", gets),
        patches.figure("PATCH: description", gets),
        retimes.figure("PATCH: cron_expression", gets),
        triggers.figure("POST: trigger", gets),
    ]
