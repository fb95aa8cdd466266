"""Running an automation and waiting for what comes of it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid5

from api.automation_gateway import AutomationGateway, Target
from api.errors import Refusal
from domain.automation import IN_PROGRESS, AutomationStatus, ExecutionStatus, Scope, TriggerType
from domain.contract import NOT_TRIGGERABLE_MESSAGE, AutomationSnapshot
from domain.outcomes import RunCounts
from domain.run_report import ERRORS_AT_MOST, STILL_RUNNING, RunFailure, RunReport, report_of
from domain.run_status import OPEN_RUNS, RunStatus
from domain.triggering import can_trigger
from store.database import Database
from store.run_failures import run_failures
from store.runs import counts_of, run_numbered
from store.tables import Automation, AutomationRun

FIRST_PAUSE = 0.05
LONGEST_PAUSE = 1.0
PAUSE_GROWTH = 1.5
ATTEMPTS = 10
BAD_REQUEST = 400
ACTION_FAILED = 500
CANCELLED = "The execution was cancelled"
# One that is held waits for somebody to look into it, for hours perhaps.
UNDER_WAY = OPEN_RUNS - {RunStatus.HELD}


def action_failed(message: str) -> Refusal:
    """What cannot be done is a server's error on this surface, whatever it is."""
    return Refusal(ACTION_FAILED, message, code="action_failed")


@dataclass(frozen=True, slots=True)
class RunNow:
    """One per request. Runs go on when `patience` has run out: what is counted by then is told."""

    database: Database
    gateway: AutomationGateway
    actor: str
    patience: timedelta
    request_id: UUID | None = None

    async def run(self, automation: Automation) -> RunReport | None:
        """What came of the run, or of the one in progress, which is joined; None when it is not active.

        Raises a Refusal for an automation that nobody can trigger, and for a run that ended otherwise than
        completed.
        """
        until = self.give_up_at()
        number = await self.begin(automation)
        return None if number is None else await self.follow(automation.id, number, until)

    def give_up_at(self) -> float:
        """When `patience` runs out that begins now, by the clock of the event loop."""
        return asyncio.get_running_loop().time() + self.patience.total_seconds()

    async def begin(self, automation: Automation) -> int | None:
        """The number of the run that began or is in progress; None when the automation is not active.

        Raises a Refusal for one that nobody can trigger.
        """
        attempt = 0
        while automation.status == AutomationStatus.ACTIVE.value:
            if _is_executing(automation):
                return automation.run_count
            number = await self._trigger(automation, attempt)
            if number is not None:
                return number
            attempt += 1
            if attempt == ATTEMPTS:
                raise action_failed(NOT_TRIGGERABLE_MESSAGE)
            await asyncio.sleep(min(FIRST_PAUSE * PAUSE_GROWTH**attempt, LONGEST_PAUSE))
            automation = await self._reread(automation)
        return None

    async def _trigger(self, automation: Automation, attempt: int) -> int | None:
        """The number of the run; None when somebody else is triggering it at this moment, or has stopped it."""
        if not _is_triggerable(automation):
            raise action_failed(NOT_TRIGGERABLE_MESSAGE)
        target = Target(automation.id, automation.program_id, automation.name)
        # What was refused once under an id is refused for ever, so each attempt has its own.
        request_id = self.request_id and uuid5(self.request_id, str(attempt))
        try:
            snapshot = await self.gateway.trigger(target, self.actor, request_id)
        except Refusal as refusal:
            if refusal.status != BAD_REQUEST:
                raise
            return None
        return _number_of(snapshot)

    async def _reread(self, automation: Automation) -> Automation:
        async with self.database.transaction() as session:
            return await session.get_one(Automation, automation.id)

    async def follow(self, automation_id: UUID, number: int, until: float) -> RunReport:
        """What came of the run by its end, or by then, or until it was held. Raises a Refusal when it failed or was
        cancelled."""
        pause = FIRST_PAUSE
        while True:
            now = asyncio.get_running_loop().time()
            async with self.database.transaction() as session:
                run = await run_numbered(session, automation_id, number)
                if run is not None and (now >= until or run.status not in UNDER_WAY):
                    failures = await run_failures(session, run.id, ERRORS_AT_MOST)
                    return _outcome(run, await counts_of(session, run), failures)
            if now >= until:
                return RunReport(message=STILL_RUNNING)
            await asyncio.sleep(min(pause, max(until - now, 0)))
            pause = min(pause * PAUSE_GROWTH, LONGEST_PAUSE)


def _is_executing(automation: Automation) -> bool:
    return ExecutionStatus(automation.execution_status) in IN_PROGRESS


def _is_triggerable(automation: Automation) -> bool:
    kind = TriggerType(automation.trigger_type), Scope(automation.scope)
    return can_trigger(AutomationStatus(automation.status), *kind, ExecutionStatus.IDLE)


def _number_of(snapshot: AutomationSnapshot) -> int:
    """Of the run that a trigger began; at program scope of the one that it is about to begin."""
    if snapshot.active_run is not None:
        return snapshot.active_run.number
    return snapshot.run_count + 1


def _outcome(run: AutomationRun, counts: RunCounts, failures: Sequence[RunFailure]) -> RunReport:
    if run.status == RunStatus.FAILED.value:
        raise action_failed(run.error or "The execution failed")
    if run.status == RunStatus.CANCELLED.value:
        raise action_failed(CANCELLED)
    return report_of(RunStatus(run.status), counts, failures, run.error)
