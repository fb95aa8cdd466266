"""Subscriptions kept in step with participants: with each change at once, and with all of them by a refresh."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from time import monotonic
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.automation import AutomationStatus, TriggerType
from domain.participant_state import Standing, SubscriptionStatus
from store.database import Database
from store.participant_values import Row, selected
from store.programs import get_program
from store.segment_members import with_segments
from store.subscription_rows import COLUMNS, Placed, delete_subscriptions, standing_of, write_standings
from store.subscription_watch import (
    Compile,
    Watch,
    compile_timed,
    compile_timed_for,
    lock_as_refresh,
    lock_as_writer_of_participants,
)
from store.tables import Automation, Program
from store.tables.automation import NOT_ARCHIVED

WATCHED = (AutomationStatus.ACTIVE, AutomationStatus.PAUSED)
# Whoever writes a participant of the program waits for a page to end.
SECONDS_A_PAGE = 0.5


@dataclass(frozen=True, slots=True)
class ParticipantChange:
    """All columns of a participant by name, before (None: just created) and after the change."""

    before: Row | None
    after: Row


@dataclass(frozen=True, slots=True)
class RefreshedPage:
    """What a page of a refresh did. `last` is where the next one begins, None when this was the last.

    `slow`: why the filter was not asked about everybody, if it was not.
    """

    last: UUID | None
    looked_at: int
    subscribed: int
    cancelled: int
    slow: str | None = None


async def follow_participants(
    session: AsyncSession, program: Program, changes: Sequence[ParticipantChange], now: datetime
) -> set[UUID]:
    """Bring the subscriptions of changed participants up to date, in the transaction that changes them.

    Their rows must be locked, as by updating them. Each participant at most once. Answers the active automations
    that may have something due earlier than before, whose workflows have to be told after the commit.
    """
    if not changes:
        return set()
    await lock_as_writer_of_participants(session, program.id)
    watching = await _watching(session, program.id)
    if not watching:
        return set()
    held = await _lock_held(session, watching, changes)
    watches = await asyncio.to_thread(_watches_of, watching, program, now)
    people = [change.after for change in changes]
    if any("segments" in watch.columns for watch in watches):
        people = [*await with_segments(session, people)]
    moved = await asyncio.to_thread(_moved, watches, changes, people, held)
    await write_standings(session, moved)
    active = {one.id for one in watching if one.status == AutomationStatus.ACTIVE.value}
    sooner = [
        placed
        for placed in moved
        if placed.automation_id in active
        and _is_sooner(placed.standing, held.get((placed.automation_id, placed.participant_id)))
    ]
    return await _first_in_their_automation(session, sooner)


async def refresh_subscriptions_page(
    database: Database,
    automation_id: UUID,
    after: UUID | None,
    limit: int,
    now: datetime,
    rebase: bool,
    compile_filter: Compile = compile_timed,
) -> RefreshedPage:
    """Look at up to `limit` participants of the automation's program, by id after `after`, in one transaction.

    Who newly matches is subscribed, who no longer does is cancelled, subscriptions of deleted participants go.
    Does nothing once the automation is neither active nor paused. With `rebase`, what is due by `now` is dropped.
    Looks at fewer when they take longer than SECONDS_A_PAGE.
    """
    async with database.transaction() as session:
        automation = await session.get(Automation, automation_id)
        if automation is None:
            return RefreshedPage(None, 0, 0, 0)
        await lock_as_refresh(session, automation.program_id)
        await session.refresh(automation)
        program = await get_program(session, automation.program_id)
        if program is None or not _watches(automation):
            return RefreshedPage(None, 0, 0, 0)
        watch = Watch(automation, program, now, rebasing=rebase, compile_filter=compile_filter)
        people = await _page_of_participants(session, watch, program.id, after, limit)
        last = people[-1]["id"] if len(people) == limit else None
        held = await _lock_held_between(session, automation_id, after, last)
        placed, looked_at = await asyncio.to_thread(_refreshed, watch, people, held)
        if looked_at < len(people):
            people = people[:looked_at]
            last = people[-1]["id"]
        await write_standings(session, placed)
        passed = {held_by for held_by in held if last is None or held_by <= last}
        await delete_subscriptions(session, automation_id, sorted(passed - {row["id"] for row in people}))
        left = sum(one.standing.status is SubscriptionStatus.CANCELLED for one in placed)
        begun = sum(
            _is_new(held.get(one.participant_id)) and one.standing.status is not SubscriptionStatus.CANCELLED
            for one in placed
        )
        return RefreshedPage(last, looked_at, subscribed=begun, cancelled=left, slow=watch.slow)


async def _first_in_their_automation(session: AsyncSession, sooner: Sequence[Placed]) -> set[UUID]:
    """Automations for which one of these is what comes due first: the others' timers are set soon enough."""
    if not sooner:
        return set()
    found = await session.execute(
        text(
            "SELECT DISTINCT p.automation_id "
            "FROM unnest(CAST(:automations AS uuid[]), CAST(:instants AS timestamptz[])) "
            "AS p(automation_id, due_at) WHERE NOT EXISTS (SELECT FROM subscription s "
            "WHERE s.automation_id = p.automation_id AND s.status = 'active' "
            "AND s.next_trigger_at IS NOT NULL AND s.next_trigger_at < p.due_at)"
        ),
        {
            "automations": [placed.automation_id for placed in sooner],
            "instants": [placed.standing.next_trigger_at for placed in sooner],
        },
    )
    return {row[0] for row in found}


