"""What schedulers outside ask for: everything that is active run now, one step after the other."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError

from api.errors import Refusal
from api.plain_errors import plain_body, timestamp_now
from api.run_now import RunNow
from api.schemas.cron import AutomationsRun, MasterRun, PeopleScored, StepDone, StepFailed
from domain.run_report import RunReport
from store.automations import active_cron_automations
from store.programs import program_ids
from store.scored_programs import score_unless_it_fails
from store.tables import Automation

AUTOMATIONS = "/api/cron/automations"
RFM = "/api/cron/rfm"
AT_ONCE = 8
SUCCESS = 200
UNAVAILABLE = 503

Result = TypeVar("Result")

_log = logging.getLogger("carillon.api")


@dataclass(frozen=True, slots=True)
class CronSteps:
    """One per request; `until`: when to answer with what is counted by then."""

    runs: RunNow
    until: float

    async def run_automations(self) -> AutomationsRun:
        """All are begun before any is waited for. One that fails keeps none of the others from running."""
        async with self.runs.database.transaction() as session:
            automations = await active_cron_automations(session)
        slots = asyncio.Semaphore(AT_ONCE)

        async def begin(automation: Automation) -> int | None:
            async with slots:
                return await _unless_refused(automation.id, self.runs.begin(automation))

        async def follow(automation: Automation, number: int) -> RunReport | None:
            async with slots:
                return await _unless_refused(
                    automation.id, self.runs.follow(automation.id, number, self.until)
                )

        numbers = await asyncio.gather(*map(begin, automations))
        followed = (follow(one, number) for one, number in zip(automations, numbers, strict=True) if number)
        reports = [report for report in await asyncio.gather(*followed) if report is not None]
        return AutomationsRun(executed=len(reports), totalSent=sum(report.sent for report in reports))

    async def score_people(self) -> PeopleScored:
        """Program by program. One that cannot be scored keeps none of the others from it."""
        async with self.runs.database.transaction() as session:
            programs = await program_ids(session)
        changed = [
            await score_unless_it_fails(self.runs.database, program_id, datetime.now(UTC))
            for program_id in programs
        ]
        scored = [of_program for of_program in changed if of_program is not None]
        return PeopleScored(programs=len(scored), changed=sum(scored), failed=len(programs) - len(scored))

    async def run_all(self) -> MasterRun:
        """In sequence, the automations last. A step that fails stops none of the others."""
        steps: tuple[tuple[str, Callable[[], Awaitable[BaseModel]]], ...] = (
            (RFM, self.score_people),
            (AUTOMATIONS, self.run_automations),
        )
        results = [await _result(endpoint, step) for endpoint, step in steps]
        return MasterRun(timestamp=timestamp_now(), results=results)


async def _result(endpoint: str, step: Callable[[], Awaitable[BaseModel]]) -> StepDone | StepFailed:
    try:
        return StepDone(endpoint=endpoint, status=SUCCESS, data=(await step()).model_dump())
    except Refusal as refusal:
        return StepDone(endpoint=endpoint, status=refusal.status, data=plain_body(refusal).model_dump())
    except (SQLAlchemyError, OSError) as error:
        # The driver's own message may quote a row.
        return StepFailed(endpoint=endpoint, error=type(error).__name__)


async def _unless_refused(automation_id: UUID, work: Awaitable[Result]) -> Result | None:
    """None for what one automation is refused. Raises the Refusal that would come to all of them."""
    try:
        return await work
    except Refusal as refusal:
        if refusal.status == UNAVAILABLE:
            raise
        _log.warning("automation %s: %s", automation_id, refusal.body.code)
        return None
