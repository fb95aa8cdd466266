"""The record of runs."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.outcomes import Outcome, RunCounts, SkipReason
from domain.run_status import OPEN_RUNS, RunStatus
from store.ledger import count_ledger, count_ledgers, settle_unfinished
from store.paging import Page, PageRequest, page_newest_first
from store.tables import AutomationRun, RunParticipant


async def get_run(session: AsyncSession, automation_id: UUID, run_id: UUID) -> AutomationRun | None:
    run = await session.get(AutomationRun, run_id)
    return run if run and run.automation_id == automation_id else None


async def run_numbered(session: AsyncSession, automation_id: UUID, number: int) -> AutomationRun | None:
    """An automation's runs are numbered from 1."""
    statement = select(AutomationRun).where(
        col(AutomationRun.automation_id) == automation_id, col(AutomationRun.number) == number
    )
    return (await session.exec(statement)).first()


async def lock_run(session: AsyncSession, run_id: UUID) -> AutomationRun:
    """The run, locked against every effect: effects hold a share of this lock (`run_is_executing`)."""
    statement = select(AutomationRun).where(col(AutomationRun.id) == run_id).with_for_update()
    return (await session.exec(statement)).one()


async def hold_run(session: AsyncSession, run_id: UUID) -> AutomationRun:
    """The run, for writing what became of one of its effects. While it goes on, that is shared with its other effects;
    once it has counts it is locked, as they have to be brought up to its ledger."""
    sharing = await session.begin_nested()
    shared = select(AutomationRun).where(col(AutomationRun.id) == run_id).with_for_update(read=True)
    run = (await session.exec(shared.execution_options(populate_existing=True))).one()
    if run.counts is None:
        await sharing.commit()
        return run
    # A share is given back rather than made exclusive: two that did so would wait for each other.
    await sharing.rollback()
    return await lock_run(session, run_id)


async def run_is_executing(session: AsyncSession, run_id: UUID) -> bool:
    """True while effects are allowed, and for as long as this transaction lasts."""
    return await share_run(session, run_id) is RunStatus.EXECUTING


async def share_run(session: AsyncSession, run_id: UUID) -> RunStatus | None:
    """How a run stands, and stays until this transaction ends; effects are allowed while it is executing.

    The shared lock is the fence behind cancellation: cancelling waits for it, and once the run is
    marked cancelled no later transaction gets past this check.
    """
    status = await session.execute(
        text("SELECT status FROM automation_run WHERE id = :run FOR SHARE"), {"run": run_id}
    )
    found = status.scalar_one_or_none()
    return None if found is None else RunStatus(found)


async def list_runs(session: AsyncSession, automation_id: UUID, request: PageRequest) -> Page[AutomationRun]:
    statement = select(AutomationRun).where(col(AutomationRun.automation_id) == automation_id)
    return await page_newest_first(session, statement, AutomationRun.requested_at, AutomationRun.id, request)


async def counts_of(session: AsyncSession, run: AutomationRun) -> RunCounts:
    """Final counts of a closed run as recorded at its close; of one that has anything left, from its ledger now."""
    recorded = _final(run.counts)
    if recorded is not None:
        return recorded
    return await count_ledger(session, run.id, run.total)


async def counts_of_runs(session: AsyncSession, run_ids: Collection[UUID]) -> dict[UUID, RunCounts]:
    """What `counts_of` answers, by run, in two statements. A run that does not exist has no counts."""
    if not run_ids:
        return {}
    statement = select(AutomationRun.id, AutomationRun.total, AutomationRun.counts)
    found = (await session.exec(statement.where(col(AutomationRun.id).in_(run_ids)))).all()
    recorded = {run_id: _final(counts) for run_id, _, counts in found}
    closed = {run_id: counts for run_id, counts in recorded.items() if counts is not None}
    totals = {run_id: total for run_id, total, _ in found if run_id not in closed}
    return closed | await count_ledgers(session, totals)


def _final(recorded: Mapping[str, Any] | None) -> RunCounts | None:
    """What was recorded at a run's close, unless some of its messages waited in the queue then."""
    counts = None if recorded is None else RunCounts.model_validate(recorded)
    return None if counts is None or counts.deferred else counts


async def recount_closed_run(session: AsyncSession, run: AutomationRun) -> None:
    """Bring the counts of a closed run up to its ledger, after a send that outlasted the run.

    The run is locked. A message that never left goes to nobody now: its row ends as cancelled.
    """
    await settle_unfinished(
        session, run.id, Outcome.SKIPPED, SkipReason.CANCELLED.value, None, leave_claimed=True
    )
    run.counts = (await count_ledger(session, run.id, run.total)).model_dump()


async def list_run_participants(
    session: AsyncSession, run_id: UUID, outcome: str | None, after_seq: int, limit: int
) -> list[RunParticipant]:
    """Ledger rows in order of enrollment, after row number `after_seq`."""
    statement = select(RunParticipant).where(
        col(RunParticipant.run_id) == run_id, col(RunParticipant.seq) > after_seq
    )
    if outcome is not None:
        statement = statement.where(col(RunParticipant.outcome) == outcome)
    return list((await session.exec(statement.order_by(col(RunParticipant.seq)).limit(limit))).all())


async def open_runs(session: AsyncSession, requested_before: datetime) -> list[AutomationRun]:
    statement = select(AutomationRun).where(
        col(AutomationRun.status).in_([status.value for status in OPEN_RUNS]),
        col(AutomationRun.requested_at) < requested_before,
    )
    return list((await session.exec(statement)).all())
