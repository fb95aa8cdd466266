"""Counters: each change counts once, whoever else changes them at the same time."""

import asyncio
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg.errors import LockNotAvailable
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from domain.counters import CounterError
from domain.events import API_SOURCE, EventKind
from store.counters import add_to_counters, count_events
from store.database import Database
from store.participants import Lock, Upserted, erase_participant, get_participant, upsert_participant
from store.programs import get_program
from store.tables import Event, Program

COUNTERS = {
    "lifetime_spend": {"event_type": "purchase", "add": "amount"},
    "orders": {"event_type": "purchase"},
    "visits": {"event_type": "visit"},
}


async def program_of(session: Any, program_id: UUID, **settings: Any) -> Program:
    program = await get_program(session, program_id)
    assert program is not None
    if settings:
        program.settings = settings
    return program


async def person(database: Database, program_id: UUID, **counters: Any) -> UUID:
    async with database.transaction() as session:
        program = await program_of(session, program_id)
        return (await upsert_participant(session, program, "c-1", {"counters": counters})).after.id


async def add(database: Database, program_id: UUID, participant_id: UUID, **changes: Any) -> Upserted | None:
    numbers = {name: Decimal(str(change)) for name, change in changes.items()}
    async with database.transaction() as session:
        program = await program_of(session, program_id)
        return await add_to_counters(session, program, participant_id, numbers)


async def stored(database: Database, program_id: UUID, participant_id: UUID) -> dict[str, Any]:
    async with database.transaction() as session:
        found = await get_participant(session, program_id, participant_id)
    assert found is not None
    return found.counters


def an_event(program_id: UUID, participant_id: UUID | None, **data: Any) -> Event:
    return Event(
        program_id=program_id,
        participant_id=participant_id,
        kind=EventKind.EXTERNAL.value,
        type=data.setdefault("type", "purchase"),
        event_data=data,
        payload_hash="",
        source=API_SOURCE,
    )


async def count(
    database: Database, program_id: UUID, participant_id: UUID | None, settings: Any = COUNTERS, **data: Any
) -> None:
    await count_all(database, program_id, [an_event(program_id, participant_id, **data)], settings)


async def count_all(
    database: Database, program_id: UUID, events: list[Event], settings: Any = COUNTERS
) -> None:
    async with database.transaction() as session:
        program = await program_of(session, program_id, counters=settings)
        await count_events(session, program, events, datetime.now(UTC))


async def test_counters_are_added_to_and_the_others_stay(database: Database, program_id: UUID) -> None:
    someone = await person(database, program_id, points=3, level=1)
    added = await add(database, program_id, someone, points=5, orders=-1)
    assert added is not None
    assert added.before is not None
    assert added.before.counters == {"points": 3, "level": 1}
    assert added.after.counters == {"points": 8, "level": 1, "orders": -1}


async def test_of_many_at_once_none_is_lost(database: Database, program_id: UUID) -> None:
    someone = await person(database, program_id)
    await asyncio.gather(*(add(database, program_id, someone, points=1, spend="0.1") for _ in range(50)))
    assert await stored(database, program_id, someone) == {"points": 50, "spend": 5}


async def test_all_are_added_or_none(database: Database, program_id: UUID) -> None:
    someone = await person(database, program_id, points=3, level="gold")
    with pytest.raises(CounterError) as refused:
        await add(database, program_id, someone, points=5, level=1)
    assert refused.value.counter == "level"
    assert await stored(database, program_id, someone) == {"points": 3, "level": "gold"}


async def test_nobody_has_counters_who_is_not_in_the_program(database: Database, program_id: UUID) -> None:
    assert await add(database, program_id, uuid4(), points=1) is None
    someone = await person(database, program_id)
    async with database.transaction() as session:
        other = Program(name="Other")
        session.add(other)
    assert await add(database, other.id, someone, points=1) is None


