"""Effects that are rows of the record: written together with their outcomes, so an interruption leaves both or neither."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

from sqlalchemy import RowMapping
from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity

from activities.guards import guard_of
from domain.automation import Definition
from domain.contract import CohortInput
from domain.outcomes import Outcome
from store.database import Database
from store.ledger import Settlement, pending_rows, settle, settle_alike
from store.runs import run_is_executing
from store.tables import AutomationRun

ROWS_A_TRANSACTION = 1_000

RecordedEffect = Callable[[AsyncSession, Sequence[RowMapping], datetime], Awaitable[Sequence[Settlement]]]
"""Has its effect on the participants of ledger rows; answers the outcomes of those it did not have it on."""


async def apply_recorded_effect(
    database: Database,
    run: AutomationRun,
    definition: Definition,
    slice_: CohortInput,
    effect: RecordedEffect,
) -> int:
    """Carry the rows of a slice that are pending to an outcome. Answers how many."""
    processed = 0
    while True:
        activity.heartbeat(processed)
        now = datetime.now(UTC)
        async with database.transaction() as session:
            if not await run_is_executing(session, run.id):
                return processed
            guard = await guard_of(session, run, definition, now)
            rows = await pending_rows(
                session, run.id, slice_.first, slice_.last, guard.columns, ROWS_A_TRANSACTION
            )
            passed, skipped = await guard.divide(rows)
            others = await effect(session, passed, now)
            not_sent = {one.seq for one in others}
            sent = [row["seq"] for row in passed if row["seq"] not in not_sent]
            await settle_alike(session, run.id, sent, Outcome.SENT)
            await settle(session, run.id, [*skipped, *others])
        processed += len(rows)
        if len(rows) < ROWS_A_TRANSACTION:
            return processed
