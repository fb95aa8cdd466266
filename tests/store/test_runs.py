from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.outcomes import Outcome, RunCounts
from domain.run_status import RunStatus
from store.database import Database
from store.ledger import claim, settle_alike
from store.paging import PageRequest
from store.runs import (
    counts_of,
    counts_of_runs,
    get_run,
    list_run_participants,
    list_runs,
    lock_run,
    open_runs,
    recount_closed_run,
    run_is_executing,
)
from store.tables import AutomationRun
from tests.store.records import add_automation, add_run

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


async def do_not_wait(session: AsyncSession) -> None:
    """A lock that another transaction holds becomes an error, for as long as this transaction lasts."""
    await session.execute(text("SET LOCAL lock_timeout = '50ms'"))


async def test_an_effect_in_progress_keeps_the_run_from_being_locked(
    database: Database, program_id: UUID
) -> None:
    run_id = await add_run(database, program_id)
    async with database.transaction() as effect:
        assert await run_is_executing(effect, run_id)
        with pytest.raises(OperationalError, match="lock timeout"):
            async with database.transaction() as cancelling:
                await do_not_wait(cancelling)
                await lock_run(cancelling, run_id)
    async with database.transaction() as cancelling:
        await do_not_wait(cancelling)
        assert (await lock_run(cancelling, run_id)).id == run_id


async def test_a_run_being_closed_keeps_every_effect_out(database: Database, program_id: UUID) -> None:
    run_id = await add_run(database, program_id)
    async with database.transaction() as cancelling:
        run = await lock_run(cancelling, run_id)
        with pytest.raises(OperationalError, match="lock timeout"):
            async with database.transaction() as effect:
                await do_not_wait(effect)
                await run_is_executing(effect, run_id)
        run.status = RunStatus.CANCELLED.value
    async with database.transaction() as effect:
        assert not await run_is_executing(effect, run_id)


async def test_effects_do_not_keep_one_another_out(database: Database, program_id: UUID) -> None:
    run_id = await add_run(database, program_id)
    async with database.transaction() as one, database.transaction() as other:
        await do_not_wait(other)
        assert await run_is_executing(one, run_id)
        assert await run_is_executing(other, run_id)


@pytest.mark.parametrize("status", RunStatus)
async def test_effects_are_allowed_only_while_the_run_is_executing(
    database: Database, program_id: UUID, status: RunStatus
) -> None:
    run_id = await add_run(database, program_id, status=status)
    async with database.transaction() as session:
        assert await run_is_executing(session, run_id) is (status is RunStatus.EXECUTING)


async def test_a_run_that_does_not_exist_is_not_executing(database: Database) -> None:
    async with database.transaction() as session:
        assert not await run_is_executing(session, uuid4())


async def test_a_run_is_found_only_under_its_own_automation(database: Database, program_id: UUID) -> None:
    run_id = await add_run(database, program_id)
    async with database.transaction() as session:
        run = await session.get_one(AutomationRun, run_id)
        assert await get_run(session, run.automation_id, run_id) is run
        assert await get_run(session, uuid4(), run_id) is None


async def test_runs_are_listed_newest_first(database: Database, program_id: UUID) -> None:
    automation_id = await add_automation(database, program_id)
    for number in (1, 2, 3):
        await add_run(
            database,
            program_id,
            automation_id=automation_id,
            number=number,
            requested_at=NOON + timedelta(days=number),
        )
    await add_run(database, program_id)
    async with database.transaction() as session:
        page = await list_runs(session, automation_id, PageRequest(2))
    assert [run.number for run in page.rows] == [3, 2]
    assert page.next_cursor is not None


async def test_an_open_run_is_counted_now_and_a_closed_one_as_it_was_closed(
    database: Database, program_id: UUID
) -> None:
    run_id = await add_run(database, program_id, people=3)
    async with database.transaction() as session:
        run = await session.get_one(AutomationRun, run_id)
        assert await counts_of(session, run) == RunCounts(total=3, pending=3)
        await settle_alike(session, run_id, [0], Outcome.SENT)
        assert await counts_of(session, run) == RunCounts(total=3, sent=1, pending=2)
        run.counts = RunCounts(total=3, sent=3).model_dump()
        assert await counts_of(session, run) == RunCounts(total=3, sent=3)


async def test_many_runs_are_counted_as_each_by_itself(database: Database, program_id: UUID) -> None:
    closed = RunCounts(total=2, sent=1, failed=1)
    closed_id = await add_run(
        database, program_id, people=2, status=RunStatus.COMPLETED, counts=closed.model_dump()
    )
    open_id = await add_run(database, program_id, people=3)
    empty_id = await add_run(database, program_id)
    async with database.transaction() as session:
        await settle_alike(session, open_id, [0, 2], Outcome.SENT)
        counts = await counts_of_runs(session, [closed_id, open_id, empty_id, uuid4()])
        assert await counts_of_runs(session, []) == {}
    assert counts == {
        closed_id: closed,
        open_id: RunCounts(total=3, sent=2, pending=1),
        empty_id: RunCounts(),
    }


async def test_a_send_that_outlasted_its_run_is_counted_and_what_never_left_is_cancelled(
    database: Database, program_id: UUID
) -> None:
    run_id = await add_run(database, program_id, people=4, status=RunStatus.CANCELLED, counts={"total": 4})
    async with database.transaction() as session:
        run = await lock_run(session, run_id)
        await settle_alike(session, run_id, [0], Outcome.SENT)
        await claim(session, run_id, [1], uuid4())
        await recount_closed_run(session, run)
    async with database.transaction() as session:
        run = await session.get_one(AutomationRun, run_id)
        counts = await counts_of(session, run)
    assert counts == RunCounts(total=4, sent=1, skipped={"cancelled": 2}, pending=1)


async def test_participants_of_a_run_are_listed_in_order_of_enrollment(
    database: Database, program_id: UUID
) -> None:
    run_id = await add_run(database, program_id, people=6)
    async with database.transaction() as session:
        await settle_alike(session, run_id, [1, 3, 5], Outcome.SENT)

        async def seqs(outcome: str | None, after: int, limit: int) -> list[int]:
            return [row.seq for row in await list_run_participants(session, run_id, outcome, after, limit)]

        assert await seqs(None, -1, 4) == [0, 1, 2, 3]
        assert await seqs(None, 3, 4) == [4, 5]
        assert await seqs("sent", -1, 2) == [1, 3]
        assert await seqs("sent", 3, 2) == [5]
        assert await seqs("failed", -1, 2) == []


async def test_only_open_runs_of_the_past_are_looked_after(database: Database, program_id: UUID) -> None:
    ids = {
        status: await add_run(database, program_id, status=status, requested_at=NOON) for status in RunStatus
    }
    late = await add_run(database, program_id, requested_at=NOON + timedelta(minutes=1))
    async with database.transaction() as session:
        found = {run.id for run in await open_runs(session, NOON + timedelta(seconds=1))}
    assert found & {*ids.values(), late} == {
        ids[RunStatus.PENDING],
        ids[RunStatus.EXECUTING],
        ids[RunStatus.HELD],
    }
