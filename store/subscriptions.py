"""Subscriptions of participant_state automations: what is due, enrolled into a run, and how that ended."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.outcomes import Outcome, SkipReason
from domain.participant_state import (
    Standing,
    SubscriptionStatus,
    after_failure,
    after_success,
    cancelled,
    fire,
    follow,
)
from store.paging import Page, PageRequest, page_newest_first
from store.participant_values import selected
from store.programs import get_program
from store.subscription_rows import COLUMNS, Placed, delete_subscriptions, standing_of, write_standings
from store.subscription_watch import Watch, lock_as_writer_of_participants
from store.tables import Automation, AutomationRun, Subscription

PAGE = 5_000
FIRST_ID = UUID(int=0)


@dataclass(frozen=True, slots=True)
class _Member:
    """Who is enrolled, and the outcome that they have from the beginning."""

    participant_id: UUID
    outcome: Outcome = Outcome.PENDING
    reason: str | None = None
    error: str | None = None


@dataclass(slots=True)
class _Enrolled:
    """What becomes of one page of due subscriptions."""

    moved: list[Placed] = field(default_factory=list)
    gone: list[UUID] = field(default_factory=list)
    members: list[_Member] = field(default_factory=list)


async def next_due_at(session: AsyncSession, automation_id: UUID) -> datetime | None:
    """The earliest instant at which a subscription is due; it may be past."""
    found = await session.execute(
        text(
            "SELECT min(next_trigger_at) FROM subscription "
            "WHERE automation_id = :automation AND status = 'active' AND next_trigger_at IS NOT NULL"
        ),
        {"automation": automation_id},
    )
    earliest: datetime | None = found.scalar_one()
    return earliest


async def list_subscriptions(
    session: AsyncSession, automation_id: UUID, status: str | None, request: PageRequest
) -> Page[Subscription]:
    """Newest first, without the cancelled ones. Raises InvalidCursorError."""
    statement = select(Subscription).where(
        col(Subscription.automation_id) == automation_id,
        col(Subscription.status) != SubscriptionStatus.CANCELLED.value,
    )
    if status is not None:
        statement = statement.where(col(Subscription.status) == status)
    return await page_newest_first(session, statement, Subscription.created_at, Subscription.id, request)


async def forget_participant(session: AsyncSession, program_id: UUID, participant_id: UUID) -> None:
    """Delete the subscriptions of a participant that this transaction deletes."""
    await lock_as_writer_of_participants(session, program_id)
    await session.execute(
        text("DELETE FROM subscription WHERE participant_id = :participant"), {"participant": participant_id}
    )


async def enroll_due(session: AsyncSession, run: AutomationRun, automation: Automation, now: datetime) -> int:
    """Enroll who is due by the run's nominal time into its ledger, and plan what follows; answers how many.

    A trigger that comes too late is enrolled as skipped; whoever is left when the filter has turned out slow, as
    failed. Who no longer matches, or is no longer due by what the record says of them now, is not enrolled. Runs in
    the transaction that makes the run execute, so it happens once.
    """
    program = await get_program(session, automation.program_id)
    assert program is not None
    watch = Watch(automation, program, now)
    due_by, after, total = run.nominal_at or now, FIRST_ID, 0
    while True:
        due = await _lock_due(session, automation.id, due_by, after)
        if not due:
            return total
        people = await _participants(session, watch, [row["participant_id"] for row in due])
        page = await asyncio.to_thread(_enrolled, watch, due, people, due_by, now)
        await write_standings(session, page.moved)
        await delete_subscriptions(session, automation.id, page.gone)
        await _append(session, run.id, total, page.members)
        total += len(page.members)
        after = due[-1]["participant_id"]


async def settle_subscriptions(
    session: AsyncSession, run_id: UUID, automation_id: UUID, now: datetime
) -> None:
    """Plan retries for those whom a run failed, and forget the errors of those it reached."""
    after = FIRST_ID
    while True:
        rows = await session.execute(
            text(
                f"SELECT {COLUMNS}, rp.outcome, COALESCE(rp.error, rp.reason, 'failed') AS error "  # noqa: S608
                "FROM run_participant rp JOIN subscription s "
                "ON s.automation_id = :automation AND s.participant_id = rp.participant_id "
                "WHERE rp.run_id = :run AND rp.participant_id > :after AND (rp.outcome = 'failed' "
                "OR (rp.outcome = 'sent' AND (s.retry_count > 0 OR s.last_error IS NOT NULL))) "
                "ORDER BY s.participant_id LIMIT :limit FOR UPDATE OF s"
            ),
            {"automation": automation_id, "run": run_id, "after": after, "limit": PAGE},
        )
        page = rows.mappings().all()
        if not page:
            return
        await write_standings(session, _settled(page, now))
        after = page[-1]["participant_id"]


async def _lock_due(
    session: AsyncSession, automation_id: UUID, due_by: datetime, after: UUID
) -> Sequence[RowMapping]:
    rows = await session.execute(
        text(
            f"SELECT {COLUMNS} FROM subscription s WHERE s.automation_id = :automation "  # noqa: S608
            "AND s.status = 'active' AND s.next_trigger_at IS NOT NULL AND s.next_trigger_at <= :due_by "
            "AND s.participant_id > :after ORDER BY s.participant_id LIMIT :limit FOR UPDATE"
        ),
        {"automation": automation_id, "due_by": due_by, "after": after, "limit": PAGE},
    )
    return rows.mappings().all()


async def _participants(
    session: AsyncSession, watch: Watch, participants: list[UUID]
) -> dict[UUID, RowMapping]:
    # A statement of its own, after the lock: whoever held a subscription until then may have changed its person.
    rows = await session.execute(
        text(
            f"SELECT {selected(watch.columns)} FROM participant AS p "  # noqa: S608
            "WHERE p.id = ANY(CAST(:ids AS uuid[]))"
        ),
        {"ids": participants},
    )
    return {row["id"]: row for row in rows.mappings()}


def _enrolled(
    watch: Watch,
    due: Sequence[RowMapping],
    people: dict[UUID, RowMapping],
    due_by: datetime,
    now: datetime,
) -> _Enrolled:
    page = _Enrolled()
    for held in due:
        participant_id = held["participant_id"]
        row = people.get(participant_id)
        if row is None:
            page.gone.append(participant_id)
            continue
        standing = standing_of(held)
        matches = watch.matches(row)
        if matches is not False:
            person = watch.person(row)
            standing = follow(watch.rhythm, standing, person, now)
            if standing.is_due(due_by):
                fired = fire(watch.rhythm, standing, person, now)
                standing = fired.standing
                page.members.append(_member(participant_id, fired.missed, None if matches else watch.slow))
        else:
            standing = cancelled(standing)
        page.moved.append(Placed(watch.automation_id, participant_id, standing))
    return page


def _member(participant_id: UUID, missed: bool, error: str | None) -> _Member:
    if missed:
        return _Member(participant_id, Outcome.SKIPPED, reason=SkipReason.MISSED.value)
    if error is not None:
        return _Member(participant_id, Outcome.FAILED, error=error)
    return _Member(participant_id)


async def _append(session: AsyncSession, run_id: UUID, first: int, members: Sequence[_Member]) -> None:
    await session.execute(
        text(
            "INSERT INTO run_participant (run_id, seq, participant_id, outcome, reason, error) "
            "SELECT :run, :first + position - 1, id, outcome, reason, error "
            "FROM unnest(CAST(:ids AS uuid[]), CAST(:outcomes AS text[]), CAST(:reasons AS text[]), "
            "CAST(:errors AS text[])) WITH ORDINALITY AS enrolled(id, outcome, reason, error, position)"
        ),
        {
            "run": run_id,
            "first": first,
            "ids": [member.participant_id for member in members],
            "outcomes": [member.outcome.value for member in members],
            "reasons": [member.reason for member in members],
            "errors": [member.error for member in members],
        },
    )


def _settled(rows: Sequence[RowMapping], now: datetime) -> list[Placed]:
    settled: list[Placed] = []
    for row in rows:
        held: Standing = standing_of(row)
        failed = row["outcome"] == Outcome.FAILED.value
        standing = after_failure(held, row["error"], now) if failed else after_success(held)
        if standing != held:
            settled.append(Placed(row["automation_id"], row["participant_id"], standing))
    return settled
