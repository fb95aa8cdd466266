"""Letting a run that is held go on, and taking back what a run that has ended left in the queue."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from api.errors import Refusal, not_found
from domain.run_status import OPEN_RUNS, RunStatus
from store.database import Database
from store.deferred_messages import recount, withdraw_ended
from store.held_runs import resume
from store.ledger import count_claimed
from store.runs import counts_of, get_run
from store.tables import AutomationRun

NOT_HELD = "Run is not held"
IN_PROGRESS = "Run is in progress: cancel the automation's execution"
POLL_SECONDS = 0.1
SENDS_END_WITHIN_SECONDS = 60


async def resume_run(
    session: AsyncSession, program_id: UUID, automation_id: UUID, run_id: UUID
) -> AutomationRun:
    """Raises a Refusal: 404, or 409 for a run that is not held."""
    run = await _locked(session, program_id, automation_id, run_id)
    if run.status != RunStatus.HELD.value:
        raise Refusal(409, NOT_HELD)
    await resume(session, run, datetime.now(UTC))
    return run


async def withdraw_run(
    database: Database, program_id: UUID, automation_id: UUID, run_id: UUID, actor: str
) -> None:
    """Once this answers, nothing more is sent for the run. What is being handed over just then is waited for.

    Raises a Refusal: 404, or 409 for a run in progress, which its automation's workflow cancels.
    """
    async with database.transaction() as session:
        run = await _locked(session, program_id, automation_id, run_id)
        if RunStatus(run.status) in OPEN_RUNS:
            raise Refusal(409, IN_PROGRESS)
        if (await counts_of(session, run)).deferred == 0:
            return
        await withdraw_ended(session, run, f"What was left of it was cancelled by {actor}")
    for _ in range(int(SENDS_END_WITHIN_SECONDS / POLL_SECONDS)):
        async with database.transaction() as session:
            if await count_claimed(session, run_id) == 0:
                break
        await asyncio.sleep(POLL_SECONDS)
    async with database.transaction() as session:
        await recount(session, run_id)


async def _locked(
    session: AsyncSession, program_id: UUID, automation_id: UUID, run_id: UUID
) -> AutomationRun:
    run = await get_run(session, automation_id, run_id)
    if run is None or run.program_id != program_id:
        raise not_found("Run")
    await session.refresh(run, with_for_update=True)
    return run
