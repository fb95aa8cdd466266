"""The audience of a condition: for whom it holds, decided once and written where they are wanted."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar
from uuid import UUID

from psycopg.errors import QueryCanceled
from sqlalchemy import RowMapping, text
from sqlalchemy.exc import DBAPIError
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.expressions import Condition
from store.expression_sql import UNDECIDED, SqlCondition, compile_to_sql
from store.expression_sql.fragments import Sql
from store.participant_values import ParticipantValues, column_sql

PAGE = 5_000
MAX_RECHECKED_AT_ONCE = 20_000
# Loops over long lists take PostgreSQL up to a thousand times as long as the engine.
SECONDS_FOR_SQL = 20.0

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Audience:
    """The participants of a program for whom a condition holds."""

    program_id: UUID
    condition: Condition
    values: ParticipantValues
    compiled: SqlCondition

    @property
    def parameters(self) -> dict[str, Any]:
        return {**self.compiled.parameters, "program": self.program_id}

    def candidates(self, where: Sql) -> Sql:
        """A query of `row_id`, whether it is `certain` of that row, and if not, the columns that the engine needs."""
        columns = "".join(
            f", CASE WHEN NOT certain THEN {column_sql(name)} END AS {name}" for name in self.values.columns
        )
        # OFFSET 0 keeps `certain` from being computed anew at each mention.
        return (
            f"SELECT p.id AS row_id, certain{columns} FROM (SELECT p.*, {self.compiled.certain} AS certain "  # noqa: S608
            f"FROM participant AS p WHERE p.program_id = :program AND ({where}) OFFSET 0) AS p"
        )

    def matching(self, rows: Sequence[RowMapping]) -> list[UUID]:
        """Of some candidates, those for whom the condition holds."""
        return [
            row["row_id"]
            for row in rows
            if row["certain"] or self.condition.evaluate(self.values.of(row)).matched
        ]


@dataclass(frozen=True, slots=True)
class Roll:
    """Where participants are written. `insert`: all of a statement but its `FROM found`, in which each has their `id`
    and their `position`, from 0 on.
    """

    insert: Sql
    parameters: Mapping[str, Any] = field(default_factory=dict)


async def decided(
    session: AsyncSession, audience: Audience, work: Callable[[Audience], Awaitable[Result]]
) -> Result:
    """What `work` makes of the audience. When a statement of it takes longer than SECONDS_FOR_SQL, all of it is undone,
    and done again with nothing decided by SQL.
    """
    try:
        async with session.begin_nested():
            await session.execute(text(f"SET LOCAL statement_timeout = {SECONDS_FOR_SQL * 1_000:.0f}"))
            result = await work(audience)
            await session.execute(text("SET LOCAL statement_timeout TO DEFAULT"))
            return result
    except DBAPIError as error:
        if not isinstance(error.orig, QueryCanceled):
            raise
    return await work(replace(audience, compiled=UNDECIDED))


async def enroll_everyone(session: AsyncSession, run_id: UUID, program_id: UUID) -> int:
    """Enroll every participant of the program; answers how many."""
    enrolled = await session.execute(
        text(
            "INSERT INTO run_participant (run_id, seq, participant_id) "
            "SELECT :run, row_number() OVER (ORDER BY id) - 1, id FROM participant WHERE program_id = :program"
        ),
        {"run": run_id, "program": program_id},
    )
    return int(enrolled.rowcount)  # type: ignore[attr-defined]


async def enroll_matching(
    session: AsyncSession,
    run_id: UUID,
    program_id: UUID,
    condition: Condition,
    values: ParticipantValues,
    on_page: Callable[[int], None],
) -> int:
    """Enroll the participants for whom `condition` holds into the ledger of a run, as `write_matching` does."""
    ledger = Roll(
        "INSERT INTO run_participant (run_id, seq, participant_id) SELECT :run, found.position, found.id",
        {"run": run_id},
    )
    return await write_matching(session, ledger, program_id, condition, values, on_page)


async def write_matching(
    session: AsyncSession,
    roll: Roll,
    program_id: UUID,
    condition: Condition,
    values: ParticipantValues,
    on_page: Callable[[int], None],
) -> int:
    """Write the participants for whom `condition` holds, as of one snapshot, to `roll`; answers how many.

    PostgreSQL writes those it is certain of and leaves out those it rules out; the engine is asked about the rest,
    in a thread, page by page. `on_page` is told how many were asked about or written so far.
    """
    audience = Audience(program_id, condition, values, compile_to_sql(condition, values.program, values.now))
    return await decided(session, audience, lambda asked: _write(session, roll, asked, on_page))


async def _write(
    session: AsyncSession, roll: Roll, audience: Audience, on_page: Callable[[int], None]
) -> int:
    if audience.compiled.has_certain_rows:
        written = await _write_at_once(session, roll, audience, on_page)
        if written is not None:
            return written
    total = looked_at = 0
    async for matching, rows in stream_matching(session, audience, audience.compiled.possible):
        await _append(session, roll, total, matching)
        total += len(matching)
        looked_at += rows
        on_page(looked_at)
    return total


async def stream_matching(
    session: AsyncSession, audience: Audience, where: Sql
) -> AsyncIterator[tuple[list[UUID], int]]:
    """Page by page, in order of id, of the participants that `where` selects: those for whom the condition holds,
    and how many were looked at. The engine is asked only where SQL is not certain.
    """
    connection = await session.connection()
    found = await connection.stream(
        text(f"{audience.candidates(where)} ORDER BY row_id"),
        audience.parameters,
        execution_options={"yield_per": PAGE},
    )
    async for page in found.mappings().partitions(PAGE):
        yield await asyncio.to_thread(audience.matching, page), len(page)


async def _write_at_once(
    session: AsyncSession, roll: Roll, audience: Audience, on_page: Callable[[int], None]
) -> int | None:
    """Write by one statement, of which the rows to ask the engine about come back: so all are of one snapshot.

    None, and nothing written, when those are too many to hold.
    """
    statement = text(
        f"WITH candidate AS MATERIALIZED ({audience.candidates(audience.compiled.possible)}), "  # noqa: S608
        "found AS (SELECT row_id AS id, row_number() OVER (ORDER BY row_id) - 1 AS position "
        f"FROM candidate WHERE certain), written AS ({roll.insert} FROM found) "
        "SELECT candidate.*, (SELECT count(*) FROM candidate WHERE certain) AS written "
        "FROM (SELECT 1) AS always LEFT JOIN candidate ON NOT candidate.certain ORDER BY row_id LIMIT :most"
    )
    attempt = await session.begin_nested()
    parameters = {**audience.parameters, **roll.parameters, "most": MAX_RECHECKED_AT_ONCE + 1}
    rows = (await session.execute(statement, parameters)).mappings().all()
    if len(rows) > MAX_RECHECKED_AT_ONCE:
        await attempt.rollback()
        return None
    await attempt.commit()
    total = int(rows[0]["written"])
    on_page(total)
    uncertain = [row for row in rows if row["row_id"] is not None]
    for start in range(0, len(uncertain), PAGE):
        matching = await asyncio.to_thread(audience.matching, uncertain[start : start + PAGE])
        await _append(session, roll, total, matching)
        total += len(matching)
        on_page(total)
    return total


async def _append(session: AsyncSession, roll: Roll, first: int, participants: list[UUID]) -> None:
    if not participants:
        return
    await session.execute(
        text(
            f"{roll.insert} FROM (SELECT id, :first + position - 1 AS position "  # noqa: S608
            "FROM unnest(CAST(:ids AS uuid[])) WITH ORDINALITY AS listed(id, position)) AS found"
        ),
        {**roll.parameters, "first": first, "ids": participants},
    )
