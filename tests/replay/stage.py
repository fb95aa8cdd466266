"""Where histories are recorded: a stack of its own, and the means to bring it into the states of interest."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle, WorkflowHistory

from cli.histories import start_of
from cli.stack import Stack
from domain.contract import WorkflowType, automation_workflow_id, run_workflow_id
from tests.fixtures.carillon import Carillon, eventually

MAIL = {"type": "send_message", "channel": "email", "subject": "Hello", "body": "Hello"}
SUBSCRIBED = {"email": "subscribed"}
A_RUN_ENDS_WITHIN = 60


@dataclass(frozen=True)
class Recording:
    """One history to keep, under `<workflow type>/<case>.json`."""

    case: str
    history: WorkflowHistory

    @property
    def workflow_type(self) -> str:
        return start_of(self.history).workflow_type.name


@dataclass
class Stage:
    stack: Stack
    http: httpx.AsyncClient
    temporal: Client
    recordings: list[Recording] = field(default_factory=list)
    _mail: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def new_program(self) -> Carillon:
        return await Carillon.with_new_program(self.http, self.stack.addresses.inbox_url)

    def automation(self, automation_id: str) -> WorkflowHandle[Any, Any]:
        return self.temporal.get_workflow_handle(automation_workflow_id(UUID(automation_id)))

    def run(self, automation_id: str) -> WorkflowHandle[Any, Any]:
        return self.temporal.get_workflow_handle(run_workflow_id(UUID(automation_id), 1))

    async def keep(self, case: str, handle: WorkflowHandle[Any, Any]) -> WorkflowHistory:
        """Record a history once its workflow has nothing left to do for now."""
        await eventually(lambda: _is_at_rest(handle), A_RUN_ENDS_WITHIN)
        history = await handle.fetch_history()
        self.recordings.append(Recording(case, history))
        return history

    def keep_as_it_is(self, case: str, history: WorkflowHistory) -> None:
        """Record a history of a workflow that is never at rest."""
        self.recordings.append(Recording(case, history))

    async def keep_both_sides(self, case: str, handle: WorkflowHandle[Any, Any]) -> None:
        """Record the newest execution of a workflow, and the one that was continued as it."""
        after = await self.keep(f"{case}_after", handle)
        before = start_of(after).continued_execution_run_id
        assert before, f"{handle.id} was not continued as new"
        await self.keep(f"{case}_before", self.temporal.get_workflow_handle(handle.id, run_id=before))

    async def found(self, query: str) -> WorkflowHandle[Any, Any]:
        """The first workflow that visibility lists for a query, once there is one."""

        async def look() -> WorkflowHandle[Any, Any] | None:
            async for execution in self.temporal.list_workflows(query, limit=1):
                return self.temporal.get_workflow_handle(execution.id, run_id=execution.run_id)
            return None

        handle: WorkflowHandle[Any, Any] = await eventually(look, A_RUN_ENDS_WITHIN)
        return handle

    async def found_for(
        self, automation_id: str, workflow_type: WorkflowType, status: str
    ) -> WorkflowHandle[Any, Any]:
        return await self.found(
            f"CarillonAutomation = '{automation_id}' AND WorkflowType = '{workflow_type.value}' "
            f"AND ExecutionStatus = '{status}'"
        )

    @asynccontextmanager
    async def mail_outage(self) -> AsyncIterator[None]:
        """While the mail server is away, runs that send mail stay in progress."""
        async with self._mail:
            await self.stack.kill("mail")
            try:
                yield
            finally:
                await self.stack.start("mail")


async def _is_at_rest(handle: WorkflowHandle[Any, Any]) -> bool:
    description = await handle.describe()
    if description.status is not WorkflowExecutionStatus.RUNNING:
        return True
    pending = description.raw_description
    return not (
        pending.pending_activities or pending.pending_children or pending.HasField("pending_workflow_task")
    )
