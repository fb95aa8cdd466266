"""Keeping events, and what rules and journeys made of them, for as long as the settings say."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity

from runtime.settings import Settings
from store.database import Database
from store.event_retention import (
    ROWS_A_STATEMENT,
    discard_cooldowns,
    discard_event_types,
    discard_events,
    discard_rule_runs,
    discard_tallies,
)
from store.journey_refusals import discard_refusals

STATEMENTS_A_PASS = 30


async def discard_old_events(database: Database, settings: Settings, now: datetime) -> int:
    """One pass, which leaves to the next ones what is too much; answers how many events it discarded."""
    events_before = now - timedelta(days=settings.event_retention_days)
    discarded, _ = await _in_pieces(database, lambda session: discard_events(session, events_before))
    await _in_pieces(database, lambda session: discard_event_types(session, events_before))
    # Whole hours: runs and the hourly counts of them go together.
    runs_before = now.replace(minute=0, second=0, microsecond=0) - timedelta(
        days=settings.rule_run_retention_days
    )
    await _in_pieces(database, lambda session: discard_refusals(session, runs_before))
    _, all_gone = await _in_pieces(database, lambda session: discard_rule_runs(session, runs_before))
    if all_gone:
        hours, _ = await _in_pieces(database, lambda session: discard_tallies(session, runs_before))
        # No rule has acted in an hour that it has no count of, so cooldowns become old only as counts do.
        if hours:
            await _in_pieces(database, lambda session: discard_cooldowns(session, runs_before, now))
    return discarded


async def _in_pieces(
    database: Database, discard: Callable[[AsyncSession], Awaitable[int]]
) -> tuple[int, bool]:
    """How many rows were discarded, each piece in a transaction of its own, and whether those were all."""
    total = 0
    for _ in range(STATEMENTS_A_PASS):
        activity.heartbeat()
        async with database.transaction() as session:
            discarded = await discard(session)
        total += discarded
        if discarded < ROWS_A_STATEMENT:
            return total, True
    return total, False
