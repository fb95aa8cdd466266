"""The audience of a run: who is enrolled, decided once and written to the ledger."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.expressions import Condition
from store.expression_sql import SqlCondition, compile_to_sql
from store.expression_sql.fragments import Sql
from store.participant_values import ParticipantValues

PAGE = 5_000
MAX_RECHECKED_AT_ONCE = 20_000


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
            f", CASE WHEN NOT certain THEN {name} END AS {name}" for name in self.values.columns
        )
        # OFFSET 0 keeps `certain` from being computed anew at each mention.
        return (
            f"SELECT id AS row_id, certain{columns} FROM (SELECT p.*, {self.compiled.certain} AS certain "  # noqa: S608
            f"FROM participant AS p WHERE p.program_id = :program AND ({where}) OFFSET 0) AS judged"
        )

    def matching(self, rows: Sequence[RowMapping]) -> list[UUID]:
        """Of some candidates, those for whom the condition holds."""
        return [
            row["row_id"]
            for row in rows
            if row["certain"] or self.condition.evaluate(self.values.of(row)).matched
        ]


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
    """Enroll the participants for whom `condition` holds, as of one snapshot; answers how many.

    PostgreSQL enrolls those it is certain of and leaves out those it rules out; the engine is asked about the rest,
    in a thread, page by page. `on_page` is told how many were asked about or enrolled so far.
    """
    audience = Audience(program_id, condition, values, compile_to_sql(condition, values.program, values.now))
    if audience.compiled.has_certain_rows:
        enrolled = await _enroll_at_once(session, run_id, audience, on_page)
        if enrolled is not None:
            return enrolled
    total = looked_at = 0
    async for matching, rows in stream_matching(session, audience, audience.compiled.possible):
        await _append(session, run_id, total, matching)
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
    async for page in found.mappings().partitions():
        yield await asyncio.to_thread(audience.matching, page), len(page)


async def _enroll_at_once(
    session: AsyncSession, run_id: UUID, audience: Audience, on_page: Callable[[int], None]
) -> int | None:
    """Enroll by one statement, of which the rows to ask the engine about come back: so all are of one snapshot.

    None, and nothing enrolled, when those are too many to hold.
    """
    statement = text(
        f"WITH candidate AS MATERIALIZED ({audience.candidates(audience.compiled.possible)}), "  # noqa: S608
        "enrolled AS (INSERT INTO run_participant (run_id, seq, participant_id) "
        "SELECT :run, row_number() OVER (ORDER BY row_id) - 1, row_id FROM candidate WHERE certain) "
        "SELECT candidate.*, (SELECT count(*) FROM candidate WHERE certain) AS enrolled "
        "FROM (SELECT 1) AS always LEFT JOIN candidate ON NOT candidate.certain ORDER BY row_id LIMIT :most"
    )
    attempt = await session.begin_nested()
    parameters = {**audience.parameters, "run": run_id, "most": MAX_RECHECKED_AT_ONCE + 1}
    rows = (await session.execute(statement, parameters)).mappings().all()
    if len(rows) > MAX_RECHECKED_AT_ONCE:
        await attempt.rollback()
        return None
    await attempt.commit()
    total = int(rows[0]["enrolled"])
    on_page(total)
    uncertain = [row for row in rows if row["row_id"] is not None]
    for start in range(0, len(uncertain), PAGE):
        matching = await asyncio.to_thread(audience.matching, uncertain[start : start + PAGE])
        await _append(session, run_id, total, matching)
        total += len(matching)
        on_page(total)
    return total


async def _append(session: AsyncSession, run_id: UUID, first: int, participants: list[UUID]) -> None:
    if not participants:
        return
    await session.execute(
        text(
            "INSERT INTO run_participant (run_id, seq, participant_id) "
            "SELECT :run, :first + position - 1, id "
            "FROM unnest(CAST(:ids AS uuid[])) WITH ORDINALITY AS enrolled(id, position)"
        ),
        {"run": run_id, "first": first, "ids": participants},
    )
