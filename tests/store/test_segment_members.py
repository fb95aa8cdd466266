"""Memberships as expressions and lists read them."""

from datetime import timedelta
from uuid import UUID, uuid4

from store.database import Database
from store.ledger import pending_rows
from store.paging import PageRequest
from store.participants import erase_participant
from store.segment_members import list_members, with_segments
from tests.store.records import add_run
from tests.store.segmenting import NOON, add_segment, members, put_in
from tests.store.watching import DAILY, add_people, add_watching, change_person, refresh, standings


async def test_rows_are_read_with_the_segments_of_their_participants_in_order(
    database: Database, program_id: UUID
) -> None:
    one, other = await add_people(database, program_id, {}, {})
    segments = sorted([await add_segment(database, program_id) for _ in range(3)])
    for segment_id in reversed(segments):
        await put_in(database, segment_id, one)
    async with database.transaction() as session:
        rows = await with_segments(session, [{"id": one, "email": "a"}, {"id": other, "email": "b"}])
        assert await with_segments(session, []) == []
    assert rows == [
        {"id": one, "email": "a", "segments": [str(segment_id) for segment_id in segments]},
        {"id": other, "email": "b", "segments": []},
    ]


async def test_rows_of_a_run_are_read_with_them_too(database: Database, program_id: UUID) -> None:
    run_id, segment_id = (
        await add_run(database, program_id, people=2),
        await add_segment(database, program_id),
    )
    async with database.transaction() as session:
        first, second = await pending_rows(session, run_id, 0, 2, ("segments",), 10)
        assert first["segments"] == second["segments"] == []
    await put_in(database, segment_id, first["participant_id"])
    async with database.transaction() as session:
        rows = await pending_rows(session, run_id, 0, 2, ("segments", "tags"), 10)
    assert [row["segments"] for row in rows] == [[str(segment_id)], []]


async def test_subscriptions_are_of_those_in_a_segment(database: Database, program_id: UUID) -> None:
    member, other = await add_people(database, program_id, {}, {})
    segment_id = await add_segment(database, program_id)
    automation_id = await add_watching(
        database, program_id, **DAILY, participant_filter=f'in_segment("{segment_id}")'
    )
    await put_in(database, segment_id, member)
    for person in (member, other):
        await change_person(database, person, first_name="Ada")
    assert set(await standings(database, automation_id)) == {member}
    await put_in(database, segment_id, other)
    assert await refresh(database, automation_id) == (2, 1, 0)
    assert set(await standings(database, automation_id)) == {member, other}


async def test_members_are_listed_page_by_page_those_who_entered_last_first(
    database: Database, program_id: UUID
) -> None:
    people = await add_people(database, program_id, {}, {}, {})
    segment_id = await add_segment(database, program_id)
    for minute, person in enumerate(people):
        await put_in(database, segment_id, person, at=NOON + timedelta(minutes=minute))
    await put_in(database, await add_segment(database, program_id), people[0])
    seen, cursor = [], None
    async with database.transaction() as session:
        while not seen or cursor is not None:
            page = await list_members(session, segment_id, PageRequest(2, cursor))
            seen += page.rows
            cursor = page.next_cursor
    assert [row.participant_id for row in seen] == list(reversed(people))
    assert seen[0].entered_at == NOON + timedelta(minutes=2)
    assert all(row.external_id for row in seen)


async def test_a_member_who_is_no_participant_is_not_listed(database: Database, program_id: UUID) -> None:
    segment_id = await add_segment(database, program_id)
    await put_in(database, segment_id, uuid4())
    async with database.transaction() as session:
        assert (await list_members(session, segment_id, PageRequest(5))).rows == []


async def test_who_is_erased_is_in_no_segment_any_more(database: Database, program_id: UUID) -> None:
    erased, other = await add_people(database, program_id, {}, {})
    segments = [await add_segment(database, program_id) for _ in range(2)]
    for segment_id in segments:
        await put_in(database, segment_id, erased, other)
    async with database.transaction() as session:
        assert await erase_participant(session, program_id, erased)
    for segment_id in segments:
        assert set(await members(database, segment_id)) == {other}
