"""The timer an automation keeps itself: for the next occurrence of its schedule, or of its subscriptions."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain.automation import TriggerType
    from domain.contract import AutomationSnapshot, RunCause
    from domain.firing import OwnTimer, own_timer
    from domain.subscription_timer import next_batch_at
    from workflows.due_fire import DueFire


class OwnTimerKeeper:
    """One timer at a time, armed for what the record says; when it goes off, `fire` is told what is due."""

    def __init__(self, fire: Callable[[DueFire], None]) -> None:
        self._fire = fire
        self._task: asyncio.Task[None] | None = None
        self._armed_for: OwnTimer | None = None

    def arm(self, known: AutomationSnapshot, *, hold: bool = False) -> None:
        """Follow the record; arming again for the same instant changes nothing. `hold`: for nothing now."""
        due = None if hold else _due(known)
        if due == self._armed_for:
            return
        self._armed_for = due
        if self._task is not None:
            self._task.cancel()
        self._task = asyncio.create_task(self._wait(due, known.trigger_type)) if due is not None else None

    async def _wait(self, due: OwnTimer, trigger_type: TriggerType) -> None:
        await workflow.sleep(max(timedelta(0), due.wake_at - workflow.now()))
        self._task = None
        if trigger_type is TriggerType.PARTICIPANT_STATE:
            # The same batch may be asked for again: whoever came due meanwhile joins it.
            self._armed_for = None
            self._fire(DueFire(RunCause.PARTICIPANT_STATE, None, "subscriptions"))
        else:
            self._fire(DueFire(RunCause.SCHEDULE, due.nominal_at, "own timer", by_own_timer=True))


def _due(known: AutomationSnapshot) -> OwnTimer | None:
    if known.trigger_type is TriggerType.PARTICIPANT_STATE:
        batch_at = next_batch_at(known)
        return None if batch_at is None else OwnTimer(nominal_at=batch_at, wake_at=batch_at)
    return own_timer(
        known.timezone,
        timedelta(seconds=known.jitter_seconds),
        known.next_run_at if known.trigger_type is TriggerType.CRON else None,
        known.due_once_at,
        workflow.now(),
    )
