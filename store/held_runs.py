"""Runs that are held, because too many of their last messages did not arrive."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.messages import MessageStatus
from domain.outcomes import SkipReason
from domain.run_status import RunStatus
from domain.wake_up import Sleeper
from store.tables import AutomationRun
from store.waking import wake_after_commit

_LAST = text(
    "SELECT status FROM message WHERE run_id = :run AND status IN ('sent', 'failed', 'unknown') "
    "AND NOT (status = 'failed' AND unsubscribed_at IS NOT NULL) "
    "AND created_at > COALESCE(CAST(:since AS timestamptz), '-infinity') "
    "ORDER BY created_at DESC, id DESC LIMIT :limit"
)


async def last_messages(session: AsyncSession, run: AutomationRun, limit: int) -> Sequence[MessageStatus]:
    """How the newest messages of a run ended, of those that were begun since it was last resumed.

    Without those that somebody did not want: who has told the provider so is not asked again.
    """
    given = {"run": run.id, "since": run.resumed_at, "limit": limit}
    return [MessageStatus(status) for status in (await session.execute(_LAST, given)).scalars()]


def hold(run: AutomationRun, reason: str, now: datetime) -> None:
    """The caller has locked the run: no effect starts from now on."""
    run.status = RunStatus.HELD.value
    run.held_at = now
    run.error = reason


async def resume(session: AsyncSession, run: AutomationRun, now: datetime) -> None:
    """The caller has locked the run. Its messages in the queue, which waited with it, are due again."""
    run.status = RunStatus.EXECUTING.value
    run.held_at = None
    run.resumed_at = now
    run.error = None
    await session.execute(
        text(
            "UPDATE message SET available_at = now(), error = NULL "
            "WHERE run_id = :run AND status = 'queued' AND error = :reason"
        ),
        {"run": run.id, "reason": SkipReason.RUN_HELD.value},
    )
    wake_after_commit(session, Sleeper.MESSAGES, {run.program_id})


async def is_held(session: AsyncSession, run_id: UUID) -> bool:
    found = await session.execute(text("SELECT status FROM automation_run WHERE id = :run"), {"run": run_id})
    return found.scalar_one_or_none() == RunStatus.HELD.value
