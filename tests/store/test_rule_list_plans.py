"""How the database finds what the lists show: in indexes, and never by reading a table as a whole."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import event, make_url
from sqlmodel.ext.asyncio.session import AsyncSession

from bench.rule_history import RuleHistory, add_rule_history
from domain.queue_status import QueueStatus
from store.csv_export import ExportRequest, exported
from store.database import Database
from store.event_chain import chain_of
from store.migrate import migrate
from store.queue_lists import EventsWanted, events_of, newest_with_payload
from store.rule_pages import RuleList, RulePageRequest, Sorting, SortOrder, plan_for_lists, read_page
from store.rule_run_lists import RunsWanted, runs_of
from store.rule_stats import event_counts
from store.tables import Program

Plan = dict[str, Any]
ROWS = 4_000
RUNS: list[dict[str, Any]] = [
    {},
    {"matched": True},
    {"matched": False},
    {"executed": True},
    {"matched": True, "executed": False},
]
EVENTS: list[dict[str, Any]] = [
    {},
    *({"status": status} for status in QueueStatus),
    {"event_type": "type-3"},
    {"event_type": "no such type"},
    {"source": "rule"},
    {"event_type": "type-3", "source": "api", "status": QueueStatus.PROCESSED},
]
SORTINGS = [Sorting(), Sorting(order=SortOrder.ASC)]
OF_A_RULE = {"rule_run_of_rule", "rule_run_of_event"}
OF_A_STATUS = {"event_failed", "event_queue"}
BY_PROCESSED_AT = Sorting("processed_at")


@pytest.fixture(scope="module")
async def database(postgres_address: str) -> AsyncIterator[Database]:
    """One of its own: what other tests leave behind would have a say in the plans."""
    name = f"lists_{uuid4().hex}"
    with psycopg.connect(postgres_address, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')  # type: ignore[arg-type, unused-ignore]
    url = make_url(postgres_address).set(drivername="postgresql+psycopg", database=name)
    migrate(url.render_as_string(hide_password=False))
    database = Database(url.render_as_string(hide_password=False), pool_size=2)
    yield database
    await database.close()
    with psycopg.connect(postgres_address, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')  # type: ignore[arg-type, unused-ignore]


@pytest.fixture(scope="module")
async def program(database: Database) -> UUID:
    async with database.transaction() as session:
        program = Program(name="Club")
        session.add(program)
    return program.id


@pytest.fixture(scope="module")
async def history(database: Database, program: UUID) -> RuleHistory:
    address = database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    return await asyncio.to_thread(add_rule_history, address, str(program), ROWS)


class Plans:
    """The plans of the statements that are executed in the block, made where they are executed."""

    def __init__(self, database: Database) -> None:
        self._engine = database.engine.sync_engine
        self.found: list[Plan] = []

    def __enter__(self) -> "Plans":
        event.listen(self._engine, "before_cursor_execute", self._explain)
        return self

    def __exit__(self, *_: object) -> None:
        event.remove(self._engine, "before_cursor_execute", self._explain)

    def _explain(self, _connection: object, cursor: Any, statement: str, values: Any, *_: object) -> None:
        if "set_config" not in statement:
            cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}", values)
            self.found.append(cursor.fetchone()[0][0]["Plan"])


def nodes(plan: Plan) -> Iterator[Plan]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes(part)


def assert_found_in_indexes(plans: Plans) -> None:
    assert plans.found
    for plan in plans.found:
        for node in nodes(plan):
            assert node["Node Type"] != "Seq Scan", plan
            if "Index Name" in node:
                assert "Index Cond" in node, f"the whole of {node['Index Name']} is read"


async def assert_page_is_found(
    database: Database, listed: RuleList, sorting: Sorting, indexes: set[str]
) -> None:
    """Each of total, page and export by way of one of `indexes`."""
    with Plans(database) as plans:
        async with database.transaction() as session:
            await read_page(session, listed, RulePageRequest(10, 2, None, sorting))
            await _explain_export(session, listed, sorting)
    assert_found_in_indexes(plans)
    for plan in plans.found:
        assert indexes & {node.get("Index Name") for node in nodes(plan)}, plan
    _, page, _ = plans.found
    assert page["Node Type"] != "Sort", "what is shown is sorted once it is read"


async def _explain_export(session: AsyncSession, listed: RuleList, sorting: Sorting) -> None:
    await session.execute(exported(listed, ExportRequest(1_000, sorting)))


@pytest.mark.parametrize("sorting", SORTINGS, ids=str)
@pytest.mark.parametrize("fields", RUNS, ids=str)
async def test_runs_of_a_program_of_a_rule_and_on_an_event(
    database: Database, program: UUID, history: RuleHistory, fields: dict[str, Any], sorting: Sorting
) -> None:
    places: tuple[tuple[dict[str, Any], str], ...] = (
        ({}, "rule_run_page"),
        ({"rule_id": history.busiest_rule}, "rule_run_of_rule"),
        ({"rule_id": history.idlest_rule}, "rule_run_of_rule"),
        ({"event_id": history.event}, "rule_run_of_event"),
        ({"event_id": history.event, "rule_id": history.busiest_rule}, "rule_run_of_event"),
    )
    for place, index in places:
        listed = runs_of(program, RunsWanted(**fields, **place))
        await assert_page_is_found(database, listed, sorting, {index})


@pytest.mark.parametrize("sorting", [*SORTINGS, BY_PROCESSED_AT], ids=str)
@pytest.mark.parametrize("fields", EVENTS, ids=str)
async def test_events_of_a_program_of_a_conversation_of_a_rule_and_of_a_payload(
    database: Database, program: UUID, history: RuleHistory, fields: dict[str, Any], sorting: Sorting
) -> None:
    places: tuple[tuple[dict[str, Any], set[str]], ...] = (
        ({}, {"event_program_page"}),
        ({"conversation_id": history.busiest_conversation}, {"event_of_conversation"}),
        ({"rule_id": history.busiest_rule}, OF_A_RULE),
        ({"rule_id": history.idlest_rule}, OF_A_RULE),
        ({"payload_hash": history.payload_hash}, {"event_of_payload"}),
        ({"payload_hash": history.payload_hash, "rule_id": history.busiest_rule}, {"event_of_payload"}),
    )
    for place, indexes in places:
        listed = events_of(program, EventsWanted(**fields, **place))
        await assert_page_is_found(database, listed, sorting, indexes | OF_A_STATUS)


async def test_the_page_behind_a_cursor(database: Database, program: UUID, history: RuleHistory) -> None:
    for listed in (runs_of(program, RunsWanted()), events_of(program, EventsWanted())):
        async with database.transaction() as session:
            first = await read_page(session, listed, RulePageRequest(10))
        with Plans(database) as plans:
            async with database.transaction() as session:
                await read_page(session, listed, RulePageRequest(10, cursor=first.next_cursor))
        assert_found_in_indexes(plans)
        page = plans.found[-1]
        (scan,) = (node for node in nodes(page) if node["Node Type"] == "Index Only Scan")
        assert "ROW(created_at, id)" in scan["Index Cond"], "the rows before the cursor are read too"


@pytest.mark.parametrize("sorting", SORTINGS, ids=str)
async def test_an_export_of_a_period(
    database: Database, program: UUID, history: RuleHistory, sorting: Sorting
) -> None:
    now = datetime.now(UTC)
    for listed, index in (
        (runs_of(program, RunsWanted()), "rule_run_page"),
        (events_of(program, EventsWanted()), "event_program_page"),
    ):
        for length in (timedelta(minutes=5), timedelta(days=30)):
            request = ExportRequest(1_000, sorting, now - length, now)
            with Plans(database) as plans:
                async with database.transaction() as session:
                    await plan_for_lists(session)
                    await session.execute(exported(listed, request))
            assert_found_in_indexes(plans)
            (plan,) = plans.found
            (scan,) = (node for node in nodes(plan) if node.get("Index Name") == index)
            assert "created_at >=" in scan["Index Cond"] and "created_at <" in scan["Index Cond"]


async def test_the_count_of_the_events_of_a_period(
    database: Database, program: UUID, history: RuleHistory
) -> None:
    with Plans(database) as plans:
        async with database.transaction() as session:
            await event_counts(session, program, datetime.now(UTC) - timedelta(days=30))
    assert_found_in_indexes(plans)
    used = {node["Index Name"] for plan in plans.found for node in nodes(plan) if "Index Name" in node}
    assert used == {"event_program_page", "event_failed"}


async def test_events_that_say_the_same_and_the_chain_of_one(
    database: Database, program: UUID, history: RuleHistory
) -> None:
    with Plans(database) as plans:
        async with database.transaction() as session:
            await newest_with_payload(session, program, history.payload_hash, 1_000)
            await plan_for_lists(session)
            await chain_of(session, program, history.event)
    assert_found_in_indexes(plans)
