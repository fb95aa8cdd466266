"""The guard of a run that turns out slow on the rows it meets."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from activities.guards import guard_of
from domain.automation import Definition
from domain.expressions import SlowConditionError, breaker
from domain.outcomes import SkipReason
from store.database import Database
from store.ledger import pending_rows
from store.tables import AutomationRun
from tests.domain.definitions import cron
from tests.store.records import add_run

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
GUARDED = cron(guard_condition="participant.has_email")


async def divide(database: Database, program_id: UUID, definition: Definition) -> list[str | None]:
    """The reasons for which the rows of a run with three people are skipped."""
    run_id = await add_run(database, program_id, people=3)
    async with database.transaction() as session:
        run = await session.get_one(AutomationRun, run_id)
        guard = await guard_of(session, run, definition, NOON)
        rows = await pending_rows(session, run_id, 0, 3, guard.columns, 10)
    _, skipped = await guard.divide(rows)
    return [settlement.reason for settlement in skipped]


async def test_a_guard_that_is_slow_is_stopped(
    database: Database, program_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await divide(database, program_id, GUARDED) == [SkipReason.GUARD_FALSE.value] * 3
    monkeypatch.setattr(breaker, "SECONDS_BEFORE_JUDGING", 0.0)
    monkeypatch.setattr(breaker, "SECONDS_PER_ROW", 0.0)
    with pytest.raises(SlowConditionError):
        await divide(database, program_id, GUARDED)


async def test_a_guard_is_timed_over_all_of_a_runs_rows_and_no_other_runs(
    database: Database, program_id: UUID
) -> None:
    one, other = [await add_run(database, program_id) for _ in range(2)]

    async def timer_of(run_id: UUID) -> object:
        async with database.transaction() as session:
            guard = await guard_of(session, await session.get_one(AutomationRun, run_id), GUARDED, NOON)
        return guard._condition

    assert await timer_of(one) is await timer_of(one)
    assert await timer_of(one) is not await timer_of(other)
