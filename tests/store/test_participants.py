import asyncio
from typing import Any
from uuid import UUID, uuid4

from sqlmodel import col, func, select

from store.database import Database
from store.paging import PageRequest
from store.participants import (
    delete_participant,
    get_participant,
    list_participants,
    participant_by_external_id,
    upsert_participant,
)
from store.programs import get_program
from store.tables import Participant, Program

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


async def upsert(
    database: Database, program_id: UUID, external_id: str, **values: Any
) -> tuple[Participant, bool]:
    async with database.transaction() as session:
        return await upsert_participant(session, program_id, external_id, values)


async def count(database: Database, program_id: UUID) -> int:
    statement = select(func.count()).where(col(Participant.program_id) == program_id)
    async with database.transaction() as session:
        return (await session.exec(statement)).one()


async def test_a_new_participant_is_stored_whole(database: Database, program_id: UUID) -> None:
    stored, created = await upsert(database, program_id, "c-1", **WHOLE)
    assert created
    assert {name: getattr(stored, name) for name in WHOLE} == WHOLE


async def test_a_participant_is_created_with_defaults(database: Database, program_id: UUID) -> None:
    stored, created = await upsert(database, program_id, "c-1")
    assert created
    assert (stored.status, stored.tags, stored.attributes, stored.email) == ("ACTIVE", [], {}, None)


async def test_an_upsert_changes_only_the_fields_it_gives(database: Database, program_id: UUID) -> None:
    before, _ = await upsert(database, program_id, "c-1", **WHOLE)
    changes: list[dict[str, Any]] = [
        {},
        {"first_name": "Bo"},
        {"email": None, "tags": []},
        {"attributes": {"size": 1}, "status": "ACTIVE"},
    ]
    expected = dict(WHOLE)
    for change in changes:
        after, created = await upsert(database, program_id, "c-1", **change)
        expected |= change
        assert not created
        assert {name: getattr(after, name) for name in WHOLE} == expected
        assert (after.id, after.created_at) == (before.id, before.created_at)
        assert after.updated_at > before.updated_at


async def test_concurrent_upserts_of_one_person_give_one_row_and_lose_no_field(
    database: Database, program_id: UUID
) -> None:
    fields = ["first_name", "last_name", "display_name", "locale", "email", "phone"]
    answers = await asyncio.gather(*(upsert(database, program_id, "c-1", **{name: name}) for name in fields))
    assert await count(database, program_id) == 1
    assert sum(created for _, created in answers) == 1
    assert len({stored.id for stored, _ in answers}) == 1
    async with database.transaction() as session:
        stored = await participant_by_external_id(session, program_id, "c-1")
    assert stored is not None
    assert {name: getattr(stored, name) for name in fields} == {name: name for name in fields}


async def test_two_programs_may_know_someone_by_the_same_id(database: Database, program_id: UUID) -> None:
    async with database.transaction() as session:
        other = Program(name="Other")
        session.add(other)
    first, _ = await upsert(database, program_id, "c-1", first_name="Ana")
    second, created = await upsert(database, other.id, "c-1", first_name="Bo")
    assert created
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


async def test_a_deleted_participant_can_come_back_as_someone_new(
    database: Database, program_id: UUID
) -> None:
    before, _ = await upsert(database, program_id, "c-1", **WHOLE)
    async with database.transaction() as session:
        await delete_participant(session, before)
    after, created = await upsert(database, program_id, "c-1")
    assert created
    assert after.id != before.id
    assert after.email is None


async def test_people_go_with_their_program(database: Database, program_id: UUID) -> None:
    await upsert(database, program_id, "c-1")
    async with database.transaction() as session:
        await session.delete(await get_program(session, program_id))
    assert await count(database, program_id) == 0
