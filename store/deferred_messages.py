"""Messages of runs that wait in the queue: the run goes on without them, its ledger and counts follow."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.actions import SendMessage
from domain.message_options import MessageOptions
from domain.outcomes import Outcome, SkipReason
from domain.run_status import RunStatus
from domain.wake_up import Sleeper
from store.ledger import Settlement, settle
from store.messages import Draft, message_key
from store.runs import lock_run, recount_closed_run
from store.tables import AutomationRun
from store.tables.run import WITH_DEFERRED
from store.waking import wake_after_commit

_QUEUE = text(
    "INSERT INTO message (id, key, program_id, automation_id, run_id, template_id, participant_id, channel, recipient, subject, "
    "body, options, sending, priority, occasion, status, available_at, error) "
    "SELECT d.id, d.key, :program, :automation, :run, :template, d.participant_id, :channel, d.recipient, d.subject, d.body, "
    "d.options, CAST(:sending AS jsonb), :priority, d.occasion, 'queued', d.due, d.reason FROM unnest(CAST(:ids AS uuid[]), "
    "CAST(:keys AS text[]), CAST(:people AS uuid[]), CAST(:recipients AS text[]), CAST(:subjects AS text[]), "
    "CAST(:bodies AS text[]), CAST(:options AS jsonb[]), CAST(:dues AS timestamptz[]), CAST(:reasons AS text[]), "
    "CAST(:occasions AS text[])) AS d(id, key, participant_id, recipient, subject, body, options, due, reason, occasion) "
    "ON CONFLICT (key) DO UPDATE SET status = 'queued', recipient = excluded.recipient, subject = excluded.subject, "
    "body = excluded.body, options = excluded.options, available_at = excluded.available_at, "
    "occasion = excluded.occasion, error = excluded.error, settled_at = NULL"
)
_FOLLOW = text(
    "UPDATE run_participant rp SET outcome = CASE m.status WHEN 'cancelled' THEN 'skipped' ELSE m.status END, "
    "reason = CASE m.status WHEN 'skipped' THEN m.error WHEN 'cancelled' THEN 'cancelled' ELSE s.reason END, "
    "error = CASE WHEN m.gave_way_to IS NOT NULL THEN 'gave way to message ' || m.gave_way_to "
    "WHEN m.status IN ('skipped', 'cancelled') THEN NULL ELSE m.error END, updated_at = now() "
    "FROM message m, unnest(CAST(:ids AS uuid[]), CAST(:reasons AS text[])) AS s(id, reason) "
    "WHERE m.id = s.id AND rp.run_id = m.run_id AND rp.participant_id = m.participant_id "
    "AND rp.outcome IN ('deferred', 'unknown') "
    "AND m.status IN ('sent', 'failed', 'unknown', 'skipped', 'cancelled') RETURNING rp.run_id"
)
# What is being claimed is passed over: its claimer asks how the run stands, and withdraws it itself.
_WITHDRAW = text(
    "UPDATE message SET status = 'cancelled', body = NULL, options = NULL, error = NULL, settled_at = now() "
    "WHERE id IN (SELECT id FROM message WHERE run_id = :run AND status = 'queued' ORDER BY id "
    "FOR UPDATE SKIP LOCKED) RETURNING id"
)
_RUNS = text(
    "SELECT id, status FROM automation_run WHERE id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR SHARE"
)


@dataclass(frozen=True, slots=True)
class Deferred:
    """A message that is to be handed over at `due`, and the gate that keeps it until then."""

    draft: Draft
    body: str
    options: MessageOptions
    due: datetime
    reason: SkipReason


async def defer_drafts(
    session: AsyncSession,
    run: AutomationRun,
    action: SendMessage,
    deferred: Sequence[Deferred],
) -> None:
    """Queue messages of a run, and note in its ledger that they wait there."""
    if not deferred:
        return
    drafts = [one.draft for one in deferred]
    await session.execute(
        _QUEUE,
        {
            "program": run.program_id,
            "automation": run.automation_id,
            "run": run.id,
            "template": action.template_id,
            "channel": action.channel.value,
            "sending": _json(action.sending.stored()),
            "priority": action.sending.priority,
            "ids": [draft.message_id for draft in drafts],
            "keys": [message_key(run.id, draft.participant_id) for draft in drafts],
            "people": [draft.participant_id for draft in drafts],
            "recipients": [draft.recipient for draft in drafts],
            "subjects": [draft.subject for draft in drafts],
            "bodies": [one.body for one in deferred],
            "options": [_json(one.options.stored()) for one in deferred],
            "dues": [one.due for one in deferred],
            "reasons": [one.reason.value for one in deferred],
            "occasions": [draft.occasion for draft in drafts],
        },
    )
    rows = [Settlement(one.draft.seq, Outcome.DEFERRED, one.reason.value) for one in deferred]
    await settle(session, run.id, rows)
    wake_after_commit(session, Sleeper.MESSAGES, {run.program_id})


async def share_runs(session: AsyncSession, runs: Collection[UUID]) -> dict[UUID, RunStatus]:
    """How runs stand, and stay until the transaction ends: the fence of their cancellation (`run_is_executing`)."""
    if not runs:
        return {}
    found = await session.execute(_RUNS, {"ids": list(runs)})
    return {run_id: RunStatus(status) for run_id, status in found}


async def withdraw_deferred(session: AsyncSession, run_id: UUID) -> None:
    """Nothing that the run, which the caller has locked and ended, has queued is sent any more."""
    withdrawn = (await session.execute(_WITHDRAW, {"run": run_id})).scalars().all()
    await follow_messages(session, dict.fromkeys(withdrawn))


async def withdraw_of_automation(session: AsyncSession, automation_id: UUID, reason: str) -> None:
    """The same for all runs of an automation that have ended; they are cancelled for the rest."""
    statement = select(AutomationRun).where(
        col(AutomationRun.automation_id) == automation_id, text(WITH_DEFERRED)
    )
    for run in (await session.exec(statement.order_by(col(AutomationRun.id)).with_for_update())).all():
        await withdraw_ended(session, run, reason)


async def withdraw_ended(session: AsyncSession, run: AutomationRun, reason: str) -> None:
    """The same for a run that has ended by itself, and is locked."""
    if run.status == RunStatus.COMPLETED.value:
        # For whoever holds one of its messages just now: they are not to be put back in the queue.
        run.status = RunStatus.CANCELLED.value
        run.error = reason
        await session.flush()
    await withdraw_deferred(session, run.id)


async def withdraw_messages(session: AsyncSession, ids: Collection[UUID]) -> None:
    """The same for messages that this transaction holds, or has just put back in the queue."""
    if ids:
        await session.execute(
            text(
                "UPDATE message SET status = 'cancelled', body = NULL, options = NULL, error = NULL, "
                "settled_at = now() WHERE id = ANY(CAST(:ids AS uuid[])) AND status = 'queued'"
            ),
            {"ids": list(ids)},
        )
        await follow_messages(session, dict.fromkeys(ids))


async def follow_messages(session: AsyncSession, reasons: Mapping[UUID, str | None]) -> set[UUID]:
    """Bring the ledgers up to messages that were settled; answers whose. `reasons`: in a word, why one has failed."""
    if not reasons:
        return set()
    given = {"ids": list(reasons), "reasons": list(reasons.values())}
    return set((await session.execute(_FOLLOW, given)).scalars())


async def runs_to_recount(session: AsyncSession, program_id: UUID) -> Sequence[UUID]:
    """Runs that have ended, and whose recorded counts tell of messages in the queue of which none is left there."""
    found = await session.execute(
        text(
            f"SELECT id FROM automation_run WHERE program_id = :program AND {WITH_DEFERRED} "  # noqa: S608
            "AND NOT EXISTS (SELECT FROM run_participant WHERE run_id = automation_run.id AND outcome = 'deferred')"
        ),
        {"program": program_id},
    )
    return found.scalars().all()


async def recount(session: AsyncSession, run_id: UUID) -> None:
    """Bring the counts of a run that has ended up to its ledger."""
    run = await lock_run(session, run_id)
    if run.counts is not None:
        await recount_closed_run(session, run)


def _json(stored: object) -> str | None:
    return None if stored is None else json.dumps(stored, ensure_ascii=False)
