"""The circuit breaker of runs: hold one whose messages do not arrive, and wait until somebody resumes it."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

from temporalio import activity

from activities.heartbeats import with_heartbeats
from activities.resources import Resources
from domain.activity_contract import ActivityName, RunReference
from domain.run_status import RunStatus
from domain.send_gates.breaker import is_to_be_held, lost_among
from domain.send_policy import HoldAfterFailures
from store.database import Database
from store.held_runs import hold, is_held, last_messages
from store.runs import lock_run
from store.tables import AutomationRun

POLL_SECONDS = 1.0


async def hold_if_failing(database: Database, run_id: UUID, limit: HoldAfterFailures) -> None:
    """To be asked after each batch that was settled. Of several that ask at once the first one holds the run."""
    async with database.transaction() as session:
        run = await session.get_one(AutomationRun, run_id)
        if not is_to_be_held(await last_messages(session, run, limit.of_last), limit):
            return
    async with database.transaction() as session:
        run = await lock_run(session, run_id)
        last = await last_messages(session, run, limit.of_last)
        if run.status == RunStatus.EXECUTING.value and is_to_be_held(last, limit):
            lost = lost_among(last)
            hold(run, f"Held: {lost} of the last {len(last)} messages did not arrive", datetime.now(UTC))


class RunHoldingActivities:
    def __init__(self, resources: Resources) -> None:
        self._database = resources.database

    @activity.defn(name=ActivityName.AWAIT_RESUME)
    async def await_resume(self, request: RunReference) -> None:
        """Answers once the run is held no more: it was resumed, or ended."""
        await with_heartbeats(self._until_not_held(request.run_id))

    async def _until_not_held(self, run_id: UUID) -> None:
        while True:
            async with self._database.transaction() as session:
                if not await is_held(session, run_id):
                    return
            await asyncio.sleep(POLL_SECONDS)
