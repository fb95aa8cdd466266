"""The history of participants' state: written by the database, whoever writes the participant."""

from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel import col, func, select

from domain.participant import StateType
from domain.participant_columns import ColumnMapping
from store.database import Database
from store.paging import InvalidCursorError, PageRequest
from store.participant_import import import_participants, read_chunks
from store.participants import (
    erase_participant,
    get_participant,
    participant_by_external_id,
    upsert_participant,
)
from store.programs import get_program
from store.state_history import StateChange, StateFilter, list_state_changes, name_source
from store.tables import ParticipantStateChange, Program

EVERYTHING = StateFilter()


async def upsert(database: Database, program_id: UUID, source: str = "api", **values: Any) -> UUID:
    async with database.transaction() as session:
        program = await get_program(session, program_id)
        assert program is not None
        return (await upsert_participant(session, program, "c-1", values, source)).after.id


async def history(
    database: Database, participant_id: UUID, wanted: StateFilter = EVERYTHING
) -> list[StateChange]:
    async with database.transaction() as session:
        return (await list_state_changes(session, participant_id, wanted, PageRequest(100))).rows


def shown(changes: list[StateChange]) -> list[tuple[str, str, object, object]]:
    return [(change.state_type.value, change.key, change.old_value, change.new_value) for change in changes]


async def execute(database: Database, statement: str, **values: object) -> None:
    async with database.transaction() as session:
        await session.execute(text(statement), values)


async def test_creating_records_the_first_state(database: Database, program_id: UUID) -> None:
    person = await upsert(
        database,
        program_id,
        first_name="Ana",
        attributes={"city": "Lugo", "deep": {"a": [1, None]}},
        counters={"points": 3},
        tags=["vip", "new", "vip"],
        tiers={"loyalty": "gold"},
    )
    assert shown(await history(database, person)) == [
        ("ATTRIBUTE", "city", None, "Lugo"),
        ("ATTRIBUTE", "deep", None, {"a": [1, None]}),
        ("COUNTER", "points", None, 3),
        ("TAG", "new", None, True),
        ("TAG", "vip", None, True),
        ("TIER", "loyalty", None, "gold"),
    ]


async def test_each_key_that_changes_is_recorded_and_no_other(database: Database, program_id: UUID) -> None:
    person = await upsert(
        database,
        program_id,
        attributes={"city": "Lugo", "plan": "pro", "left": None},
        counters={"points": 3, "orders": 1},
        tags=["vip", "new"],
        tiers={"loyalty": "gold"},
    )
    await upsert(
        database,
        program_id,
        attributes={"city": "Vigo", "plan": "pro", "size": 4},
        counters={"points": 3.0, "orders": 2},
        tags=["new", "old"],
        tiers={},
    )
    assert shown(await history(database, person))[:7] == [
        ("ATTRIBUTE", "city", "Lugo", "Vigo"),
        ("ATTRIBUTE", "left", None, None),
        ("ATTRIBUTE", "size", None, 4),
        ("COUNTER", "orders", 1, 2),
        ("TAG", "old", None, True),
        ("TAG", "vip", True, None),
        ("TIER", "loyalty", "gold", None),
    ]


async def test_what_changes_no_state_leaves_no_history(database: Database, program_id: UUID) -> None:
    state: dict[str, Any] = {"attributes": {"city": "Lugo"}, "counters": {"points": 1}, "tags": ["a", "b"]}
    person = await upsert(database, program_id, **state)
    before = await history(database, person)
    for values in (state, {}, {"first_name": "Bo"}, {"tags": ["b", "a"]}, {"counters": {"points": 1.0}}):
        await upsert(database, program_id, **values)
    await execute(database, "UPDATE participant SET last_contacted_at = now() WHERE id = :id", id=person)
    assert await history(database, person) == before
    assert len(before) == 4


async def test_someone_without_state_has_no_history(database: Database, program_id: UUID) -> None:
    assert await history(database, await upsert(database, program_id, email="a@example.com")) == []


