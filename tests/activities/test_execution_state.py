"""What the end of a run leaves on its automation, and when it stops it."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from activities.execution_state import show_on_automation
from domain.run_status import RunStatus
from store.database import Database
from store.tables import Automation, AutomationRun, Event
from tests.store.records import add_automation, add_run

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
NEXT = datetime(2026, 6, 2, 12, tzinfo=UTC)
LIMIT = 3


class Scheduled:
    """A cron automation whose runs end as the test says."""

    def __init__(self, database: Database, program_id: UUID, automation_id: UUID) -> None:
        self.database, self.program_id, self.automation_id = database, program_id, automation_id
        self.number = 0

    @classmethod
    async def new(cls, database: Database, program_id: UUID) -> "Scheduled":
        scheduled = cls(database, program_id, await add_automation(database, program_id))
        await scheduled.update(next_run_at=NEXT)
        return scheduled

    async def update(self, **fields: Any) -> None:
        async with self.database.transaction() as session:
            automation = await session.get_one(Automation, self.automation_id)
            for name, value in fields.items():
                setattr(automation, name, value)

    async def ends(self, status: RunStatus, cause: str = "schedule") -> Automation:
        self.number += 1
        run_id = await add_run(
            self.database,
            self.program_id,
            automation_id=self.automation_id,
            number=self.number,
            status=status,
        )
        async with self.database.transaction() as session:
            run = await session.get_one(AutomationRun, run_id)
            run.cause = cause
            run.completed_at = NOON
            run.error = "the run was terminated" if status is RunStatus.FAILED else None
            automation = await session.get_one(Automation, self.automation_id)
            automation.current_run_id = run_id
            await session.flush()
            await show_on_automation(session, run, LIMIT)
        async with self.database.transaction() as session:
            return await session.get_one(Automation, self.automation_id)

    async def events(self) -> list[Event]:
        async with self.database.transaction() as session:
            found = await session.exec(select(Event).where(col(Event.automation_id) == self.automation_id))
            return list(found)


async def test_scheduled_failures_in_a_row_stop_a_cron_automation_keep_the_error_and_emit_an_event(
    database: Database, program_id: UUID
) -> None:
    scheduled = await Scheduled.new(database, program_id)
    for _ in range(LIMIT - 1):
        shown = await scheduled.ends(RunStatus.FAILED)
        assert (shown.status, shown.next_run_at) == ("active", NEXT)
    stopped = await scheduled.ends(RunStatus.FAILED)
    assert (stopped.status, stopped.next_run_at) == ("failed", None)
    assert stopped.last_error == "the run was terminated"
    (event,) = await scheduled.events()
    assert (event.type, event.kind, event.participant_id) == ("automation.stopped", "SYSTEM", None)
    assert event.event_data["consecutive_failures"] == LIMIT
    assert event.event_data["last_error"] == "the run was terminated"


async def test_a_success_in_between_starts_the_count_anew(database: Database, program_id: UUID) -> None:
    scheduled = await Scheduled.new(database, program_id)
    for _ in range(3):
        await scheduled.ends(RunStatus.FAILED)
        await scheduled.ends(RunStatus.FAILED)
        shown = await scheduled.ends(RunStatus.COMPLETED)
    assert (shown.status, shown.consecutive_failures, shown.last_error) == ("active", 0, None)
    assert await scheduled.events() == []


async def test_a_manual_run_that_fails_stops_nothing_and_one_that_works_ends_the_streak(
    database: Database, program_id: UUID
) -> None:
    scheduled = await Scheduled.new(database, program_id)
    await scheduled.ends(RunStatus.FAILED)
    for _ in range(LIMIT):
        shown = await scheduled.ends(RunStatus.FAILED, cause="manual")
    assert (shown.status, shown.consecutive_failures) == ("active", 1)
    shown = await scheduled.ends(RunStatus.COMPLETED, cause="manual")
    assert shown.consecutive_failures == 0


async def test_a_paused_automation_is_not_stopped_by_the_run_that_outlasted_its_pause(
    database: Database, program_id: UUID
) -> None:
    scheduled = await Scheduled.new(database, program_id)
    await scheduled.update(consecutive_failures=LIMIT - 1, status="paused")
    shown = await scheduled.ends(RunStatus.FAILED)
    assert (shown.status, shown.consecutive_failures) == ("paused", LIMIT)
