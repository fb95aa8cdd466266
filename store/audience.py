"""The audience of a run: who is enrolled, decided once and written to the ledger."""

import asyncio
from collections.abc import Callable, Sequence
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.expressions import Condition
from store.participant_values import ParticipantValues

PAGE = 5_000


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

    `on_page` is told how many were looked at so far. Evaluation runs in a thread, page by page.
    """
    columns = "".join(f", {column} AS {column}" for column in values.columns)
    connection = await session.connection()
    found = await connection.stream(
        text(f"SELECT id AS row_id{columns} FROM participant WHERE program_id = :program ORDER BY id"),  # noqa: S608
        {"program": program_id},
        execution_options={"yield_per": PAGE},
    )
    total = looked_at = 0
    async for page in found.mappings().partitions():
        matching = await asyncio.to_thread(_matching, condition, values, page)
        if matching:
            await _append(session, run_id, total, matching)
        total += len(matching)
        looked_at += len(page)
        on_page(looked_at)
    return total


def _matching(condition: Condition, values: ParticipantValues, page: Sequence[RowMapping]) -> list[UUID]:
    return [row["row_id"] for row in page if condition.evaluate(values.of(row)).matched]


async def _append(session: AsyncSession, run_id: UUID, first: int, participants: list[UUID]) -> None:
    await session.execute(
        text(
            "INSERT INTO run_participant (run_id, seq, participant_id) "
            "SELECT :run, :first + position - 1, id "
            "FROM unnest(CAST(:ids AS uuid[])) WITH ORDINALITY AS enrolled(id, position)"
        ),
        {"run": run_id, "first": first, "ids": participants},
    )
