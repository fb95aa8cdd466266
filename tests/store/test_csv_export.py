"""Lists as files: every row once, as the reader of the file expects it, and never held whole."""

import asyncio
import csv
import io
import json
import tracemalloc
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from bench.rule_history import add_rule_history
from domain.queue_status import QueueStatus
from domain.rules.rule import Gate
from store.csv_export import CHUNK_BYTES, FORMULA_STARTS, ExportRequest, export_csv
from store.database import Database
from store.queue_lists import EVENT_COLUMNS, EventsWanted, events_of
from store.rule_pages import RuleList, Sorting, SortOrder
from store.rule_run_lists import RUN_COLUMNS, RunsWanted, runs_of
from store.tables import Program
from tests.store.rule_history import NOON, add_event, add_rule_run

MANY = 60_000
OLDEST_FIRST = Sorting(order=SortOrder.ASC)
cells = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12)


async def exported(database: Database, listed: RuleList, **asked: Any) -> bytes:
    request = ExportRequest(**{"limit": 1_000, "sorting": Sorting(), **asked})
    async with database.transaction() as session:
        return b"".join([piece async for piece in export_csv(session, listed, request)])


async def rows(database: Database, listed: RuleList, **asked: Any) -> list[dict[str, str]]:
    file = io.StringIO((await exported(database, listed, **asked)).decode(), newline="")
    return list(csv.DictReader(file, strict=True))


async def test_a_file_has_a_header_and_lines_as_rfc_4180_wants_them(
    database: Database, program_id: UUID
) -> None:
    empty = await exported(database, runs_of(program_id, RunsWanted()))
    assert empty == ",".join(RUN_COLUMNS).encode() + b"\r\n"
    await add_event(database, program_id, event_data={"type": "said", "text": 'one\n"two", three'})
    file = await exported(database, events_of(program_id, EventsWanted()))
    header, line = file.split(b"\r\n")[:2]
    assert header == ",".join(EVENT_COLUMNS).encode()
    assert b'""one\\n' in line
    assert file.endswith(b"\r\n")


async def test_cells_say_what_the_list_says(database: Database, program_id: UUID) -> None:
    event = await add_event(database, program_id, 1.5, status="FAILED", error="TypeError", attempts=6)
    run = await add_rule_run(database, event, 2, stopped_by=Gate.ROLLOUT, result={"error": "é"})
    (shown,) = await rows(database, runs_of(program_id, RunsWanted()))
    assert shown == {
        "id": str(run.id),
        "event_id": str(event.id),
        "rule_id": str(run.rule_id),
        "conversation_id": "",
        "matched": "true",
        "executed": "false",
        "result": '{"error": "é"}',
        "created_at": "2026-06-01T12:02:00.000000Z",
        "rule_name": "A rule",
        "event_type": "purchase",
        "event_source": "api",
        "event_status": "failed",
        "contact_id": "",
        "channel_source": "",
        "stopped_by": "rollout",
    }
    (queued,) = await rows(database, events_of(program_id, EventsWanted()))
    assert json.loads(queued["payload"]) == event.event_data
    assert (queued["status"], queued["attempts"], queued["error"]) == ("failed", "6", "TypeError")
    assert (queued["processed_at"], queued["hops"]) == ("", "0")
    assert datetime.fromisoformat(queued["created_at"]) == NOON + timedelta(minutes=1.5)


@settings(max_examples=40)
@given(kind=cells, source=st.sampled_from(FORMULA_STARTS) | cells)
async def test_any_text_is_read_back_and_no_spreadsheet_takes_it_for_a_formula(
    database: Database, kind: str, source: str
) -> None:
    async with database.transaction() as session:
        program = Program(name="Club")
        session.add(program)
    await add_event(database, program.id, type=kind, source=source)
    (row,) = await rows(database, events_of(program.id, EventsWanted()))
    for cell, value in ((row["event_type"], kind), (row["source"], source)):
        assert not cell.startswith(FORMULA_STARTS)
        assert cell == (f"'{value}" if value.startswith(FORMULA_STARTS) else value)


async def test_a_file_has_the_rows_that_are_asked_for_in_their_order(
    database: Database, program_id: UUID
) -> None:
    at = [await add_event(database, program_id, minute, source=f"s-{minute % 2}") for minute in range(5)]
    listed = events_of(program_id, EventsWanted())

    async def minutes(listed: RuleList = listed, **asked: Any) -> list[int]:
        numbers = {str(event.id): number for number, event in enumerate(at)}
        return [numbers[row["id"]] for row in await rows(database, listed, **asked)]

    assert await minutes() == [4, 3, 2, 1, 0]
    assert await minutes(sorting=OLDEST_FIRST, limit=2) == [0, 1]
    assert await minutes(created_from=at[1].created_at, created_to=at[3].created_at) == [2, 1]
    assert await minutes(events_of(program_id, EventsWanted(source="s-1"))) == [3, 1]
    assert await minutes(events_of(program_id, EventsWanted(status=QueueStatus.FAILED))) == []
    assert await minutes(events_of(program_id, EventsWanted(payload_hash=at[2].payload_hash))) == [2]


@pytest.fixture(scope="module")
async def busy_program(database: Database, database_url: str) -> UUID:
    """A program with MANY runs."""
    async with database.transaction() as session:
        program = Program(name="Club")
        session.add(program)
    address = database_url.replace("postgresql+psycopg://", "postgresql://", 1)
    await asyncio.to_thread(add_rule_history, address, str(program.id), MANY)
    return program.id


@pytest.mark.parametrize("list_of", ["runs", "events"])
async def test_a_long_list_passes_through_in_small_pieces(
    database: Database, busy_program: UUID, list_of: str
) -> None:
    listed = (
        runs_of(busy_program, RunsWanted()) if list_of == "runs" else events_of(busy_program, EventsWanted())
    )
    lines = size = 0
    async with database.transaction() as session:
        await session.execute(text("SELECT 1"))
        tracemalloc.start()
        async for piece in export_csv(session, listed, ExportRequest(MANY, Sorting())):
            assert len(piece) < 2 * CHUNK_BYTES
            size += len(piece)
            lines += piece.count(b"\r\n")
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert lines == MANY + 1
    assert size > 10_000_000
    assert peak < 4_000_000


class _LeavingError(Exception):
    pass


async def test_a_reader_that_goes_away_ends_the_query_and_leaves_the_connection_usable(
    database: Database, database_url: str, busy_program: UUID
) -> None:
    listed = runs_of(busy_program, RunsWanted())
    readers = Database(database_url, pool_size=2)
    with pytest.raises(_LeavingError):
        async with (
            readers.transaction() as session,
            aclosing(export_csv(session, listed, ExportRequest(MANY, Sorting()))) as pieces,
        ):
            used = await session.scalar(text("SELECT pg_backend_pid()"))
            await anext(pieces)
            assert await exporting(database) == 1
            raise _LeavingError
    assert await exporting(database) == 0
    async with readers.transaction() as session:
        assert await session.scalar(text("SELECT pg_backend_pid()")) == used
    await readers.close()


async def exporting(database: Database) -> int:
    async with database.transaction() as session:
        running = (
            "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'COPY (SELECT%'"
        )
        return int(await session.scalar(text(running)))
