"""The receipts that a late clock leaves, and where it goes on."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from temporalio.testing import ActivityEnvironment

from activities.clock_record import advance_clock, is_noted, leave_clock, note_operator_pause, record_missed
from domain.firing import Refusal
from domain.operator_pause import OperatorPause
from store.automations import lock_automation
from store.database import Database
from store.paging import PageRequest
from store.receipts import list_receipts, record_fired
from store.tables import Automation

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
LATE = 12 * MINUTE


async def add(database: Database, program_id: UUID, **fields: Any) -> UUID:
    automation = Automation(
        id=uuid4(),
        program_id=program_id,
        name=f"a-{uuid4()}",
        event_name="e",
        trigger_type="cron",
        scope="program",
        cron_expression="*/5 * * * *",
        next_run_at=NOON,
    ).sqlmodel_update(fields)
    async with database.transaction() as session:
        session.add(automation)
    return automation.id


async def advance(database: Database, automation_id: UUID, now: datetime) -> datetime | None:
    async with database.transaction() as session:
        automation = await lock_automation(session, automation_id)
        assert automation is not None
        await advance_clock(session, automation, now)
        return automation.next_run_at


async def leave(database: Database, automation_id: UUID, now: datetime, why: Refusal) -> None:
    async with database.transaction() as session:
        automation = await lock_automation(session, automation_id)
        assert automation is not None
        await leave_clock(session, automation, now, why)


async def skipped(database: Database, automation_id: UUID) -> dict[int, str | None]:
    """Reasons by minutes after noon."""
    async with database.transaction() as session:
        page = await list_receipts(session, automation_id, None, PageRequest(2_000))
    return {(row.nominal_at - NOON) // MINUTE: row.reason for row in page.rows if row.outcome == "skipped"}


async def test_a_clock_on_time_leaves_no_receipt_and_stays(database: Database, program_id: UUID) -> None:
    automation_id = await add(database, program_id)
    assert await advance(database, automation_id, NOON - MINUTE) == NOON
    assert await advance(database, automation_id, NOON + timedelta(seconds=5)) == NOON
    assert await skipped(database, automation_id) == {}


@pytest.mark.parametrize(
    ("policy", "receipts", "goes_on_at"),
    [("skip", {0, 5, 10}, 15), ("last", {0, 5}, 10), ("all", set(), 0)],
)
async def test_what_the_policy_gives_up_leaves_a_receipt_and_the_rest_stays_due(
    database: Database, program_id: UUID, policy: str, receipts: set[int], goes_on_at: int
) -> None:
    automation_id = await add(database, program_id, missed_run_policy=policy)
    assert await advance(database, automation_id, NOON + LATE) == NOON + goes_on_at * MINUTE
    assert await skipped(database, automation_id) == dict.fromkeys(receipts, "missed")


async def test_what_was_handled_out_of_turn_is_not_due_again(database: Database, program_id: UUID) -> None:
    automation_id = await add(database, program_id, missed_run_policy="all")
    for minutes in (0, 5):
        async with database.transaction() as session:
            await record_fired(session, automation_id, NOON + minutes * MINUTE, uuid4())
    assert await advance(database, automation_id, NOON + LATE) == NOON + 10 * MINUTE


async def test_what_was_missed_while_an_operator_held_the_schedule_says_so(
    database: Database, program_id: UUID
) -> None:
    automation_id = await add(database, program_id, missed_run_policy="skip", schedule_paused=True)
    await advance(database, automation_id, NOON + LATE)
    reasons = await skipped(database, automation_id)
    assert reasons == dict.fromkeys((0, 5, 10), "its Temporal Schedule is paused")


async def test_a_gap_of_days_lists_the_newest_and_sums_up_the_rest(
    database: Database, program_id: UUID
) -> None:
    automation_id = await add(database, program_id, cron_expression="* * * * *", missed_run_policy="skip")
    await advance(database, automation_id, NOON + DAY)
    reasons = await skipped(database, automation_id)
    oldest = min(reasons)
    assert len(reasons) == 1_000
    assert reasons.pop(oldest) == f"missed, like {oldest} before it since 2026-06-01T12:00:00Z"
    assert set(reasons.values()) == {"missed"}


async def test_a_paused_automation_misses_nothing(database: Database, program_id: UUID) -> None:
    automation_id = await add(database, program_id, status="paused", next_run_at=None)
    assert await advance(database, automation_id, NOON + LATE) is None
    assert await skipped(database, automation_id) == {}


@pytest.mark.parametrize("why", [Refusal.PAUSED, Refusal.NOT_ACTIVE, Refusal.RETIMED])
async def test_what_would_have_been_made_up_is_given_up_when_the_clock_is_left(
    database: Database, program_id: UUID, why: Refusal
) -> None:
    automation_id = await add(database, program_id, missed_run_policy="last")
    await leave(database, automation_id, NOON + LATE, why)
    assert await skipped(database, automation_id) == {0: "missed", 5: "missed", 10: why.value}


async def test_a_one_time_instant_that_is_moved_while_its_tick_is_under_way_does_not_fire(
    database: Database, program_id: UUID
) -> None:
    def one_time(at: datetime) -> dict[str, Any]:
        return {"trigger_type": "one_time", "cron_expression": None, "next_run_at": None, "trigger_at": at}

    near = await add(database, program_id, **one_time(NOON))
    far = await add(database, program_id, **one_time(NOON + DAY))
    fired = await add(database, program_id, **one_time(NOON), processed_at=NOON)
    for automation_id in (near, far, fired):
        await leave(database, automation_id, NOON, Refusal.RETIMED)
    assert await skipped(database, near) == {0: "its timing was changed"}
    assert await skipped(database, far) == {}
    assert await skipped(database, fired) == {}


async def test_upkeep_leaves_the_receipts_of_an_automation_that_nobody_fires(
    database: Database, program_id: UUID
) -> None:
    behind = await add(database, program_id, missed_run_policy="skip")
    just_due = await add(database, program_id, missed_run_policy="skip", next_run_at=NOON + 10 * MINUTE)
    await ActivityEnvironment().run(record_missed, database, NOON + LATE)
    assert await skipped(database, behind) == dict.fromkeys((0, 5, 10), "missed")
    assert await skipped(database, just_due) == {}


def test_the_record_notes_an_operators_pause_and_its_end() -> None:
    automation = Automation(
        program_id=uuid4(), name="a", event_name="e", trigger_type="cron", scope="program"
    )
    assert is_noted(automation, None)
    held = OperatorPause("stock-taking")
    assert not is_noted(automation, held)
    note_operator_pause(automation, held)
    assert (automation.schedule_paused, automation.schedule_pause_note) == (True, "stock-taking")
    assert is_noted(automation, held)
    assert not is_noted(automation, OperatorPause(None))
    note_operator_pause(automation, None)
    assert (automation.schedule_paused, automation.schedule_pause_note) == (False, None)
