"""Two engines, one meaning: PostgreSQL never contradicts the engine, whatever the condition and the data."""

from random import Random
from uuid import UUID

import pytest

from domain.expressions import compile_condition
from store.database import Database
from store.tables import Program
from tests.store.expression_sql.agreement import Tally, add_hostile_participants, compare, generate
from tests.store.expression_sql.segment_conditions import about_segments


async def agreement(
    database: Database, program_id: UUID, seed: int, conditions: int, participants: int
) -> Tally:
    random = Random(seed)
    tally = Tally()
    async with database.transaction() as session:
        program = await session.get_one(Program, program_id)
        await add_hostile_participants(session, program_id, participants, random)
        for _ in range(conditions):
            await compare(session, program, generate(random), tally)
    print(f"\n{tally}")  # noqa: T201
    return tally


async def test_sql_never_contradicts_the_engine(database: Database, program_id: UUID) -> None:
    tally = await agreement(database, program_id, seed=1, conditions=2_000, participants=50)
    assert tally.disagreements == []
    assert tally.conditions == 2_000
    assert tally.exact > 800
    assert tally.matched > 8_000


async def test_sql_never_contradicts_the_engine_about_segments(database: Database, program_id: UUID) -> None:
    random = Random(2)
    tally = Tally()
    async with database.transaction() as session:
        program = await session.get_one(Program, program_id)
        await add_hostile_participants(session, program_id, 50, random)
        for _ in range(200):
            asked = f"!({about_segments(random)}) || participant.has_phone"
            await compare(session, program, compile_condition(asked), tally)
    assert tally.disagreements == []
    assert tally.matched > 1_000


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(100, 104))
async def test_sql_never_contradicts_the_engine_in_many_more_cases(
    database: Database, program_id: UUID, seed: int
) -> None:
    tally = await agreement(database, program_id, seed, conditions=2_500, participants=100)
    assert tally.disagreements == []
