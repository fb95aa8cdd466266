import asyncio
from typing import Any
from uuid import UUID, uuid4

from sqlmodel import col, func, select

from domain.events import EventKind
from store.database import Database
from store.paging import PageRequest
from store.participants import (
    Lock,
    Upserted,
    change_participant,
    erase_participant,
    get_participant,
    list_participants,
    participant_by_external_id,
    upsert_participant,
)
from store.programs import get_program
from store.tables import Event, Participant, Program

WHOLE: dict[str, Any] = {
    "email": "ana@example.org",
    "phone": "+34600000001",
    "first_name": "Ana",
    "last_name": "Nuñez",
    "display_name": "Ana N.",
    "locale": "es-ES",
    "timezone": "Europe/Madrid",
    "attributes": {"city": "Málaga", "deep": {"list": [1, 2.5, None]}},
    "counters": {"points": 3},
    "tags": ["vip", "new"],
    "tiers": {"loyalty": "gold"},
    "consent": {"email": "subscribed"},
    "status": "SUSPENDED",
}


async def upsert(database: Database, program_id: UUID, external_id: str, **values: Any) -> Upserted:
    async with database.transaction() as session:
        program = await get_program(session, program_id)
        assert program is not None
        return await upsert_participant(session, program, external_id, values)


async def count(database: Database, program_id: UUID) -> int:
    statement = select(func.count()).where(col(Participant.program_id) == program_id)
    async with database.transaction() as session:
        return (await session.exec(statement)).one()


async def test_a_new_participant_is_stored_whole(database: Database, program_id: UUID) -> None:
    answer = await upsert(database, program_id, "c-1", **WHOLE)
    assert answer.created
    assert answer.before is None
    assert {name: getattr(answer.after, name) for name in WHOLE} == WHOLE


async def test_a_participant_is_created_with_defaults(database: Database, program_id: UUID) -> None:
    answer = await upsert(database, program_id, "c-1")
    stored = answer.after
    assert answer.created
    assert (stored.status, stored.tags, stored.attributes, stored.email) == ("ACTIVE", [], {}, None)


async def test_an_upsert_changes_only_the_fields_it_gives(database: Database, program_id: UUID) -> None:
    before = (await upsert(database, program_id, "c-1", **WHOLE)).after
    changes: list[dict[str, Any]] = [
        {},
        {"first_name": "Bo"},
        {"email": None, "tags": []},
        {"attributes": {"size": 1}, "status": "ACTIVE"},
    ]
    expected = dict(WHOLE)
    for change in changes:
        answer = await upsert(database, program_id, "c-1", **change)
        after = answer.after
        assert answer.before is not None
        assert {name: getattr(answer.before, name) for name in WHOLE} == expected
        expected |= change
        assert not answer.created
        assert {name: getattr(after, name) for name in WHOLE} == expected
        assert (after.id, after.created_at) == (before.id, before.created_at)
        assert after.updated_at > before.updated_at


async def test_concurrent_upserts_of_one_person_give_one_row_and_lose_no_field(
    database: Database, program_id: UUID
) -> None:
    fields = ["first_name", "last_name", "display_name", "locale", "email", "phone"]
    answers = await asyncio.gather(*(upsert(database, program_id, "c-1", **{name: name}) for name in fields))
    assert await count(database, program_id) == 1
    assert sum(answer.created for answer in answers) == 1
    assert len({answer.after.id for answer in answers}) == 1
    async with database.transaction() as session:
        stored = await participant_by_external_id(session, program_id, "c-1")
    assert stored is not None
    assert {name: getattr(stored, name) for name in fields} == {name: name for name in fields}


async def test_two_programs_may_know_someone_by_the_same_id(database: Database, program_id: UUID) -> None:
    async with database.transaction() as session:
        other = Program(name="Other")
        session.add(other)
    first = (await upsert(database, program_id, "c-1", first_name="Ana")).after
    answer = await upsert(database, other.id, "c-1", first_name="Bo")
    second = answer.after
    assert answer.created
    assert first.id != second.id
    async with database.transaction() as session:
        assert await get_participant(session, program_id, second.id) is None
        assert await get_participant(session, other.id, second.id) is not None
        assert await get_participant(session, program_id, uuid4()) is None