async def test_it_is_newest_first_and_says_who_changed_what(database: Database, program_id: UUID) -> None:
    person = await upsert(database, program_id, counters={"points": 1})
    await upsert(database, program_id, "event:purchase", counters={"points": 2})
    await upsert(database, program_id, counters={"points": 3})
    changes = await history(database, person)
    assert [(change.new_value, change.source) for change in changes] == [
        (3, "api"),
        (2, "event:purchase"),
        (1, "api"),
    ]
    assert [change.changed_at for change in changes] == sorted(
        (change.changed_at for change in changes), reverse=True
    )


async def test_no_writer_passes_it_by(database: Database, program_id: UUID) -> None:
    person = await upsert(database, program_id, counters={"points": 1})
    await execute(
        database, "UPDATE participant SET counters = '{\"points\": 2}' WHERE program_id = :id", id=program_id
    )
    (newest, _) = await history(database, person)
    assert (newest.old_value, newest.new_value, newest.source) == (1, 2, "api")


async def test_a_source_is_named_for_one_transaction(database: Database, program_id: UUID) -> None:
    person = await upsert(database, program_id, counters={"points": 1})
    change = (
        "UPDATE participant SET counters = jsonb_build_object('points', CAST(:points AS int)) WHERE id = :id"
    )
    async with database.engine.connect() as connection:
        for points, source in ((2, "rule:welcome"), (3, None)):
            async with connection.begin():
                if source is not None:
                    await connection.execute(
                        text("SELECT set_config('carillon.source', :source, true)"), {"source": source}
                    )
                await connection.execute(text(change), {"points": points, "id": person})
    sources = [(change.new_value, change.source) for change in await history(database, person)]
    assert sources == [(3, "api"), (2, "rule:welcome"), (1, "api")]


async def test_a_transaction_rolled_back_leaves_none(database: Database, program_id: UUID) -> None:
    person = await upsert(database, program_id, counters={"points": 1})
    with pytest.raises(ZeroDivisionError):
        async with database.transaction() as session:
            await name_source(session, "nobody")
            await session.execute(
                text("UPDATE participant SET counters = '{}' WHERE id = :id"), {"id": person}
            )
            raise ZeroDivisionError
    assert len(await history(database, person)) == 1


async def test_an_import_is_recorded_row_by_row_as_its_own(database: Database, program_id: UUID) -> None:
    async def load(*lines: str) -> None:
        header = "external_id,counters.points,tags"
        content = "\n".join([header, *lines]).encode()
        mapping = ColumnMapping.parse([])
        await import_participants(database, program_id, read_chunks(BytesIO(content)), mapping)

    await load("c-1,1,vip", "c-2,5,")
    await load("c-1,2,vip", "c-2,5,new", "c-3,7,")
    found: dict[str, list[tuple[object, ...]]] = {}
    for external_id in ("c-1", "c-2", "c-3"):
        async with database.transaction() as session:
            person = await participant_by_external_id(session, program_id, external_id)
        assert person is not None
        changes = await history(database, person.id)
        assert {change.source for change in changes} == {"import"}
        found[external_id] = [(change.key, change.old_value, change.new_value) for change in changes]
    assert found == {
        "c-1": [("points", 1, 2), ("points", None, 1), ("vip", None, True)],
        "c-2": [("new", None, True), ("points", None, 5)],
        "c-3": [("points", None, 7)],
    }