@pytest.mark.parametrize(
    ("amount", "counters"),
    [
        (12, {"lifetime_spend": 12, "orders": 1}),
        ("42.50", {"lifetime_spend": 42.5, "orders": 1}),
        (-2.5, {"lifetime_spend": -2.5, "orders": 1}),
        ("a lot", {"orders": 1}),
        (None, {"orders": 1}),
        (True, {"orders": 1}),
        ({"value": 3}, {"orders": 1}),
        (2**70, {"orders": 1}),
    ],
    ids=repr,
)
async def test_an_event_adds_what_can_be_used_of_it(
    database: Database, program_id: UUID, amount: object, counters: dict[str, object]
) -> None:
    someone = await person(database, program_id)
    await count(database, program_id, someone, amount=amount)
    assert await stored(database, program_id, someone) == counters


@pytest.mark.parametrize(
    "data",
    [{"type": "refund", "amount": 3}, {"type": "Purchase"}],
    ids=["another type", "another case"],
)
async def test_an_event_of_another_type_changes_nothing(
    database: Database, program_id: UUID, data: dict[str, object]
) -> None:
    someone = await person(database, program_id, orders=1)
    await count(database, program_id, someone, **data)
    assert await stored(database, program_id, someone) == {"orders": 1}


async def test_an_event_of_nobody_changes_nothing(database: Database, program_id: UUID) -> None:
    someone = await person(database, program_id, orders=1)
    await count(database, program_id, None)
    await count(database, program_id, uuid4())
    assert await stored(database, program_id, someone) == {"orders": 1}


async def test_events_of_several_people_and_types_are_counted_together(
    database: Database, program_id: UUID
) -> None:
    async with database.transaction() as session:
        program = await program_of(session, program_id)
        people = [
            (await upsert_participant(session, program, name, {"counters": {"orders": 1}})).after.id
            for name in ("ana", "bo")
        ]
    said: list[tuple[UUID, dict[str, Any]]] = [
        (people[0], {"amount": "0.1"}),
        (people[1], {"type": "visit"}),
        (people[0], {"amount": "0.2"}),
        (people[0], {"type": "visit"}),
        (people[1], {"amount": "a lot"}),
    ]
    await count_all(database, program_id, [an_event(program_id, who, **data) for who, data in said])
    assert await stored(database, program_id, people[0]) == {"lifetime_spend": 0.3, "orders": 3, "visits": 1}
    assert await stored(database, program_id, people[1]) == {"orders": 2, "visits": 1}


async def test_a_counter_that_cannot_be_changed_stays_and_the_others_count(
    database: Database, program_id: UUID
) -> None:
    someone = await person(database, program_id, lifetime_spend="much", orders=2)
    await count(database, program_id, someone, amount=3)
    assert await stored(database, program_id, someone) == {"lifetime_spend": "much", "orders": 3}


@pytest.mark.parametrize("settings", [None, [], {"orders": "purchase"}, {"orders": {}}], ids=repr)
async def test_settings_that_were_stored_unchecked_count_nothing(
    database: Database, program_id: UUID, settings: object
) -> None:
    someone = await person(database, program_id, orders=1)
    await count(database, program_id, someone, settings)
    assert await stored(database, program_id, someone) == {"orders": 1}


async def test_of_many_events_at_once_none_is_lost(database: Database, program_id: UUID) -> None:
    someone = await person(database, program_id)
    async with database.transaction() as session:
        await program_of(session, program_id, counters=COUNTERS)
    events = [{"type": "purchase", "amount": "0.10"}, {"type": "visit"}] * 10
    await asyncio.gather(*(count(database, program_id, someone, **dict(event)) for event in events))
    assert await stored(database, program_id, someone) == {"lifetime_spend": 1, "orders": 10, "visits": 10}


async def test_while_an_event_is_stored_its_participant_can_change_but_not_be_erased(
    database: Database, program_id: UUID
) -> None:
    someone = await person(database, program_id)
    async with database.transaction() as storing:
        assert await get_participant(storing, program_id, someone, Lock.AGAINST_ERASURE) is not None
        assert await add(database, program_id, someone, points=1) is not None
        with pytest.raises(OperationalError) as refused:
            async with database.transaction() as erasing:
                await erasing.execute(text("SET LOCAL lock_timeout = '50ms'"))
                await erase_participant(erasing, program_id, someone)
        assert isinstance(refused.value.orig, LockNotAvailable)
