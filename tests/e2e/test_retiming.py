"""Edits of the timing at the very moment something is due: each occurrence fires once, by the timing in force."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.fixtures.carillon import Carillon, eventually

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
EDITS = 16


@dataclass(frozen=True)
class Edited:
    """An automation whose timing was changed; `applied_at` is when that came on record."""

    automation_id: str
    applied_at: datetime
    status: str


def moments_around(due: datetime, reach: timedelta) -> list[datetime]:
    return [due + reach * (2 * number / (EDITS - 1) - 1) for number in range(EDITS)]


async def edit_at(moment: datetime, carillon: Carillon, automation_id: str, **fields: Any) -> Edited:
    await asyncio.sleep((moment - datetime.now(UTC)).total_seconds())
    answer = await carillon.patch(automation_id, **fields)
    assert answer.status_code == 200, answer.text
    shown = answer.json()
    return Edited(automation_id, datetime.fromisoformat(shown["updated_at"]), shown["status"])


async def fires(carillon: Carillon, automation_id: str) -> list[datetime]:
    return sorted(datetime.fromisoformat(run["nominal_at"]) for run in await carillon.runs(automation_id))


async def fires_include(
    carillon: Carillon, automation_id: str, at: datetime, within: float
) -> list[datetime]:
    async def look() -> list[datetime]:
        found = await fires(carillon, automation_id)
        return found if at in found else []

    found: list[datetime] = await eventually(look, within=within, every=0.5)
    return found


@pytest.mark.parametrize("scope", ["program", "participants"])
async def test_a_one_time_instant_that_is_moved_when_it_is_due_fires_before_or_after_but_not_twice(
    carillon: Carillon, scope: str
) -> None:
    due = (datetime.now(UTC) + 4 * SECOND).replace(microsecond=0)
    moved = due + 5 * SECOND

    async def one(moment: datetime) -> Edited:
        trigger = {"type": "one_time", "trigger_at": due.isoformat()}
        automation = await carillon.create(scope=scope, trigger=trigger)
        return await edit_at(moment, carillon, automation["id"], trigger_at=moved.isoformat())

    edits = await asyncio.gather(*(one(moment) for moment in moments_around(due, SECOND)))
    for edited in edits:
        if edited.status == "completed":
            assert await fires(carillon, edited.automation_id) == [due]
            continue
        found = await fires_include(carillon, edited.automation_id, moved, within=30)
        assert found.count(moved) == 1
        runs = await carillon.runs(edited.automation_id)
        earlier = [run for run in runs if datetime.fromisoformat(run["nominal_at"]) == due]
        assert len(earlier) + 1 == len(runs)
        for run in earlier:
            assert datetime.fromisoformat(run["requested_at"]) <= edited.applied_at, (
                "fired after it was moved"
            )
        assert {run["cause"] for run in runs} == {"one_time"}


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_a_cron_that_is_changed_when_it_is_due_fires_by_the_expression_of_that_moment(
    carillon: Carillon,
) -> None:
    now = datetime.now(UTC)
    due = (now + 20 * SECOND + MINUTE).replace(second=0, microsecond=0)
    ids = [
        (
            await carillon.create(
                scope="program",
                trigger={"type": "cron", "cron_expression": f"{due.minute} * * * *"},
            )
        )["id"]
        for _ in range(EDITS)
    ]
    changed = due + MINUTE
    edits = await asyncio.gather(
        *(
            edit_at(moment, carillon, automation_id, cron_expression=f"{changed.minute} * * * *")
            for moment, automation_id in zip(moments_around(due, 1.5 * SECOND), ids, strict=True)
        )
    )
    assert {edited.applied_at > due for edited in edits} == {True, False}, "all edits fell on one side"
    for edited in edits:
        found = await fires_include(carillon, edited.automation_id, changed, within=100)
        assert found == ([due, changed] if edited.applied_at > due else [changed])


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_a_change_of_zone_when_it_is_due_neither_repeats_nor_loses_a_fire(carillon: Carillon) -> None:
    """The zones show the same minutes, so that every minute is an occurrence before and after the edit."""
    due = (datetime.now(UTC) + 20 * SECOND + MINUTE).replace(second=0, microsecond=0)
    trigger = {"type": "cron", "cron_expression": "* * * * *", "timezone": "UTC"}
    ids = [(await carillon.create(scope="program", trigger=trigger))["id"] for _ in range(EDITS)]
    await asyncio.gather(
        *(
            edit_at(moment, carillon, automation_id, timezone="Europe/Madrid")
            for moment, automation_id in zip(moments_around(due, 1.5 * SECOND), ids, strict=True)
        )
    )
    for automation_id in ids:
        found = await fires_include(carillon, automation_id, due + MINUTE, within=100)
        later = [at for at in found if at >= due]
        assert later == [due + count * MINUTE for count in range(len(later))]
        await carillon.delete(automation_id)
