"""A part is away while occurrences come due: each leaves one receipt, as its automation's policy says."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from temporalio.client import Client

from cli.stack import Stack, StackOptions
from domain.contract import schedule_id
from tests.fixtures.carillon import Carillon, eventually
from tests.fixtures.schedules import schedule_exists

MINUTE = timedelta(minutes=1)
ENOUGH_TO_BREAK_IT = timedelta(seconds=25)
LATE_ENOUGH_TO_BE_MISSED = MINUTE + timedelta(seconds=5)

Outcome = tuple[int, str, str | None]
"""(minute of the test, outcome of the receipt, reason)"""

MISSED = ("skipped", "missed")
FIRED = ("fired", None)
HELD = ("skipped", "its Temporal Schedule is paused")
EXPECTED = {
    "skip": [(1, *MISSED), (2, *MISSED), (4, *FIRED)],
    "last": [(1, *MISSED), (2, *FIRED), (4, *FIRED)],
    "all": [(1, *FIRED), (2, *FIRED), (4, *FIRED)],
    "held": [(1, *HELD), (2, *HELD), (4, *HELD)],
}


async def until(moment: datetime) -> None:
    await asyncio.sleep(max(0.0, (moment - datetime.now(UTC)).total_seconds()))


@asynccontextmanager
async def stack_with_client(data_dir: Path) -> AsyncIterator[tuple[Stack, Carillon]]:
    settings = {"CARILLON_UPKEEP_SECONDS": "5"}
    async with Stack(StackOptions(data_dir=data_dir, extra_env=settings)) as stack:
        headers = {"X-API-Key": stack.addresses.admin_key}
        async with httpx.AsyncClient(base_url=stack.addresses.api_url, headers=headers, timeout=30) as client:
            yield stack, await Carillon.with_new_program(client, stack.addresses.inbox_url)


async def start_of_the_test() -> datetime:
    """A whole minute, with time to prepare before the next one."""
    now = datetime.now(UTC)
    minute = now.replace(second=0, microsecond=0)
    if now > minute + MINUTE - ENOUGH_TO_BREAK_IT:
        minute += MINUTE
        await until(minute)
    return minute


async def automations_by_policy(stack: Stack, carillon: Carillon, start: datetime) -> dict[str, str]:
    """Ids of automations that are due in the minutes 1, 2 and 4; an operator holds the last one."""
    minutes = ",".join(str((start + count * MINUTE).minute) for count in (1, 2, 4))
    trigger = {"type": "cron", "cron_expression": f"{minutes} * * * *"}
    ids = {
        name: (await carillon.create(scope="program", trigger=trigger, missed_run_policy=policy))["id"]
        for name, policy in (("skip", "skip"), ("last", "last"), ("all", "all"), ("held", "all"))
    }
    client = await Client.connect(stack.addresses.temporal_address)
    for automation_id in ids.values():
        await schedule_exists(client.get_schedule_handle(schedule_id(UUID(automation_id))))
    await client.get_schedule_handle(schedule_id(UUID(ids["held"]))).pause(note="held by ana")
    return ids


async def receipts(carillon: Carillon, automation_id: str) -> list[dict[str, Any]]:
    answer = await carillon.http.get(f"{carillon.base}/automations/{automation_id}/receipts")
    answer.raise_for_status()
    return list(reversed(answer.json()["data"]))


async def all_receipts(carillon: Carillon, automation_id: str, count: int) -> list[dict[str, Any]]:
    async def look() -> list[dict[str, Any]]:
        found = await receipts(carillon, automation_id)
        return found if len(found) >= count else []

    found: list[dict[str, Any]] = await eventually(look, within=60, every=0.5)
    return found


def told(receipts: list[dict[str, Any]], start: datetime) -> list[Outcome]:
    return [
        (
            (datetime.fromisoformat(each["nominal_at"]) - start) // MINUTE,
            each["outcome"],
            each["reason"],
        )
        for each in receipts
    ]


async def outage_of(part: str, data_dir: Path) -> None:
    async with stack_with_client(data_dir) as (stack, carillon):
        start = await start_of_the_test()
        ids = await automations_by_policy(stack, carillon, start)
        await stack.kill(part)
        assert datetime.now(UTC) < start + MINUTE, "the first occurrence came before the outage"
        await until(start + 2 * MINUTE + LATE_ENOUGH_TO_BE_MISSED)
        await stack.start(part)
        await until(start + 4 * MINUTE)
        for name, automation_id in ids.items():
            found = await all_receipts(carillon, automation_id, len(EXPECTED[name]))
            assert told(found, start) == EXPECTED[name], f"{name}, without {part}"
            await check_runs(carillon, automation_id, found, start)


async def check_runs(
    carillon: Carillon, automation_id: str, found: list[dict[str, Any]], start: datetime
) -> None:
    """One run for each receipt that says so, and the schedule itself fires again once it is back."""
    runs = {run["id"]: run for run in await carillon.runs(automation_id)}
    fired = {each["run_id"]: each["nominal_at"] for each in found if each["outcome"] == "fired"}
    assert {run_id: run["nominal_at"] for run_id, run in runs.items()} == fired
    later = [run for run in runs.values() if datetime.fromisoformat(run["nominal_at"]) > start + 3 * MINUTE]
    assert all(run["requested_by"] == "schedule" for run in later)


@pytest.mark.slow
@pytest.mark.timeout(480)
async def test_each_occurrence_of_an_outage_leaves_one_receipt_and_later_ones_are_on_time(
    tmp_path: Path,
) -> None:
    async with asyncio.TaskGroup() as outages:
        for part in ("temporal", "worker"):
            outages.create_task(outage_of(part, tmp_path / part))
