"""Pages of runs and events: by cursor and by number, over every filter."""

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.queue_status import QueueStatus
from domain.rules.rule import Gate
from store.database import Database
from store.paging import InvalidCursorError, plain_cursor
from store.queue_lists import EventsWanted, events_of, newest_with_payload
from store.rule_pages import RuleList, RulePage, RulePageRequest, Sorting, SortOrder, read_page
from store.rule_run_lists import RunsWanted, runs_of
from store.tables import Event, Program
from tests.store.rule_history import NOON, add_event, add_rule_run

OLDEST_FIRST = Sorting(order=SortOrder.ASC)


async def page_of(database: Database, listed: RuleList, **asked: Any) -> RulePage:
    async with database.transaction() as session:
        return await read_page(session, listed, RulePageRequest(**{"per_page": 50, **asked}))


async def ids(database: Database, listed: RuleList, **asked: Any) -> list[UUID]:
    return [row["id"] for row in (await page_of(database, listed, **asked)).rows]


async def walk(
    database: Database,
    listed: RuleList,
    per_page: int,
    sorting: Sorting,
    between: Callable[[], Any] | None = None,
) -> list[UUID]:
    """The whole list by its cursors; `between` is awaited before each page but the first."""
    found: list[UUID] = []
    cursor: str | None = None
    while True:
        page = await page_of(database, listed, per_page=per_page, cursor=cursor, sorting=sorting)
        assert len(page.rows) <= per_page
        found += [row["id"] for row in page.rows]
        cursor = page.next_cursor
        if cursor is None:
            return found
        if between is not None:
            await between()


async def add_program(database: Database) -> UUID:
    async with database.transaction() as session:
        program = Program(name="Club")
        session.add(program)
    return program.id


async def add_instants(database: Database, program_id: UUID, minutes: list[int]) -> list[UUID]:
    """Events at these minutes; their ids, the newest first."""
    events = [
        Event(
            id=uuid4(),
            program_id=program_id,
            kind="EXTERNAL",
            type="purchase",
            payload_hash="0" * 64,
            source="api",
            created_at=NOON + timedelta(minutes=minute),
        )
        for minute in minutes
    ]
    async with database.transaction() as session:
        session.add_all(events)
    return [
        event.id for event in sorted(events, key=lambda event: (event.created_at, event.id), reverse=True)
    ]


