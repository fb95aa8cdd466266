"""What a participant's state was: the history followed backwards arrives at each of its moments."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel import col, select

from domain.participant import StateType
from store.database import Database
from store.participants import upsert_participant
from store.past_state import COLUMNS, states_at, with_state_at
from store.programs import get_program
from store.rule_subjects import participants_of
from store.tables import ParticipantStateChange, Program

names = st.sampled_from(["a", "b", "ñ", ""])
values = st.one_of(st.none(), st.booleans(), st.integers(-5, 5), st.text("ab", max_size=2))
states = st.fixed_dictionaries(
    {
        "attributes": st.dictionaries(names, values),
        "counters": st.dictionaries(names, st.integers(0, 2)),
        "tags": st.lists(names, unique=True),
        "tiers": st.dictionaries(names, st.sampled_from(["gold", "silver"])),
    }
)


async def change(
    database: Database, program_id: UUID, state: dict[str, Any], external_id: str = "c-1", **others: Any
) -> UUID:
    async with database.transaction() as session:
        program = await get_program(session, program_id)
        assert program is not None
        return (await upsert_participant(session, program, external_id, {**state, **others})).after.id


async def now_in(database: Database) -> datetime:
    """By the clock that dates the changes."""
    async with database.transaction() as session:
        at: datetime = (await session.execute(text("SELECT clock_timestamp()"))).scalar_one()
    return at


async def as_of(database: Database, person: UUID, at: datetime) -> dict[str, Any]:
    async with database.transaction() as session:
        row = (await participants_of(session, [person]))[person]
        return await with_state_at(session, row, at)


def comparable(row: dict[str, Any]) -> dict[str, Any]:
    return {column: set(row[column]) if column == "tags" else row[column] for column in COLUMNS.values()}


@settings(max_examples=30)
@given(st.lists(states, min_size=1, max_size=5))
async def test_the_state_at_every_moment_is_what_it_was(
    database: Database, steps: list[dict[str, Any]]
) -> None:
    async with database.transaction() as session:
        program = Program(name="Club")
        session.add(program)
    moments = []
    for step in steps:
        person = await change(database, program.id, step)
        moments.append((await now_in(database), step))
    for at, step in moments:
        assert comparable(await as_of(database, person, at)) == comparable(step)


@settings(max_examples=20)
@given(st.lists(st.tuples(st.sampled_from(["c-1", "c-2"]), states), min_size=1, max_size=6))
async def test_many_moments_of_many_people_are_read_at_once(
    database: Database, steps: list[tuple[str, dict[str, Any]]]
) -> None:
    async with database.transaction() as session:
        program = Program(name="Club")
        session.add(program)
    expected: dict[tuple[UUID, datetime], dict[str, Any]] = {}
    for external_id, step in steps:
        person = await change(database, program.id, step, external_id)
        expected[person, await now_in(database)] = step
    async with database.transaction() as session:
        people = await participants_of(session, {person for person, _ in expected})
        found = await states_at(session, people, expected.keys())
    assert {moment: comparable(row) for moment, row in found.items()} == {
        moment: comparable(step) for moment, step in expected.items()
    }


async def test_only_the_types_of_state_that_are_asked_for_go_back(
    database: Database, program_id: UUID
) -> None:
    person = await change(database, program_id, {"counters": {"points": 1}, "tags": ["old"]})
    then = await now_in(database)
    await change(database, program_id, {"counters": {"points": 2}, "tags": ["new"]})
    async with database.transaction() as session:
        people = await participants_of(session, [person])
        found = await states_at(session, people, {(person, then)}, [StateType.COUNTER])
    row = found[person, then]
    assert (row["counters"], row["tags"]) == ({"points": 1}, ["new"])


async def test_before_there_was_anybody_there_was_no_state(database: Database, program_id: UUID) -> None:
    before = await now_in(database)
    person = await change(
        database, program_id, {"attributes": {"city": "Lugo"}, "counters": {"points": 1}, "tags": ["vip"]}
    )
    row = await as_of(database, person, before)
    assert comparable(row) == {"attributes": {}, "counters": {}, "tags": set(), "tiers": {}}
    assert row["external_id"] == "c-1"


async def test_what_has_no_history_is_as_it_is_now(database: Database, program_id: UUID) -> None:
    person = await change(database, program_id, {"counters": {"points": 1}}, email="old@example.com")
    then = await now_in(database)
    await change(database, program_id, {"counters": {"points": 2}}, email="new@example.com")
    row = await as_of(database, person, then)
    assert (row["counters"], row["email"]) == ({"points": 1}, "new@example.com")


async def test_a_change_at_the_very_instant_counts_as_made(database: Database, program_id: UUID) -> None:
    person = await change(database, program_id, {"counters": {"points": 1}})
    await change(database, program_id, {"counters": {"points": 2}})
    statement = select(ParticipantStateChange.changed_at).where(
        col(ParticipantStateChange.participant_id) == person
    )
    async with database.transaction() as session:
        _, second = sorted(await session.exec(statement))
    assert (await as_of(database, person, second))["counters"] == {"points": 2}
    assert (await as_of(database, person, second - timedelta(microseconds=1)))["counters"] == {"points": 1}
    assert (await as_of(database, person, datetime(9999, 1, 1, tzinfo=UTC)))["counters"] == {"points": 2}
