"""Rules in the record: found in the order in which they are asked, and locked one at a time."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlmodel import col, select

from store.database import Database
from store.rules import (
    RuleFilter,
    count_rules,
    delete_rule,
    get_rule,
    list_rules,
    list_snoozed_rules,
    lock_rule,
)
from store.tables import AutomationRule, Program, RuleCooldown

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
ALL = RuleFilter()


async def add_rule(database: Database, program_id: UUID, name: str, **fields: Any) -> UUID:
    rule = AutomationRule(
        program_id=program_id,
        name=name,
        **{"trigger_type": "e", "created_by": "a", "updated_by": "a"} | fields,
    )
    async with database.transaction() as session:
        session.add(rule)
    return rule.id


async def names(database: Database, program_id: UUID, wanted: RuleFilter = ALL) -> list[str]:
    async with database.transaction() as session:
        return [rule.name for rule in await list_rules(session, program_id, wanted)]


async def snoozed(
    database: Database, program_id: UUID, wanted: RuleFilter = ALL, offset: int = 0, limit: int = 10
) -> list[str]:
    async with database.transaction() as session:
        rules = await list_snoozed_rules(session, program_id, wanted, NOW, offset, limit)
        return [rule.name for rule in rules]


async def another_program(database: Database) -> UUID:
    program = Program(name="Elsewhere")
    async with database.transaction() as session:
        session.add(program)
    return program.id


async def test_rules_come_by_priority_and_of_equal_ones_the_older_first(
    database: Database, program_id: UUID
) -> None:
    later = NOW + timedelta(seconds=1)
    await add_rule(database, program_id, "newer", created_at=later)
    await add_rule(database, program_id, "older", created_at=NOW)
    await add_rule(database, program_id, "last", priority=5, created_at=NOW)
    await add_rule(database, program_id, "first", priority=-5, created_at=later)
    twins = sorted([uuid4(), uuid4()])
    for index in (1, 0):
        await add_rule(database, program_id, f"twin {index}", id=twins[index], priority=9, created_at=NOW)
    assert await names(database, program_id) == ["first", "older", "newer", "last", "twin 0", "twin 1"]


async def test_rules_are_told_apart_by_program_type_and_whether_they_are_active(
    database: Database, program_id: UUID
) -> None:
    await add_rule(database, program_id, "active")
    await add_rule(database, program_id, "inactive", is_active=False)
    await add_rule(database, program_id, "of another type", trigger_type="other")
    elsewhere = await another_program(database)
    await add_rule(database, elsewhere, "elsewhere")
    assert set(await names(database, program_id, RuleFilter(is_active=True))) == {"active", "of another type"}
    assert await names(database, program_id, RuleFilter(is_active=False)) == ["inactive"]
    assert await names(database, program_id, RuleFilter(True, "e")) == ["active"]
    assert await names(database, elsewhere) == ["elsewhere"]
    async with database.transaction() as session:
        assert await count_rules(session, program_id) == 3


async def test_only_rules_whose_snooze_lies_ahead_are_snoozed(database: Database, program_id: UUID) -> None:
    for name, until in (("ahead", NOW + timedelta(seconds=1)), ("over", NOW), ("never", None)):
        await add_rule(database, program_id, name, snoozed_until=until)
    later = NOW + timedelta(days=1)
    await add_rule(database, program_id, "inactive", snoozed_until=later, is_active=False, priority=1)
    assert await snoozed(database, program_id) == ["ahead", "inactive"]
    assert await snoozed(database, program_id, RuleFilter(is_active=False)) == ["inactive"]
    assert await snoozed(database, program_id, RuleFilter(trigger_type="other")) == []
    assert await snoozed(database, program_id, offset=1, limit=1) == ["inactive"]


async def test_a_rule_is_found_through_its_own_program_alone(database: Database, program_id: UUID) -> None:
    rule_id = await add_rule(database, program_id, "mine")
    elsewhere = await another_program(database)
    async with database.transaction() as session:
        assert await get_rule(session, program_id, rule_id) is not None
        assert await get_rule(session, elsewhere, rule_id) is None
        assert await lock_rule(session, elsewhere, rule_id) is None
        assert await get_rule(session, program_id, uuid4()) is None


async def test_changes_of_a_locked_rule_are_made_one_after_the_other(
    database: Database, program_id: UUID
) -> None:
    rule_id = await add_rule(database, program_id, "counted", cooldown_secs=0)

    async def add_one() -> None:
        async with database.transaction() as session:
            rule = await lock_rule(session, program_id, rule_id)
            assert rule is not None
            rule.cooldown_secs += 1

    await asyncio.gather(*(add_one() for _ in range(8)))
    async with database.transaction() as session:
        counted = await get_rule(session, program_id, rule_id)
    assert counted is not None
    assert counted.cooldown_secs == 8


async def test_a_deleted_rule_leaves_no_cooldowns_and_other_rules_keep_theirs(
    database: Database, program_id: UUID
) -> None:
    gone, kept = [await add_rule(database, program_id, name) for name in ("gone", "kept")]
    async with database.transaction() as session:
        session.add_all(
            RuleCooldown(rule_id=rule_id, subject_id=uuid4(), executed_at=NOW) for rule_id in (gone, kept)
        )
    async with database.transaction() as session:
        rule = await lock_rule(session, program_id, gone)
        assert rule is not None
        await delete_rule(session, rule)
    assert await names(database, program_id) == ["kept"]
    async with database.transaction() as session:
        left = await session.exec(
            select(RuleCooldown.rule_id).where(col(RuleCooldown.rule_id).in_([gone, kept]))
        )
        assert left.all() == [kept]


async def test_the_rules_that_listen_to_an_event_are_read_off_an_index(
    database: Database, program_id: UUID
) -> None:
    async with database.transaction() as session:
        await session.execute(text("SET LOCAL enable_seqscan = off"))
        plan = await session.execute(
            text(
                "EXPLAIN SELECT * FROM automation_rule WHERE program_id = :program AND trigger_type = 'e' "
                "ORDER BY priority, created_at, id"
            ),
            {"program": program_id},
        )
        told = "\n".join(plan.scalars())
    assert "automation_rule_of_type" in told
    assert "Sort" not in told
