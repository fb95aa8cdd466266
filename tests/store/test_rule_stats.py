"""Statistics of rules, from the tallies of each hour."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from domain.rules.alert_levels import RunFigures
from domain.rules.stat_windows import days_window, hour_of, hours_window
from store.database import Database
from store.rule_stats import (
    EventCounts,
    RuleCounts,
    RunCounts,
    event_counts,
    matches_by_day,
    program_series,
    rule_counts,
    rule_series,
    run_counts,
    run_figures,
)
from store.tables import Event, Program
from tests.store.alerting import add_rule, did

NOW = datetime(2026, 3, 8, 9, 30, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


async def another_program(database: Database) -> UUID:
    async with database.transaction() as session:
        program = Program(name="Elsewhere")
        session.add(program)
    return program.id


async def add_event(database: Database, program_id: UUID, at: datetime, status: str = "COMPLETED") -> None:
    event = Event(
        program_id=program_id,
        kind="EXTERNAL",
        type="purchase",
        payload_hash="0" * 64,
        source="api",
        status=status,
        created_at=at,
    )
    async with database.transaction() as session:
        session.add(event)


async def test_runs_are_counted_from_the_beginning_of_the_window_on(
    database: Database, program_id: UUID
) -> None:
    one, other = [await add_rule(database, program_id) for _ in range(2)]
    since = days_window(NOW, 2)
    await did(database, one, since, total=8, matched=4, executed=2)
    await did(database, other, NOW, total=4, matched=2, executed=1, held=1)
    await did(database, one, since - HOUR, total=100, matched=100, executed=100)
    elsewhere = await add_rule(database, await another_program(database))
    await did(database, elsewhere, NOW, total=100, matched=100, executed=100)
    async with database.transaction() as session:
        assert await run_counts(session, program_id, since) == RunCounts(12, 6, 3)
        assert await run_counts(session, uuid4(), since) == RunCounts(0, 0, 0)


async def test_rules_are_counted_as_they_are_now(database: Database, program_id: UUID) -> None:
    await add_rule(database, program_id)
    await add_rule(database, program_id, is_active=False)
    await add_rule(database, program_id, snoozed_until=NOW + HOUR)
    await add_rule(database, program_id, snoozed_until=NOW - HOUR)
    async with database.transaction() as session:
        assert await rule_counts(session, program_id, NOW) == RuleCounts(4, 3, 1)


async def test_events_of_the_window_and_those_of_them_that_failed_are_counted(
    database: Database, program_id: UUID
) -> None:
    await add_event(database, program_id, NOW)
    await add_event(database, program_id, NOW, "FAILED")
    await add_event(database, program_id, NOW, "PENDING")
    await add_event(database, program_id, NOW - 3 * DAY, "FAILED")
    await add_event(database, await another_program(database), NOW, "FAILED")
    async with database.transaction() as session:
        assert await event_counts(session, program_id, NOW - DAY) == EventCounts(3, 1)


async def test_a_series_sums_the_hours_of_each_bucket(database: Database, program_id: UUID) -> None:
    one, other = [await add_rule(database, program_id) for _ in range(2)]
    since = days_window(NOW, 4)
    await did(database, one, since, total=1, matched=1, executed=1)
    await did(database, one, since + 2 * DAY - HOUR, total=10, matched=5, executed=2)
    await did(database, one, since + 2 * DAY, total=20, matched=10)
    await did(database, other, NOW, total=3, matched=3, executed=3)
    await did(database, one, since - HOUR, total=100)
    first, second = since, since + 2 * DAY
    async with database.transaction() as session:
        assert await program_series(session, program_id, since, 2) == {
            first: RunCounts(11, 6, 3),
            second: RunCounts(23, 13, 3),
        }
        assert await rule_series(session, one.id, since, 2) == {
            first: RunCounts(11, 6, 3),
            second: RunCounts(20, 10, 0),
        }


async def test_figures_leave_out_what_was_held_back_and_each_rule_has_its_own_window(
    database: Database, program_id: UUID
) -> None:
    one, other, idle = [await add_rule(database, program_id) for _ in range(3)]
    for rule in (one, other):
        await did(database, rule, NOW, total=20, matched=10, executed=6, held=3)
        await did(database, rule, NOW - 5 * HOUR, total=20, matched=10, executed=10)
    since = {one.id: hours_window(NOW, 5), other.id: hours_window(NOW, 4), idle.id: hours_window(NOW, 4)}
    async with database.transaction() as session:
        assert await run_figures(session, since) == {
            one.id: RunFigures(17, 16),
            other.id: RunFigures(7, 6),
            idle.id: RunFigures(0, 0),
        }


async def test_matches_of_the_last_day_include_the_running_hour(database: Database, program_id: UUID) -> None:
    rule, idle = [await add_rule(database, program_id) for _ in range(2)]
    for hours, matched in ((0, 1), (24, 2), (25, 10), (48, 20), (49, 100), (192, 200), (193, 1_000)):
        await did(database, rule, NOW - hours * HOUR, total=5_000, matched=matched, held=matched)
    async with database.transaction() as session:
        found = await matches_by_day(session, [rule.id, idle.id], hour_of(NOW))
    assert found == {rule.id: [3, 30, 100, 0, 0, 0, 0, 200], idle.id: [0] * 8}
