"""What is forgotten of events and of what rules made of them, and what is kept."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from store import event_retention
from store.database import Database
from store.event_retention import (
    discard_cooldowns,
    discard_event_types,
    discard_events,
    discard_rule_runs,
    discard_tallies,
)
from store.tables import AutomationRule, Event, EventType, Program, RuleCooldown, RuleRun, RuleRunTally
from tests.store.old_rows import add, empty, event, left, rule_run

NOON = datetime(2020, 6, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
BEFORE, AFTER = NOON - timedelta(seconds=1), NOON


@pytest.fixture(autouse=True)
async def nothing_else(database: Database) -> None:
    await empty(database)


async def discarded(database: Database, discard: Any, *arguments: Any) -> int:
    async with database.transaction() as session:
        count: int = await discard(session, *arguments)
        return count


async def test_only_events_that_are_over_and_old_enough_are_discarded(
    database: Database, program_id: UUID
) -> None:
    other = Program(name="Other")
    await add(database, other)
    statuses = ("RECEIVED", "PENDING", "PROCESSING", "COMPLETED", "FAILED")
    rows = {
        (status, at, program): event(program, status, at)
        for status in statuses
        for at in (BEFORE, AFTER)
        for program in (program_id, other.id)
    }
    await add(database, *rows.values())
    assert await discarded(database, discard_events, NOON) == 4
    kept = {row.id for (status, at, _), row in rows.items() if at == AFTER or status in statuses[:3]}
    assert await left(database, Event.id) == kept
    assert await discarded(database, discard_events, NOON) == 0


async def test_a_statement_discards_the_oldest_up_to_its_bound(
    database: Database, program_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_retention, "ROWS_A_STATEMENT", 3)
    rows = [event(program_id, "COMPLETED", NOON - number * HOUR) for number in range(1, 6)]
    await add(database, *rows)
    assert await discarded(database, discard_events, NOON) == 3
    assert await left(database, Event.id) == {rows[0].id, rows[1].id}
    assert await discarded(database, discard_events, NOON) == 2


async def test_runs_of_rules_and_their_counts_go_by_the_same_hours(
    database: Database, program_id: UUID
) -> None:
    runs = [rule_run(program_id, at) for at in (NOON - HOUR, BEFORE, AFTER)]
    tallies = [RuleRunTally(rule_id=uuid4(), hour=at, program_id=program_id) for at in (NOON - HOUR, NOON)]
    await add(database, *runs, *tallies)
    assert await discarded(database, discard_rule_runs, NOON) == 2
    assert await discarded(database, discard_tallies, NOON) == 1
    assert await left(database, RuleRun.id) == {runs[2].id}
    assert await left(database, RuleRunTally.hour) == {NOON}


async def test_a_cooldown_is_kept_while_it_can_keep_its_rule_from_acting(
    database: Database, program_id: UUID
) -> None:
    rules = {
        days: AutomationRule(
            program_id=program_id,
            name="r",
            trigger_type="t",
            cooldown_secs=days * 86_400,
            created_by="test",
            updated_by="test",
        )
        for days in (1, 40)
    }
    await add(database, *rules.values())
    now, before = NOON + timedelta(days=30), NOON
    subjects = {
        (rule_id, days_ago): uuid4()
        for rule_id in (rules[1].id, rules[40].id, None)
        for days_ago in (29, 31, 41)
    }
    await add(
        database,
        *(
            RuleCooldown(
                rule_id=rule_id or uuid4(), subject_id=subject, executed_at=now - timedelta(days=days_ago)
            )
            for (rule_id, days_ago), subject in subjects.items()
        ),
    )
    assert await discarded(database, discard_cooldowns, before, now) == 5
    kept = {(rules[1].id, 29), (rules[40].id, 29), (rules[40].id, 31), (None, 29)}
    assert await left(database, RuleCooldown.subject_id) == {subjects[one] for one in kept}


async def test_a_type_of_event_goes_when_none_has_come_for_long(database: Database, program_id: UUID) -> None:
    await add(
        database,
        *(EventType(program_id=program_id, type=f"seen {at}", last_seen_at=at) for at in (BEFORE, AFTER)),
    )
    assert await discarded(database, discard_event_types, NOON) == 1
    assert await left(database, EventType.type) == {f"seen {AFTER}"}
