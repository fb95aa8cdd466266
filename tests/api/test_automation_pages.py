from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID, uuid4

from sqlalchemy import event

from api.automation_service import show_all
from domain.run_status import RunStatus
from store.automations import AutomationFilter, list_automations
from store.database import Database
from store.paging import PageRequest
from store.tables import Automation
from tests.store.records import add_run


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """The statements that are executed in this block, as they are executed."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(database.engine.sync_engine, "before_cursor_execute", note)


async def add_fan_out(database: Database, program_id: UUID, number: int) -> None:
    """An automation with a run: every other one is still in progress."""
    automation = Automation(
        id=uuid4(),
        program_id=program_id,
        name=f"fan-out {number}",
        event_name="e",
        trigger_type="cron",
        scope="participants",
    )
    async with database.transaction() as session:
        session.add(automation)
    closed = {"status": RunStatus.COMPLETED, "counts": {"total": 2, "sent": 2}} if number % 2 else {}
    run_id = await add_run(database, program_id, people=2, automation_id=automation.id, **closed)
    async with database.transaction() as session:
        (await session.get_one(Automation, automation.id)).current_run_id = run_id


async def test_a_long_page_takes_as_many_statements_as_a_short_one(
    database: Database, program_id: UUID
) -> None:
    for number in range(12):
        await add_fan_out(database, program_id, number)
    taken: dict[int, int] = {}
    for limit in (2, 12):
        with statements(database) as seen:
            async with database.transaction() as session:
                page = await list_automations(session, program_id, AutomationFilter(), PageRequest(limit))
                shown = await show_all(session, page.rows)
        taken[limit] = len(seen)
        assert [one.participants_total for one in shown] == [2] * limit
        assert [one.participants_processed for one in shown] == [2, 0] * (limit // 2)
    assert taken[2] == taken[12]
