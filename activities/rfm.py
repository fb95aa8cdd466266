"""Scoring visits, program by program, where any have come."""

import asyncio
from datetime import datetime, timedelta

from temporalio import activity

from runtime.settings import Settings
from store.database import Database
from store.rfm import programs_to_score
from store.scored_programs import score_unless_it_fails

# Upkeep has other things to see to: programs that are still due then come first in its next pass.
SECONDS_A_PASS = 60.0


async def score_visits(database: Database, settings: Settings, now: datetime) -> int:
    """As many of the programs that are due as a pass has time for; answers how many people's scores have changed."""
    async with database.transaction() as session:
        due = await programs_to_score(session, now, timedelta(seconds=settings.rfm_seconds))
    until = asyncio.get_running_loop().time() + SECONDS_A_PASS
    changed = 0
    for program_id in due:
        changed += await score_unless_it_fails(database, program_id, now, activity.heartbeat) or 0
        if asyncio.get_running_loop().time() >= until:
            break
    return changed
