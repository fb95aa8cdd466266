from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from domain.automation import AutomationStatus
from domain.expressions import compile_condition
from store.database import Database
from store.expression_sql import compile_to_sql
from store.index_proposals import ProposedIndex, create_index, index_name, propose_indexes
from store.tables import Automation, Program
from tests.store.expression_sql.generated import NOW
from tests.store.records import add_automation


async def add_filter(database: Database, program_id: UUID, condition: str, **fields: Any) -> None:
    automation_id = await add_automation(database, program_id)
    async with database.transaction() as session:
        automation = await session.get_one(Automation, automation_id)
        automation.participant_filter = condition
        automation.status = AutomationStatus.ACTIVE.value
        for name, value in fields.items():
            setattr(automation, name, value)


async def proposals(database: Database, program_id: UUID) -> list[ProposedIndex]:
    async with database.transaction() as session:
        return await propose_indexes(session, program_id)


async def test_keys_that_filters_compare_are_proposed_the_most_used_first(
    database: Database, program_id: UUID
) -> None:
    await add_filter(
        database, program_id, 'participant.attributes["shoe size"] > 40 || participant.counters.n == 1'
    )
    await add_filter(database, program_id, "participant.counters.n in [1, 2] && participant.counters.n != 7")
    await add_filter(database, program_id, '"vip" in participant.tags && has(participant.attributes.plan)')
    assert await proposals(database, program_id) == [
        ProposedIndex("counters", "n", filters=2, exists=False),
        ProposedIndex("attributes", "shoe size", filters=1, exists=False),
    ]


async def test_filters_out_of_use_and_of_other_programs_do_not_count(
    database: Database, program_id: UUID
) -> None:
    await add_filter(database, program_id, "participant.counters.n == 1", status="paused")
    await add_filter(database, program_id, "participant.counters.n == ", status="active")
    async with database.transaction() as session:
        other = Program(name="Other")
        session.add(other)
    await add_filter(database, other.id, "participant.counters.n == 1")
    assert await proposals(database, program_id) == []


@pytest.mark.parametrize(
    "key", ["plan", "it's", 'a"b', "x); DROP TABLE participant; --", "%s {} :p", "é" * 80]
)
async def test_an_index_is_made_whatever_the_key_and_then_exists(
    database: Database, program_id: UUID, key: str
) -> None:
    name = await create_index(database.engine, "attributes", key)
    assert await create_index(database.engine, "attributes", key) == name == index_name("attributes", key)
    async with database.transaction() as session:
        found = await session.execute(
            text("SELECT indexdef FROM pg_indexes WHERE indexname = :name"), {"name": name}
        )
        assert "attributes -> '" in found.scalar_one()
        await session.execute(text(f'DROP INDEX "{name}"'))


async def test_an_index_of_a_column_that_is_no_map_is_refused(database: Database) -> None:
    with pytest.raises(ValueError, match=r"column: 'email' is no map .* expected one of"):
        await create_index(database.engine, "email", "x")


@pytest.mark.parametrize(
    "condition",
    [
        'participant.attributes.favourite == "blue"',
        "participant.attributes.favourite >= 10",
        '"a tag" in participant.tags',
    ],
)
async def test_the_planner_can_serve_a_filter_by_its_index(
    database: Database, program_id: UUID, condition: str
) -> None:
    name = await create_index(database.engine, "attributes", "favourite")
    async with database.transaction() as session:
        await session.execute(text("SET LOCAL enable_seqscan = off"))
        await session.execute(text("DROP INDEX participant_program_page"))
        await session.execute(
            text("ALTER TABLE participant DROP CONSTRAINT participant_program_id_external_id_key CASCADE")
        )
        program = await session.get_one(Program, program_id)
        compiled = compile_to_sql(compile_condition(condition), program, NOW)
        explained = await session.execute(
            text(
                "EXPLAIN SELECT id FROM participant AS p "  # noqa: S608
                f"WHERE program_id = :program AND {compiled.possible}"
            ),
            {**compiled.parameters, "program": program_id},
        )
        plan = "\n".join(explained.scalars())
        await session.rollback()
    async with database.transaction() as session:
        await session.execute(text(f'DROP INDEX "{name}"'))
    assert name in plan or "participant_tags" in plan
