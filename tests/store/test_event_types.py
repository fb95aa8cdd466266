"""The catalogue of event types, learned from events."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from store import event_types
from store.database import Database
from store.event_types import SeenEvent, get_event_type, learn_event_types, list_event_types
from store.paging import InvalidCursorError, PageRequest
from store.tables import EventType

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def purchase(program_id: UUID, source: str = "api", **data: Any) -> SeenEvent:
    return SeenEvent(program_id, "purchase", source, {"type": "purchase"} | data)


async def learn(database: Database, *seen: SeenEvent, now: datetime = NOON) -> None:
    async with database.transaction() as session:
        await learn_event_types(session, seen, now)


async def known(database: Database, program_id: UUID, type_: str = "purchase") -> EventType | None:
    async with database.transaction() as session:
        return await get_event_type(session, program_id, type_)


async def forget(database: Database, program_id: UUID) -> None:
    """Take out of the record what was learned, so that it shows when something is written again."""
    async with database.transaction() as session:
        await session.execute(text("DELETE FROM event_type WHERE program_id = :id"), {"id": program_id})


async def test_what_events_hold_is_learned_from_all_of_them(database: Database, program_id: UUID) -> None:
    await learn(
        database,
        purchase(program_id, amount=1, lines=[]),
        purchase(program_id, "automation", amount="1", customer={"plan": "pro"}),
        SeenEvent(program_id, "visit", "api", {"type": "visit"}),
    )
    await learn(database, purchase(program_id, coupon=None), now=NOON + SECOND)
    found = await known(database, program_id)
    assert found is not None
    assert found.properties == {
        "type": "string",
        "amount": "mixed",
        "lines": "array",
        "customer": "object",
        "customer.plan": "string",
        "coupon": "null",
    }
    assert found.sources == ["api", "automation"]
    assert (found.first_seen_at, found.last_seen_at) == (NOON, NOON + SECOND)
    visit = await known(database, program_id, "visit")
    assert visit is not None
    assert visit.properties == {"type": "string"}


@pytest.mark.parametrize(
    ("seen", "later", "written"),
    [
        ({"amount": 2}, SECOND, False),
        ({}, SECOND, False),
        ({"amount": None}, SECOND, False),
        ({"amount": 2}, MINUTE, True),
        ({"amount": "2"}, SECOND, True),
        ({"coupon": 1}, SECOND, True),
        ({"source": "automation"}, SECOND, True),
    ],
    ids=str,
)
async def test_it_is_written_only_when_there_is_something_new_or_a_minute_has_passed(
    database: Database, program_id: UUID, seen: dict[str, Any], later: timedelta, written: bool
) -> None:
    await learn(database, purchase(program_id, amount=1))
    await forget(database, program_id)
    await learn(database, purchase(program_id, **seen), now=NOON + later)
    assert (await known(database, program_id) is not None) is written


async def test_what_is_rolled_back_is_learned_again(database: Database, program_id: UUID) -> None:
    with pytest.raises(ValueError, match="the batch failed"):
        async with database.transaction() as session:
            await learn_event_types(session, [purchase(program_id, amount=1)], NOON)
            raise ValueError("the batch failed")
    assert await known(database, program_id) is None
    await learn(database, purchase(program_id, amount=1))
    found = await known(database, program_id)
    assert found is not None
    assert found.properties["amount"] == "number"


async def test_another_process_adds_to_what_is_known_already(
    database: Database, program_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    await learn(database, purchase(program_id, amount=1), now=NOON + MINUTE)
    monkeypatch.setattr(event_types, "_known", type(event_types._known)())
    await learn(database, purchase(program_id, "automation", coupon="x"), now=NOON)
    found = await known(database, program_id)
    assert found is not None
    assert found.properties == {"type": "string", "amount": "number", "coupon": "string"}
    assert found.sources == ["api", "automation"]
    assert (found.first_seen_at, found.last_seen_at) == (NOON + MINUTE, NOON + MINUTE)


async def test_those_who_learn_at_once_lose_nothing(database: Database, program_id: UUID) -> None:
    def seen(number: int) -> list[SeenEvent]:
        both = [
            SeenEvent(program_id, type_, "api", {"type": type_, str(number): 1}) for type_ in ("t-1", "t-2")
        ]
        return both[:: 1 - 2 * (number % 2)]

    await asyncio.gather(*(learn(database, *seen(number)) for number in range(10)))
    for type_ in ("t-1", "t-2"):
        found = await known(database, program_id, type_)
        assert found is not None
        assert found.properties.keys() == {"type", *(str(number) for number in range(10))}


async def test_no_more_is_remembered_than_its_bound(
    database: Database, program_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_types, "REMEMBERED", 2)
    monkeypatch.setattr(event_types, "_known", type(event_types._known)())
    for number in range(5):
        await learn(database, SeenEvent(program_id, f"t-{number}", "api", {"type": "t"}))
    assert list(event_types._known) == [(program_id, "t-3"), (program_id, "t-4")]


async def test_nothing_seen_is_nothing_learned(database: Database, program_id: UUID) -> None:
    await learn(database)
    async with database.transaction() as session:
        assert (await list_event_types(session, program_id, PageRequest(10))).rows == []


async def test_the_list_is_newest_first_and_comes_in_pages(database: Database, program_id: UUID) -> None:
    # Of three that were seen in the same instant none is lost between two pages.
    for number in range(3):
        seen = [SeenEvent(program_id, f"t-{number}-{n}", "api", {"type": "t"}) for n in range(3)]
        await learn(database, *seen, now=NOON + number * MINUTE)
    await learn(
        database, SeenEvent(program_id, "t-0-0", "api", {"type": "t", "new": 1}), now=NOON + 9 * MINUTE
    )
    found: list[str] = []
    cursor: str | None = None
    async with database.transaction() as session:
        while True:
            page = await list_event_types(session, program_id, PageRequest(2, cursor))
            found += [row.type for row in page.rows]
            cursor = page.next_cursor
            if cursor is None:
                break
        with pytest.raises(InvalidCursorError):
            await list_event_types(session, program_id, PageRequest(2, "forged"))
        assert (await list_event_types(session, uuid4(), PageRequest(2))).rows == []
    assert sorted(found) == [f"t-{number}-{n}" for number in range(3) for n in range(3)]
    assert [type_[:3] for type_ in found] == ["t-2"] * 3 + ["t-1"] * 3 + ["t-0"] * 3