async def test_each_filter_narrows_it(database: Database, program_id: UUID) -> None:
    person = await upsert(database, program_id, counters={"points": 1}, tags=["points"])
    await upsert(database, program_id, counters={"points": 2, "orders": 1})
    newer, _, _, older = await history(database, person)

    async def keys(**wanted: Any) -> list[tuple[str, str]]:
        changes = await history(database, person, StateFilter(**wanted))
        return [(change.state_type.value, change.key) for change in changes]

    assert await keys(state_type=StateType.TAG) == [("TAG", "points")]
    assert await keys(key="points") == [("COUNTER", "points"), ("COUNTER", "points"), ("TAG", "points")]
    assert await keys(state_type=StateType.COUNTER, key="orders") == [("COUNTER", "orders")]
    assert await keys(state_type=StateType.TIER) == []
    assert await keys(changed_from=newer.changed_at) == [("COUNTER", "orders"), ("COUNTER", "points")]
    assert await keys(changed_to=newer.changed_at) == [("COUNTER", "points"), ("TAG", "points")]
    assert await keys(changed_from=older.changed_at, changed_to=older.changed_at) == []


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
async def test_pages_meet_even_within_one_change(database: Database, program_id: UUID, limit: int) -> None:
    for round_ in range(3):
        state = {str(number): round_ for number in range(4)}
        person = await upsert(database, program_id, counters=state, tags=[f"{round_}"])
    everything = await history(database, person)
    assert len(everything) == 17
    assert len({change.id for change in everything}) == 17
    pages: list[StateChange] = []
    cursor: str | None = None
    while True:
        async with database.transaction() as session:
            page = await list_state_changes(session, person, EVERYTHING, PageRequest(limit, cursor))
        assert len(page.rows) <= limit
        pages += page.rows
        cursor = page.next_cursor
        if cursor is None:
            break
    assert pages == everything


@pytest.mark.parametrize(
    "cursor", ["", ".", "1", "1.", ".1", "-1.1", "1.1.1", "٣.1", "1.9223372036854775808", "9" * 5000 + ".1"]
)
async def test_what_is_no_cursor_is_refused(database: Database, cursor: str) -> None:
    async with database.transaction() as session:
        with pytest.raises(InvalidCursorError):
            await list_state_changes(session, uuid4(), EVERYTHING, PageRequest(10, cursor))


async def count(database: Database, program_id: UUID) -> int:
    statement = select(func.count()).where(col(ParticipantStateChange.program_id) == program_id)
    async with database.transaction() as session:
        return (await session.exec(statement)).one()


async def test_it_goes_with_its_participant_and_with_the_program(
    database: Database, program_id: UUID
) -> None:
    person = await upsert(database, program_id, counters={"points": 1})
    async with database.transaction() as session:
        program = await get_program(session, program_id)
        assert program is not None
        await upsert_participant(session, program, "c-2", {"counters": {"points": 1}})
    async with database.transaction() as session:
        assert await erase_participant(session, program_id, person)
    assert await count(database, program_id) == 1
    await execute(database, "DELETE FROM program WHERE id = :id", id=program_id)
    assert await count(database, program_id) == 0


names = st.sampled_from(["a", "b", "c", "ñ", ""])
values = st.one_of(st.none(), st.booleans(), st.integers(-5, 5), st.floats(-1, 1), st.text("ab", max_size=2))
states = st.fixed_dictionaries(
    {},
    optional={
        "attributes": st.dictionaries(names, values),
        "counters": st.dictionaries(names, st.integers(0, 2)),
        "tags": st.lists(names),
        "tiers": st.dictionaries(names, st.sampled_from(["gold", "silver"])),
    },
)


@given(steps=st.lists(states, min_size=1, max_size=6))
@settings(max_examples=50, deadline=None)
async def test_following_the_history_arrives_at_the_state(
    database: Database, steps: list[dict[str, Any]]
) -> None:
    async with database.transaction() as session:
        program = Program(name="Club")
        session.add(program)
    for step in steps:
        person = await upsert(database, program.id, **step)
    async with database.transaction() as session:
        stored = await get_participant(session, program.id, person)
    assert stored is not None
    followed: dict[str, dict[str, Any]] = {state_type.value: {} for state_type in StateType}
    for state_type, key, old, new in reversed(shown(await history(database, person))):
        assert followed[state_type].get(key) == old
        # A null is both an attribute that is null and one that is gone.
        followed[state_type][key] = new
    assert {key for key, tagged in followed["TAG"].items() if tagged} == set(stored.tags)
    for name, state_type in (("attributes", "ATTRIBUTE"), ("counters", "COUNTER"), ("tiers", "TIER")):
        left = {key: value for key, value in getattr(stored, name).items() if value is not None}
        assert {key: value for key, value in followed[state_type].items() if value is not None} == left
