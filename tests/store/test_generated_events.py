"""Events that tell rules of people: where one listens, and what they say."""

from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import col, select

from domain.participant_columns import ColumnMapping
from store.database import Database
from store.generated_events import GeneratedEvent, emit_if_listened, listened_types
from store.participant_import import import_participants, read_chunks
from store.participants import (
    Lock,
    change_participant,
    create_participants,
    get_participant,
    hold_participants,
    upsert_participant,
)
from store.programs import get_program
from store.tables import Event, Participant, Program
from tests.store.listening import listen_to

OF_PEOPLE = ("participant.created", "participant.updated")


async def upsert(
    database: Database, program_id: UUID, external_id: str = "ana", source: str = "api", **values: Any
) -> Participant:
    async with database.transaction() as session:
        program = await session.get_one(Program, program_id)
        return (await upsert_participant(session, program, external_id, values, source)).after


async def create(database: Database, program_id: UUID, *external_ids: str) -> dict[str, UUID]:
    async with database.transaction() as session:
        program = await session.get_one(Program, program_id)
        return await create_participants(session, program, dict.fromkeys(external_ids, "event:purchase"))


async def imported(database: Database, program_id: UUID, content: str) -> None:
    await import_participants(
        database, program_id, read_chunks(BytesIO(content.encode())), ColumnMapping.parse(())
    )


async def events(database: Database, program_id: UUID) -> list[Event]:
    statement = select(Event).where(col(Event.program_id) == program_id).order_by(col(Event.seq))
    async with database.transaction() as session:
        return list((await session.exec(statement)).all())


async def told(database: Database, program_id: UUID) -> list[tuple[str, list[str], str]]:
    return [
        (one.type, one.event_data["changed"], one.event_data["source"])
        for one in await events(database, program_id)
    ]


async def test_only_active_rules_of_the_program_listen(database: Database, program_id: UUID) -> None:
    async with database.transaction() as session:
        other = Program(name="Other")
        session.add(other)
    await listen_to(database, program_id, "purchase", "purchase", "visit")
    await listen_to(database, program_id, "refund", is_active=False)
    await listen_to(database, other.id, "login")
    async with database.transaction() as session:
        assert await listened_types(session, program_id) == {"purchase", "visit"}


async def test_where_nobody_listens_nothing_is_stored(database: Database, program_id: UUID) -> None:
    await listen_to(database, program_id, *OF_PEOPLE, is_active=False)
    await upsert(database, program_id, email="a@example.org")
    await create(database, program_id, "bo")
    await imported(database, program_id, "external_id,email\ncy,c@example.org\nana,b@example.org\n")
    assert await events(database, program_id) == []


async def test_only_what_is_listened_to_is_stored(database: Database, program_id: UUID) -> None:
    await listen_to(database, program_id, "participant.updated")
    await upsert(database, program_id)
    await upsert(database, program_id, tags=["vip"])
    assert await told(database, program_id) == [("participant.updated", ["tags"], "api")]


async def test_each_write_of_a_participant_is_an_event_of_theirs(
    database: Database, program_id: UUID
) -> None:
    await listen_to(database, program_id, *OF_PEOPLE)
    person = await upsert(database, program_id, email="a@example.org", counters={"orders": 1})
    await upsert(database, program_id, source="event:visit", counters={"orders": 2, "visits": 1})
    await upsert(database, program_id, email="a@example.org")
    async with database.transaction() as session:
        program = await get_program(session, program_id)
        locked = await get_participant(session, program_id, person.id, Lock.AGAINST_CHANGE)
        assert program is not None and locked is not None
        await change_participant(session, program, locked, {"email": "b@example.org", "tags": ["vip"]})
    assert await told(database, program_id) == [
        ("participant.created", ["counters.orders", "email"], "api"),
        ("participant.updated", ["counters.orders", "counters.visits"], "event:visit"),
        ("participant.updated", ["email", "tags"], "api"),
    ]
    stored = await events(database, program_id)
    assert {(one.kind, one.source, one.participant_id, one.status) for one in stored} == {
        ("SYSTEM", "participant", person.id, "RECEIVED")
    }
    assert "example.org" not in str([one.event_data for one in stored])


async def test_an_import_tells_of_those_whom_it_creates_and_changes(
    database: Database, program_id: UUID
) -> None:
    same = await upsert(database, program_id, "same", email="s@example.org")
    changed = await upsert(database, program_id, "changed", tags=["old"], counters={"orders": 1})
    await listen_to(database, program_id, *OF_PEOPLE)
    await imported(
        database,
        program_id,
        "external_id,email,tags,counters.orders,attributes.city\n"
        "new,n@example.org,,,Lugo\n"
        "same,s@example.org,,,\n"
        "changed,,new|old,3,\n",
    )
    stored = await events(database, program_id)
    assert sorted(await told(database, program_id)) == [
        ("participant.created", ["attributes.city", "email"], "import"),
        ("participant.updated", ["counters.orders", "tags"], "import"),
    ]
    assert {one.participant_id for one in stored if one.type == "participant.updated"} == {changed.id}
    assert same.id not in {one.participant_id for one in stored}


async def test_several_participants_are_created_and_told_of_at_once(
    database: Database, program_id: UUID
) -> None:
    await listen_to(database, program_id, "participant.created")
    before = await upsert(database, program_id, "bo")
    created = await create(database, program_id, "cy", "bo", "ana")
    assert created.keys() == {"ana", "bo", "cy"}
    assert created["bo"] == before.id
    assert await told(database, program_id) == [
        ("participant.created", [], "api"),
        *[("participant.created", [], "event:purchase")] * 2,
    ]
    async with database.transaction() as session:
        held = await hold_participants(session, program_id, [before.id, uuid4()], ["ana", "nobody"])
        elsewhere = await hold_participants(session, uuid4(), [before.id], ["ana"])
    assert held == {before.id: "bo", created["ana"]: "ana"}
    assert elsewhere == {}


@pytest.mark.parametrize("listened", [True, False])
async def test_an_emitted_event_keeps_what_it_is_about_and_what_led_to_it(
    database: Database, program_id: UUID, listened: bool
) -> None:
    if listened:
        await listen_to(database, program_id, "noted")
    person, conversation, cause, *rules = (uuid4() for _ in range(5))
    event = GeneratedEvent(
        {"type": "noted", "n": 1},
        "rule",
        participant_id=person,
        conversation_id=conversation,
        channel_source="sms",
        causation_id=cause,
        rule_chain=rules,
    )
    async with database.transaction() as session:
        await emit_if_listened(session, program_id, [event, GeneratedEvent({"type": "unheard"}, "rule")])
    stored = await events(database, program_id)
    assert [
        (one.participant_id, one.conversation_id, one.channel_source, one.causation_id, one.rule_chain)
        for one in stored
    ] == [(person, conversation, "sms", cause, rules)] * listened