@settings(max_examples=25)
@given(st.lists(st.integers(0, 4), max_size=12), st.integers(1, 13), st.sampled_from(SortOrder))
async def test_pages_meet_without_gaps_or_repeats_even_within_one_instant(
    database: Database, minutes: list[int], per_page: int, order: SortOrder
) -> None:
    program_id = await add_program(database)
    expected = await add_instants(database, program_id, minutes)
    listed = events_of(program_id, EventsWanted())
    if order is SortOrder.ASC:
        expected.reverse()
    sorting = Sorting(order=order)
    assert await walk(database, listed, per_page, sorting) == expected
    by_number: list[UUID] = []
    for number in range(1, len(expected) // per_page + 2):
        by_number += await ids(database, listed, per_page=per_page, page=number, sorting=sorting)
    assert by_number == expected


@pytest.mark.parametrize("order", SortOrder)
@pytest.mark.parametrize("per_page", [1, 2, 5])
async def test_rows_added_while_a_client_pages_neither_hide_nor_repeat_the_others(
    database: Database, program_id: UUID, order: SortOrder, per_page: int
) -> None:
    event = await add_event(database, program_id)
    runs = [(await add_rule_run(database, event, minute)).id for minute in (0, 0, 1, 1, 2, 3, 3)]

    left = [-1, 1, 4]

    async def add() -> None:
        if left:
            await add_rule_run(database, event, left.pop())

    found = await walk(database, runs_of(program_id, RunsWanted()), per_page, Sorting(order=order), add)
    assert len(set(found)) == len(found)
    assert set(runs) <= set(found)


async def test_the_total_is_of_all_pages(database: Database, program_id: UUID) -> None:
    await add_instants(database, program_id, [0, 1, 2, 3, 4])
    listed = events_of(program_id, EventsWanted())
    first = await page_of(database, listed, per_page=2)
    later = await page_of(database, listed, per_page=2, cursor=first.next_cursor)
    assert (first.total, later.total, len(later.rows)) == (5, 5, 2)
    beyond = await page_of(database, listed, per_page=2, page=9)
    assert (list(beyond.rows), beyond.next_cursor, beyond.total) == ([], None, 5)


async def test_a_page_by_number_tells_the_cursor_of_the_one_behind_it(
    database: Database, program_id: UUID
) -> None:
    expected = await add_instants(database, program_id, [0, 1, 2, 3, 4])
    listed = events_of(program_id, EventsWanted())
    second = await page_of(database, listed, per_page=2, page=2)
    assert await ids(database, listed, cursor=second.next_cursor) == expected[4:]


async def test_a_cursor_is_the_instant_and_the_id_of_the_last_row(
    database: Database, program_id: UUID
) -> None:
    newest, middle, _ = await add_instants(database, program_id, [0, 1, 2])
    page = await page_of(database, events_of(program_id, EventsWanted()), per_page=2)
    assert page.next_cursor == f"2026-06-01T12:01:00+00:00|{middle}"
    assert [row["id"] for row in page.rows] == [newest, middle]


@pytest.mark.parametrize("written", ["+00:00", " 00:00", "Z"])
async def test_a_cursor_is_read_however_its_offset_arrives(
    database: Database, program_id: UUID, written: str
) -> None:
    oldest, middle, newest = reversed(await add_instants(database, program_id, [0, 1, 2]))
    cursor = f"2026-06-01T12:01:00{written}|{middle}"
    listed = events_of(program_id, EventsWanted())
    assert await ids(database, listed, cursor=cursor) == [oldest]
    assert await ids(database, listed, cursor=cursor, sorting=OLDEST_FIRST) == [newest]


async def test_a_cursor_of_no_row_in_the_program_is_refused(database: Database, program_id: UUID) -> None:
    event = await add_event(database, program_id)
    run = await add_rule_run(database, event)
    strangers = await add_event(database, await add_program(database))
    runs, events = runs_of(program_id, RunsWanted()), events_of(program_id, EventsWanted())
    for listed, cursor in (
        (events, plain_cursor(event.created_at, uuid4())),
        (events, plain_cursor(event.created_at + timedelta(microseconds=1), event.id)),
        (events, plain_cursor(strangers.created_at, strangers.id)),
        (events, plain_cursor(run.created_at, run.id)),
        (runs, plain_cursor(event.created_at, event.id)),
        (events, f"2026-06-01T12:00:00|{event.id}"),
        (events, f"{event.id}"),
        (events, f"{event.created_at.isoformat()}|"),
        (events, ""),
        (events, "' OR 1=1 --|"),
        (events, f"0001-01-01T00:00:00+14:00|{event.id}"),
        (events, f"9999-12-31T23:59:59.999999-14:00|{event.id}"),
    ):
        with pytest.raises(InvalidCursorError):
            await page_of(database, listed, cursor=cursor)


async def test_a_cursor_outlives_a_change_of_its_row(database: Database, program_id: UUID) -> None:
    older = await add_event(database, program_id, 0, status="RECEIVED")
    newer = await add_event(database, program_id, 1, status="RECEIVED")
    listed = events_of(program_id, EventsWanted(status=QueueStatus.PENDING))
    page = await page_of(database, listed, per_page=1)
    async with database.transaction() as session:
        (await session.get_one(Event, newer.id)).status = "COMPLETED"
    assert await ids(database, listed, cursor=page.next_cursor) == [older.id]


async def test_by_processed_at_what_is_not_processed_comes_last_and_there_is_no_cursor(
    database: Database, program_id: UUID
) -> None:
    waiting = await add_event(database, program_id, 9, status="RECEIVED")
    first = await add_event(database, program_id, 1, processed_at=NOON + timedelta(hours=1))
    second = await add_event(database, program_id, 0, processed_at=NOON + timedelta(hours=2))
    listed = events_of(program_id, EventsWanted())
    for order, expected in (
        (SortOrder.DESC, [second.id, first.id, waiting.id]),
        (SortOrder.ASC, [first.id, second.id, waiting.id]),
    ):
        sorting = Sorting("processed_at", order)
        assert await ids(database, listed, sorting=sorting) == expected
        page = await page_of(database, listed, per_page=2, page=2, sorting=sorting)
        assert [row["id"] for row in page.rows] == expected[2:]
        assert (await page_of(database, listed, per_page=1, sorting=sorting)).next_cursor is None


async def test_runs_are_filtered_by_all_that_is_asked(database: Database, program_id: UUID) -> None:
    rule_id = uuid4()
    event, other = await add_event(database, program_id), await add_event(database, program_id)
    acted = await add_rule_run(database, event, 3, rule_id=rule_id)
    held = await add_rule_run(database, other, 2, rule_id=rule_id, stopped_by=Gate.COOLDOWN)
    unmatched = await add_rule_run(database, event, 1, stopped_by=Gate.CONDITIONS)
    await add_rule_run(database, await add_event(database, await add_program(database)), rule_id=rule_id)
    for wanted, expected in (
        (RunsWanted(), [acted, held, unmatched]),
        (RunsWanted(rule_id=rule_id), [acted, held]),
        (RunsWanted(event_id=event.id), [acted, unmatched]),
        (RunsWanted(event_id=event.id, rule_id=rule_id), [acted]),
        (RunsWanted(matched=True), [acted, held]),
        (RunsWanted(matched=False), [unmatched]),
        (RunsWanted(executed=True), [acted]),
        (RunsWanted(executed=False), [held, unmatched]),
        (RunsWanted(rule_id=rule_id, matched=True, executed=False), [held]),
        (RunsWanted(rule_id=uuid4()), []),
    ):
        page = await page_of(database, runs_of(program_id, wanted))
        assert [row["id"] for row in page.rows] == [run.id for run in expected], wanted
        assert page.total == len(expected)


async def test_events_are_filtered_by_all_that_is_asked(database: Database, program_id: UUID) -> None:
    conversation_id, rule_id = uuid4(), uuid4()
    bought = await add_event(database, program_id, 6, conversation_id=conversation_id)
    again = await add_event(database, program_id, 5, event_data=bought.event_data, source="rule")
    new = await add_event(database, program_id, 4, status="RECEIVED", type="login")
    retried = await add_event(database, program_id, 3, status="PENDING", source="rule")
    at_work = await add_event(database, program_id, 2, status="PROCESSING")
    dead = await add_event(database, program_id, 1, status="FAILED", conversation_id=conversation_id)
    elsewhere = await add_program(database)
    await add_event(database, elsewhere, 6, conversation_id=conversation_id, event_data=bought.event_data)
    for event in (bought, dead, await add_event(database, elsewhere)):
        await add_rule_run(database, event, rule_id=rule_id)
        await add_rule_run(database, event)
    for wanted, expected in (
        (EventsWanted(), [bought, again, new, retried, at_work, dead]),
        (EventsWanted(status=QueueStatus.PENDING), [new, retried]),
        (EventsWanted(status=QueueStatus.PROCESSING), [at_work]),
        (EventsWanted(status=QueueStatus.PROCESSED), [bought, again]),
        (EventsWanted(status=QueueStatus.FAILED), [dead]),
        (EventsWanted(event_type="login"), [new]),
        (EventsWanted(source="rule"), [again, retried]),
        (EventsWanted(source="rule", status=QueueStatus.PENDING), [retried]),
        (EventsWanted(payload_hash=bought.payload_hash), [bought, again]),
        (EventsWanted(payload_hash=bought.payload_hash, source="api"), [bought]),
        (EventsWanted(conversation_id=conversation_id), [bought, dead]),
        (EventsWanted(conversation_id=conversation_id, status=QueueStatus.FAILED), [dead]),
        (EventsWanted(rule_id=rule_id), [bought, dead]),
        (EventsWanted(rule_id=rule_id, event_type="purchase", status=QueueStatus.PROCESSED), [bought]),
        (EventsWanted(rule_id=uuid4()), []),
    ):
        page = await page_of(database, events_of(program_id, wanted))
        assert [row["id"] for row in page.rows] == [event.id for event in expected], wanted
        assert page.total == len(expected)


async def test_an_event_is_listed_once_however_often_a_rule_ran_on_it(
    database: Database, program_id: UUID
) -> None:
    rule_id = uuid4()
    event = await add_event(database, program_id)
    for minute in range(3):
        await add_rule_run(database, event, minute, rule_id=rule_id)
    page = await page_of(database, events_of(program_id, EventsWanted(rule_id=rule_id)))
    assert ([row["id"] for row in page.rows], page.total) == ([event.id], 1)


async def test_of_events_that_say_the_same_the_newest_are_listed(
    database: Database, program_id: UUID
) -> None:
    data = {"type": "ping"}
    events = [await add_event(database, program_id, minute, event_data=data) for minute in range(4)]
    async with database.transaction() as session:
        rows = await newest_with_payload(session, program_id, events[0].payload_hash, 3)
    assert [row["id"] for row in rows] == [event.id for event in events[:0:-1]]
    assert all(newer["created_at"] > older["created_at"] for newer, older in pairwise(rows))


async def test_a_run_tells_how_far_its_event_has_come(database: Database, program_id: UUID) -> None:
    event = await add_event(database, program_id, status="FAILED")
    await add_rule_run(database, event)
    listed = runs_of(program_id, RunsWanted())
    assert [row["event_status"] for row in (await page_of(database, listed)).rows] == ["failed"]
    async with database.transaction() as session:
        await session.delete(await session.get_one(Event, event.id))
    assert [row["event_status"] for row in (await page_of(database, listed)).rows] == [None]