async def _watching(session: AsyncSession, program_id: UUID) -> list[Automation]:
    statement = (
        select(Automation)
        .where(
            col(Automation.program_id) == program_id,
            col(Automation.trigger_type) == TriggerType.PARTICIPANT_STATE.value,
            # Not archived, in the words of the index by trigger_type.
            NOT_ARCHIVED,
            col(Automation.status).in_([status.value for status in WATCHED]),
        )
        .order_by(col(Automation.id))
        .execution_options(populate_existing=True)
    )
    return list((await session.exec(statement)).all())


async def _lock_held(
    session: AsyncSession, watching: Sequence[Automation], changes: Sequence[ParticipantChange]
) -> dict[tuple[UUID, UUID], Standing]:
    rows = await session.execute(
        text(
            f"SELECT {COLUMNS} FROM subscription s "  # noqa: S608
            "WHERE s.automation_id = ANY(CAST(:automations AS uuid[])) "
            "AND s.participant_id = ANY(CAST(:participants AS uuid[])) "
            "ORDER BY s.automation_id, s.participant_id FOR UPDATE"
        ),
        {
            "automations": [automation.id for automation in watching],
            "participants": [change.after["id"] for change in changes],
        },
    )
    return {(row["automation_id"], row["participant_id"]): standing_of(row) for row in rows.mappings()}


def _watches_of(watching: Sequence[Automation], program: Program, now: datetime) -> list[Watch]:
    return [_watch_of(automation, program, now) for automation in watching]


def _watch_of(automation: Automation, program: Program, now: datetime) -> Watch:
    """Its filter is not asked while the last refresh says that it is slow."""
    compile_filter = partial(compile_timed_for, automation.id)
    return Watch(automation, program, now, slow=automation.last_error, compile_filter=compile_filter)


def _moved(
    watches: Sequence[Watch],
    changes: Sequence[ParticipantChange],
    people: Sequence[Row],
    held: dict[tuple[UUID, UUID], Standing],
) -> list[Placed]:
    """The standings that differ from those held. `people`: the changed ones with all that a watch reads."""
    moved: list[Placed] = []
    for watch in watches:
        for change, person in zip(changes, people, strict=True):
            participant_id = person["id"]
            earlier = held.get((watch.automation_id, participant_id))
            standing = watch.standing(person, change.before, earlier)
            if standing is not None and standing != earlier:
                moved.append(Placed(watch.automation_id, participant_id, standing))
    return moved


async def _page_of_participants(
    session: AsyncSession, watch: Watch, program_id: UUID, after: UUID | None, limit: int
) -> Sequence[RowMapping]:
    where = "p.program_id = :program" + ("" if after is None else " AND p.id > :after")
    rows = await session.execute(
        text(
            f"SELECT {selected(watch.columns)} FROM participant AS p WHERE {where} ORDER BY p.id LIMIT :limit"  # noqa: S608
        ),
        {"program": program_id, "after": after, "limit": limit}
        if after
        else {"program": program_id, "limit": limit},
    )
    return rows.mappings().all()


async def _lock_held_between(
    session: AsyncSession, automation_id: UUID, after: UUID | None, last: UUID | None
) -> dict[UUID, Standing]:
    """Subscriptions of participants after `after`, up to and with `last`; None leaves that side open."""
    where = "s.automation_id = :automation"
    parameters: dict[str, Any] = {"automation": automation_id}
    if after is not None:
        where += " AND s.participant_id > :after"
        parameters["after"] = after
    if last is not None:
        where += " AND s.participant_id <= :last"
        parameters["last"] = last
    rows = await session.execute(
        text(f"SELECT {COLUMNS} FROM subscription s WHERE {where} ORDER BY s.participant_id FOR UPDATE"),  # noqa: S608
        parameters,
    )
    return {row["participant_id"]: standing_of(row) for row in rows.mappings()}


def _refreshed(
    watch: Watch, people: Sequence[RowMapping], held: dict[UUID, Standing]
) -> tuple[list[Placed], int]:
    """The standings that differ from those held, and how many people there was time for: one at least, of any."""
    placed: list[Placed] = []
    until = monotonic() + SECONDS_A_PAGE
    for looked_at, row in enumerate(people, start=1):
        earlier = held.get(row["id"])
        standing = watch.standing(row, None, earlier)
        if standing is not None and standing != earlier:
            placed.append(Placed(watch.automation_id, row["id"], standing))
        if monotonic() >= until:
            return placed, looked_at
    return placed, len(people)


def _watches(automation: Automation) -> bool:
    return (
        automation.trigger_type == TriggerType.PARTICIPANT_STATE.value
        and AutomationStatus(automation.status) in WATCHED
    )


def _is_new(held: Standing | None) -> bool:
    return held is None or held.status is SubscriptionStatus.CANCELLED


def _is_sooner(standing: Standing, held: Standing | None) -> bool:
    if standing.status is not SubscriptionStatus.ACTIVE or standing.next_trigger_at is None:
        return False
    before = held.next_trigger_at if held is not None else None
    return before is None or standing.next_trigger_at < before
