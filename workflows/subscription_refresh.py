"""Evaluating an automation's subscriptions anew, in the background of everything else it does."""

import asyncio
from collections.abc import Awaitable, Callable

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from domain.activity_contract import ActivityName, RefreshSubscriptions
    from domain.automation import AutomationStatus
    from domain.contract import AutomationSnapshot
    from workflows.calling import call_long


class SubscriptionRefresh:
    """One refresh at a time; whoever asks during one gets another after it.

    `look` reads the record and answers what it says now.
    """

    def __init__(self, look: Callable[[], Awaitable[AutomationSnapshot]]) -> None:
        self._look = look
        self._task: asyncio.Task[None] | None = None
        self._wanted_rebase = False
        self._rebasing = False

    @property
    def running(self) -> bool:
        return self._task is not None

    @property
    def holds_fires(self) -> bool:
        """True after a pause, until what came due during it has been dropped."""
        return self._wanted_rebase or self._rebasing

    def follow(self, before: AutomationSnapshot | None, known: AutomationSnapshot) -> None:
        """Start a refresh when the record asks for one."""
        if not known.refresh_due:
            return
        if before is not None and before.status is AutomationStatus.PAUSED:
            self._wanted_rebase = known.status is AutomationStatus.ACTIVE
        if self._task is None:
            self._task = asyncio.create_task(self._refresh(known))

    async def _refresh(self, known: AutomationSnapshot) -> None:
        try:
            while known.refresh_due:
                self._rebasing, self._wanted_rebase = self._wanted_rebase, False
                await self._refresh_once(known)
                self._rebasing = False
                known = await self._look()
        except ActivityError:
            workflow.logger.warning("a refresh of the subscriptions failed; upkeep asks for the next")
        finally:
            self._rebasing = False
            self._task = None

    async def _refresh_once(self, known: AutomationSnapshot) -> None:
        await call_long(
            ActivityName.REFRESH_SUBSCRIPTIONS,
            RefreshSubscriptions(
                automation_id=known.automation_id, now=workflow.now(), rebase=self._rebasing
            ),
            type(None),
            "Evaluate the subscriptions anew",
        )