async def test_participants_are_listed_by_status(database: Database, program_id: UUID) -> None:
    await upsert(database, program_id, "a")
    await upsert(database, program_id, "b", status="CLOSED")
    async with database.transaction() as session:
        everyone = await list_participants(session, program_id, None, PageRequest(10))
        closed = await list_participants(session, program_id, "CLOSED", PageRequest(10))
    assert [person.external_id for person in everyone.rows] == ["b", "a"]
    assert [person.external_id for person in closed.rows] == ["b"]


async def test_an_erased_participant_can_come_back_as_someone_new(
    database: Database, program_id: UUID
) -> None:
    before = (await upsert(database, program_id, "c-1", **WHOLE)).after
    async with database.transaction() as session:
        assert await erase_participant(session, program_id, before.id)
        assert not await erase_participant(session, program_id, before.id)
    answer = await upsert(database, program_id, "c-1")
    assert answer.created
    assert answer.after.id != before.id
    assert answer.after.email is None


async def test_of_someones_events_erasing_empties_those_that_were_sent(
    database: Database, program_id: UUID
) -> None:
    person = (await upsert(database, program_id, "c-1")).after
    events = [
        Event(
            program_id=program_id,
            participant_id=participant_id,
            kind=kind.value,
            type="hello",
            event_data={"type": "hello", "text": "Ana"},
            payload_hash="",
            source="api",
        )
        for participant_id, kind in (
            (person.id, EventKind.EXTERNAL),
            (person.id, EventKind.SYSTEM),
            (uuid4(), EventKind.EXTERNAL),
            (None, EventKind.EXTERNAL),
        )
    ]
    async with database.transaction() as session:
        session.add_all(events)
    async with database.transaction() as session:
        await erase_participant(session, program_id, person.id)
    async with database.transaction() as session:
        left = [await session.get(Event, event.id) for event in events]
    assert [event and event.event_data for event in left] == [
        {"type": "hello", "erased": True},
        *[{"type": "hello", "text": "Ana"}] * 3,
    ]


async def test_nobody_is_erased_through_another_program(database: Database, program_id: UUID) -> None:
    person = (await upsert(database, program_id, "c-1")).after
    async with database.transaction() as session:
        other = Program(name="Other")
        session.add(other)
    async with database.transaction() as session:
        assert not await erase_participant(session, other.id, person.id)
        assert await get_participant(session, program_id, person.id) is not None


async def test_each_change_starts_from_what_the_one_before_it_left(
    database: Database, program_id: UUID
) -> None:
    tags = [str(number) for number in range(10)]
    answers = await asyncio.gather(*(upsert(database, program_id, "c-1", tags=[tag]) for tag in tags))
    created = [answer.after.tags for answer in answers if answer.before is None]
    seen = [answer.before.tags for answer in answers if answer.before is not None]
    async with database.transaction() as session:
        last = await participant_by_external_id(session, program_id, "c-1")
    assert last is not None
    assert len(created) == 1
    assert sorted([*seen, last.tags]) == [[tag] for tag in tags]


async def test_a_locked_participant_is_read_as_whoever_held_it_left_it(
    database: Database, program_id: UUID
) -> None:
    person = (await upsert(database, program_id, "c-1", first_name="Ana")).after

    async def rename(name: str) -> str | None:
        async with database.transaction() as session:
            program = await get_program(session, program_id)
            assert program is not None
            await get_participant(session, program_id, person.id)
            locked = await get_participant(session, program_id, person.id, Lock.AGAINST_CHANGE)
            assert locked is not None
            changed = await change_participant(session, program, locked, {"first_name": name})
            assert changed.before is not None
            return changed.before.first_name

    before = await asyncio.gather(*(rename(name) for name in ("Bo", "Cy", "Di")))
    assert len(set(before)) == 3
    assert "Ana" in before


async def test_people_go_with_their_program(database: Database, program_id: UUID) -> None:
    await upsert(database, program_id, "c-1")
    async with database.transaction() as session:
        await session.delete(await get_program(session, program_id))
    assert await count(database, program_id) == 0
