"""The gates that every effect shares: the participant's status, then the guard."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from time import thread_time
from uuid import UUID

from sqlalchemy import RowMapping
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.automation import Definition
from domain.expressions import Condition, compile_condition, with_breaker
from domain.gates import status_gate
from domain.outcomes import Outcome, SkipReason
from store.ledger import Settlement
from store.participant_values import ParticipantValues
from store.programs import get_program
from store.tables import AutomationRun

RUNS_REMEMBERED = 1_000


class Guard:
    """Divides rows into those an effect may reach and those it skips, with the reason."""

    def __init__(self, condition: Condition | None, values: ParticipantValues | None) -> None:
        self._condition = condition
        self._values = values
        self.columns: tuple[str, ...] = values.columns if values else ()

    async def divide(self, rows: Sequence[RowMapping]) -> tuple[list[RowMapping], list[Settlement]]:
        if self._condition is None:
            return self._divide(rows)
        return await asyncio.to_thread(self._divide, rows)

    def _divide(self, rows: Sequence[RowMapping]) -> tuple[list[RowMapping], list[Settlement]]:
        passed: list[RowMapping] = []
        skipped: list[Settlement] = []
        for row in rows:
            reason = status_gate(row["participant_status"])
            error = None
            if reason is None and self._condition is not None and self._values is not None:
                verdict = self._condition.evaluate(self._values.of(row))
                if not verdict.matched:
                    reason, error = SkipReason.GUARD_FALSE, verdict.error
            if reason is None:
                passed.append(row)
            else:
                skipped.append(Settlement(row["seq"], Outcome.SKIPPED, reason.value, error))
        return passed, skipped


async def guard_of(session: AsyncSession, run: AutomationRun, definition: Definition, now: datetime) -> Guard:
    if definition.guard_condition is None:
        return Guard(None, None)
    program = await get_program(session, run.program_id)
    assert program is not None
    condition = _timed(run.id, definition.guard_condition)
    return Guard(condition, ParticipantValues(condition, program, now))


@lru_cache(maxsize=RUNS_REMEMBERED)
def _timed(run_id: UUID, expression: str) -> Condition:
    """One for all of a run's rows here: they come in pages too small, each, to show that a guard is slow."""
    return with_breaker(compile_condition(expression), thread_time)
