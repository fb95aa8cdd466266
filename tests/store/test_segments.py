"""Segments as rows: found by program, refreshed in turn, gone with their members."""

from datetime import timedelta
from uuid import UUID

from store.database import Database
from store.paging import PageRequest
from store.segments import (
    count_segments,
    delete_segment,
    due_segments,
    get_segment,
    list_segments,
    lock_segment,
    segment_name_is_taken,
)
from store.tables import Program
from tests.store.segmenting import NOON, add_segment, members, put_in
from tests.store.watching import add_people

MINUTE = timedelta(minutes=1)


async def due(database: Database, program_id: UUID) -> list[str]:
    """The names of the program's due segments at NOON, when those evaluated before NOON are."""
    async with database.transaction() as session:
        found = [await get_segment(session, program_id, one) for one in await due_segments(session, NOON)]
    return [segment.name for segment in found if segment is not None]


async def test_requested_ones_come_first_and_then_those_not_evaluated_for_longest(
    database: Database, program_id: UUID
) -> None:
    for name, attempted, requested in (
        ("old", NOON - 2 * MINUTE, None),
        ("older", NOON - 3 * MINUTE, None),
        ("fresh", NOON, None),
        ("asked for", NOON + MINUTE, NOON + MINUTE),
        ("new", None, NOON - MINUTE),
    ):
        await add_segment(
            database, program_id, name=name, attempted_at=attempted, refresh_requested_at=requested
        )
    assert await due(database, program_id) == ["new", "asked for", "older", "old"]


async def test_a_segment_belongs_to_one_program(database: Database, program_id: UUID) -> None:
    async with database.transaction() as session:
        other = Program(name="Other")
        session.add(other)
    segment_id = await add_segment(database, program_id, name="VIPs")
    async with database.transaction() as session:
        assert await get_segment(session, other.id, segment_id) is None
        assert await lock_segment(session, other.id, segment_id) is None
        assert (await list_segments(session, other.id, PageRequest(5))).rows == []
        assert [await count_segments(session, one) for one in (program_id, other.id)] == [1, 0]
        assert await segment_name_is_taken(session, program_id, "VIPs")
        assert not await segment_name_is_taken(session, program_id, "VIPs", besides=segment_id)
        assert not await segment_name_is_taken(session, other.id, "VIPs")


async def test_a_deleted_segment_takes_its_members_along(database: Database, program_id: UUID) -> None:
    (person,) = await add_people(database, program_id, {})
    kept, deleted = await add_segment(database, program_id), await add_segment(database, program_id)
    for segment_id in (kept, deleted):
        await put_in(database, segment_id, person)
    async with database.transaction() as session:
        segment = await lock_segment(session, program_id, deleted)
        assert segment is not None
        await delete_segment(session, segment)
    assert await members(database, deleted) == {}
    assert set(await members(database, kept)) == {person}
    async with database.transaction() as session:
        assert await get_segment(session, program_id, deleted) is None
