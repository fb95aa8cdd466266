"""The default effect: one event per participant, exactly once."""

from datetime import UTC, datetime

from temporalio import activity

from activities.guards import guard_of
from domain.automation import Definition
from domain.contract import CohortInput
from domain.outcomes import Outcome
from store.database import Database
from store.events import generate_participant_events
from store.ledger import pending_rows, settle, settle_alike
from store.runs import run_is_executing
from store.tables import AutomationRun

ROWS_A_TRANSACTION = 1_000


async def generate_events(
    database: Database, run: AutomationRun, definition: Definition, slice_: CohortInput
) -> int:
    """Events and outcomes are written in one transaction, so an interruption leaves both or neither."""
    processed = 0
    while True:
        activity.heartbeat(processed)
        done = await _generate_some(database, run, definition, slice_)
        processed += done
        if done < ROWS_A_TRANSACTION:
            return processed


async def _generate_some(
    database: Database, run: AutomationRun, definition: Definition, slice_: CohortInput
) -> int:
    now = datetime.now(UTC)
    async with database.transaction() as session:
        if not await run_is_executing(session, run.id):
            return 0
        guard = await guard_of(session, run, definition, now)
        rows = await pending_rows(
            session, run.id, slice_.first, slice_.last, guard.columns, ROWS_A_TRANSACTION
        )
        passed, skipped = await guard.divide(rows)
        seqs = [row["seq"] for row in passed]
        await generate_participant_events(session, run, definition, seqs, now)
        await settle_alike(session, run.id, seqs, Outcome.SENT)
        await settle(session, run.id, skipped)
        return len(rows)
