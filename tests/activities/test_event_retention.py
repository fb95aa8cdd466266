"""How long events are kept, and what rules made of them."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from temporalio.testing import ActivityEnvironment

from activities import event_retention
from activities.event_retention import discard_old_events
from runtime.settings import Settings
from store import event_retention as statements
from store.database import Database
from store.tables import Event, RuleCooldown, RuleRun, RuleRunTally
from tests.store.old_rows import add, empty, event, left, rule_run

NOW = datetime(2020, 6, 1, 12, 34, 56, tzinfo=UTC)
DAY = timedelta(days=1)
NOON = NOW.replace(minute=0, second=0)


@pytest.fixture(autouse=True)
async def nothing_else(database: Database) -> None:
    await empty(database)


async def pass_over(database: Database, now: datetime = NOW) -> int:
    settings = Settings(
        database_url=database.engine.url.render_as_string(hide_password=False),
        event_retention_days=3,
        rule_run_retention_days=2,
    )
    discarded: int = await ActivityEnvironment().run(discard_old_events, database, settings, now)
    return discarded


async def test_each_is_kept_as_long_as_its_setting_says(database: Database, program_id: UUID) -> None:
    seconds = timedelta(seconds=1)
    events = [event(program_id, "COMPLETED", NOW - 3 * DAY - one) for one in (seconds, -seconds)]
    runs = [rule_run(program_id, NOON - 2 * DAY - one) for one in (seconds, -seconds)]
    tallies = [
        RuleRunTally(rule_id=uuid4(), hour=NOON - 2 * DAY - one, program_id=program_id)
        for one in (timedelta(hours=1), timedelta(0))
    ]
    cooldowns = [
        RuleCooldown(rule_id=uuid4(), subject_id=uuid4(), executed_at=NOON - 2 * DAY - one)
        for one in (seconds, -seconds)
    ]
    await add(database, *events, *runs, *tallies, *cooldowns)
    assert await pass_over(database) == 1
    assert await left(database, Event.id) == {events[1].id}
    assert await left(database, RuleRun.id) == {runs[1].id}
    assert await left(database, RuleRunTally.hour) == {NOON - 2 * DAY}
    assert await left(database, RuleCooldown.rule_id) == {cooldowns[1].rule_id}
    assert await pass_over(database) == 0


async def test_a_pass_is_bounded_and_the_next_ones_do_the_rest(
    database: Database, program_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_retention, "STATEMENTS_A_PASS", 2)
    for module in (event_retention, statements):
        monkeypatch.setattr(module, "ROWS_A_STATEMENT", 2)
    await add(database, *(event(program_id, "FAILED", NOW - 4 * DAY) for _ in range(7)))
    await add(database, *(rule_run(program_id, NOW - 4 * DAY) for _ in range(6)))
    tally = RuleRunTally(rule_id=uuid4(), hour=NOON - 4 * DAY, program_id=program_id)
    await add(database, tally)
    assert await pass_over(database) == 4
    assert await counted(database) == (3, 2, 1)
    assert await pass_over(database) == 3
    assert await counted(database) == (0, 0, 0)


async def counted(database: Database) -> tuple[int, int, int]:
    """Events, runs and tallies that are left."""
    events, runs, tallies = [
        len(await left(database, column)) for column in (Event.id, RuleRun.id, RuleRunTally.rule_id)
    ]
    return events, runs, tallies
