"""Edits of a Temporal Schedule and operators' pauses of it, at the same time, on the real server."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from temporalio.client import Client, ScheduleDescription, ScheduleHandle

from domain.contract import schedule_id
from domain.operator_pause import OperatorPause
from runtime.schedules import (
    Timing,
    apply_timing,
    build_spec,
    find_operator_pause,
    list_operator_pauses,
    remove_timing,
)
from tests.fixtures.carillon import eventually

QUEUE = "nobody"
SCHEDULES = 6
EDITS = 25
CRONS = ("0 0 1 1 *", "0 9 13 12 5", "*/20 4 30 12 *")


def timing(automation_id: UUID, cron: str = CRONS[0], *, paused: bool = False) -> Timing:
    return Timing(
        automation_id=automation_id,
        program_id=uuid4(),
        timezone="Europe/Madrid",
        cron_expression=cron,
        trigger_at=None,
        jitter=timedelta(seconds=30),
        paused=paused,
        catch_up_within=timedelta(hours=1),
    )


@pytest.fixture
async def automation_id(temporal: Client) -> AsyncIterator[UUID]:
    made = uuid4()
    await apply_timing(temporal, timing(made), QUEUE)
    yield made
    await remove_timing(temporal, made)


def handle_of(temporal: Client, automation_id: UUID) -> ScheduleHandle:
    return temporal.get_schedule_handle(schedule_id(automation_id))


async def described(temporal: Client, automation_id: UUID) -> ScheduleDescription:
    return await handle_of(temporal, automation_id).describe()


async def edit(temporal: Client, timings: list[Timing]) -> None:
    for each in timings:
        await apply_timing(temporal, each, QUEUE)


async def hold_and_let_go(temporal: Client, automation_id: UUID, times: int) -> None:
    """An operator who pauses and unpauses, and sees to it that each lasts while it should; ends paused."""
    operator = handle_of(temporal, automation_id)
    for turn in range(times):
        await operator.pause(note=f"held {turn}")
        for _ in range(3):
            await asyncio.sleep(0.02)
            state = (await operator.describe()).schedule.state
            assert (state.paused, state.note) == (True, f"held {turn}"), "a pause was lost"
        if turn < times - 1:
            await operator.unpause(note="go on")
            await asyncio.sleep(0.02)
            assert not (await operator.describe()).schedule.state.paused, "a schedule was paused again"


async def test_an_operators_pause_is_never_lost_to_edits_made_at_the_same_time(temporal: Client) -> None:
    ids = [uuid4() for _ in range(SCHEDULES)]
    await asyncio.gather(*(apply_timing(temporal, timing(each), QUEUE) for each in ids))
    async with asyncio.TaskGroup() as group:
        for each in ids:
            edits = [timing(each, CRONS[turn % len(CRONS)]) for turn in range(EDITS)]
            group.create_task(edit(temporal, edits))
            group.create_task(hold_and_let_go(temporal, each, 6))
    for each in ids:
        found = await described(temporal, each)
        last = build_spec(timing(each, CRONS[(EDITS - 1) % len(CRONS)]))
        assert (found.schedule.state.paused, found.schedule.state.note) == (True, "held 5")
        assert found.raw_description.schedule.spec == last._to_proto(), "an edit was lost"
        await remove_timing(temporal, each)


async def test_an_edit_that_changes_nothing_leaves_the_schedule_alone(
    temporal: Client, automation_id: UUID
) -> None:
    program = timing(automation_id, CRONS[1])
    await apply_timing(temporal, program, QUEUE)
    before = (await described(temporal, automation_id)).info.last_updated_at
    assert before is not None
    await apply_timing(temporal, program, QUEUE)
    assert (await described(temporal, automation_id)).info.last_updated_at == before


async def test_a_schedule_is_paused_and_resumed_with_its_automation(
    temporal: Client, automation_id: UUID
) -> None:
    for paused in (True, False):
        assert await apply_timing(temporal, timing(automation_id, paused=paused), QUEUE) is None
        assert (await described(temporal, automation_id)).schedule.state.paused is paused
        assert await find_operator_pause(temporal, automation_id) is None


@pytest.mark.parametrize("note", ["stock-taking", None])
async def test_an_operators_pause_outlives_a_pause_and_a_resumption_of_the_automation(
    temporal: Client, automation_id: UUID, note: str | None
) -> None:
    await handle_of(temporal, automation_id).pause(note=note)
    held = await find_operator_pause(temporal, automation_id)
    assert held is not None
    assert note is None or held == OperatorPause(note)
    for paused in (True, False):
        assert await apply_timing(temporal, timing(automation_id, paused=paused), QUEUE) == held
    assert (await described(temporal, automation_id)).schedule.state.paused


async def test_the_schedules_that_operators_hold_are_listed_and_no_others(
    temporal: Client, automation_id: UUID
) -> None:
    with_its_automation, running = uuid4(), uuid4()
    await apply_timing(temporal, timing(with_its_automation, paused=True), QUEUE)
    await apply_timing(temporal, timing(running), QUEUE)
    await handle_of(temporal, automation_id).pause(note="stock-taking")

    async def listed() -> set[UUID]:
        found = {each async for each in list_operator_pauses(temporal)}
        return found & {automation_id, with_its_automation, running}

    await eventually(listed)
    assert await listed() == {automation_id}
    await handle_of(temporal, automation_id).unpause()

    async def none_listed() -> bool:
        return not await listed()

    await eventually(none_listed)
    for each in (with_its_automation, running):
        await remove_timing(temporal, each)


async def test_a_schedule_that_does_not_exist_is_held_by_nobody(temporal: Client) -> None:
    assert await find_operator_pause(temporal, uuid4()) is None
