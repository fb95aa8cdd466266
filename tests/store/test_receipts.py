from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from store.database import Database
from store.paging import PageRequest
from store.receipts import (
    ReceiptOutcome,
    handled_between,
    list_receipts,
    overdue_automations,
    record_fired,
    record_skipped,
)
from store.tables import Automation, FireReceipt
from tests.store.records import add_automation

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def automation_id(database: Database, program_id: UUID) -> UUID:
    return await add_automation(database, program_id)


async def fire(database: Database, automation_id: UUID, at: datetime, **options: str) -> bool:
    async with database.transaction() as session:
        return await record_fired(session, automation_id, at, uuid4(), **options)


async def skip(database: Database, automation_id: UUID, reason: str, *at: datetime) -> None:
    async with database.transaction() as session:
        await record_skipped(session, automation_id, dict.fromkeys(at, reason))


async def receipts(database: Database, automation_id: UUID) -> list[tuple[datetime, str, str | None]]:
    async with database.transaction() as session:
        page = await list_receipts(session, automation_id, None, PageRequest(100))
    return [(row.nominal_at, row.outcome, row.reason) for row in page.rows]


async def test_an_occurrence_fires_once(database: Database, program_id: UUID, automation_id: UUID) -> None:
    other = await add_automation(database, program_id)
    assert await fire(database, automation_id, NOON)
    assert not await fire(database, automation_id, NOON)
    assert not await fire(database, automation_id, NOON, over="")
    assert await fire(database, automation_id, NOON + MINUTE)
    assert await fire(database, other, NOON)


async def test_what_was_skipped_fires_no_more_unless_that_reason_may_be_overruled(
    database: Database, automation_id: UUID
) -> None:
    await skip(database, automation_id, "paused", NOON)
    assert not await fire(database, automation_id, NOON)
    assert not await fire(database, automation_id, NOON, over="missed")
    assert await fire(database, automation_id, NOON, over="")
    assert await receipts(database, automation_id) == [(NOON, "fired", None)]


async def test_the_first_receipt_of_an_occurrence_stands(database: Database, automation_id: UUID) -> None:
    await fire(database, automation_id, NOON)
    await skip(database, automation_id, "missed", NOON - MINUTE, NOON)
    await skip(database, automation_id, "paused", NOON - MINUTE)
    await skip(database, automation_id, "nothing")
    assert await receipts(database, automation_id) == [
        (NOON, "fired", None),
        (NOON - MINUTE, "skipped", "missed"),
    ]


async def test_receipts_are_paged_by_nominal_time_newest_first_and_filtered(
    database: Database, automation_id: UUID
) -> None:
    await skip(database, automation_id, "missed", *(NOON + count * MINUTE for count in (4, 0, 2)))
    for count in (3, 1):
        await fire(database, automation_id, NOON + count * MINUTE)

    async def minutes(outcome: ReceiptOutcome | None) -> list[int]:
        found: list[FireReceipt] = []
        cursor: str | None = None
        while True:
            async with database.transaction() as session:
                page = await list_receipts(session, automation_id, outcome, PageRequest(2, cursor))
            found += page.rows
            if (cursor := page.next_cursor) is None:
                return [(row.nominal_at - NOON) // MINUTE for row in found]

    assert await minutes(None) == [4, 3, 2, 1, 0]
    assert await minutes(ReceiptOutcome.FIRED) == [3, 1]
    assert await minutes(ReceiptOutcome.SKIPPED) == [4, 2, 0]


async def test_what_has_been_handled_is_known_with_both_ends(database: Database, automation_id: UUID) -> None:
    await skip(database, automation_id, "missed", *(NOON + count * MINUTE for count in range(5)))
    async with database.transaction() as session:
        found = await handled_between(session, automation_id, NOON + MINUTE, NOON + 3 * MINUTE)
    assert found == {NOON + count * MINUTE for count in (1, 2, 3)}


async def test_an_automation_is_overdue_when_its_next_fire_and_its_jitter_have_passed(
    database: Database, program_id: UUID
) -> None:
    cases = {
        "behind": {"next_run_at": NOON - MINUTE},
        "longest behind": {"next_run_at": NOON - 5 * MINUTE},
        "within its jitter": {"next_run_at": NOON - MINUTE, "jitter_seconds": 90},
        "ahead": {"next_run_at": NOON + MINUTE},
        "unknown": {"next_run_at": None},
        "paused": {"next_run_at": NOON - MINUTE, "status": "paused"},
        "no cron": {"next_run_at": NOON - MINUTE, "trigger_type": "one_time"},
    }
    names: dict[UUID, str] = {}
    for name, fields in cases.items():
        automation_id = await add_automation(database, program_id)
        names[automation_id] = name
        async with database.transaction() as session:
            automation = await session.get_one(Automation, automation_id)
            automation.sqlmodel_update({"cron_expression": "0 9 * * *", **fields})
    async with database.transaction() as session:
        found = [names[each] for each in await overdue_automations(session, NOON, 1_000) if each in names]
        longest = await overdue_automations(session, NOON, 1)
    assert found == ["longest behind", "behind"]
    assert len(longest) == 1
