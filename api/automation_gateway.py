"""The API's only way to change an automation: updates of its workflow."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

from temporalio.client import Client, WithStartWorkflowOperation, WorkflowUpdateFailedError
from temporalio.client import WorkflowUpdateRPCTimeoutOrCancelledError as UpdateTimedOut
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from api.errors import ErrorDetails, Refusal, not_found, unavailable
from domain import search_attributes
from domain.contract import (
    Actor,
    Amendment,
    AutomationInput,
    AutomationSnapshot,
    ErrorType,
    Update,
    WorkflowType,
    automation_workflow_id,
)

ANSWER_WITHIN = timedelta(seconds=15)
# A workflow takes ten updates at once; more than that wait their turn here.
BUSY_RETRIES = 8
BUSY_PAUSE_SECONDS = 0.05

Answer = TypeVar("Answer")

REFUSED_AS_IT_STANDS = frozenset(
    {
        ErrorType.NOT_TRIGGERABLE,
        ErrorType.NOT_CANCELLABLE,
        ErrorType.NOT_REFRESHABLE,
        ErrorType.ARCHIVED,
    }
)


@dataclass(frozen=True, slots=True)
class Target:
    """The automation a write is for. Its name is what the Web UI shows."""

    automation_id: UUID
    program_id: UUID
    name: str


class AutomationGateway:
    """Update-with-start throughout: a workflow that an operator terminated comes back to life from its
    record at the next write, and a write never finds nobody listening."""

    def __init__(self, connect: Callable[[], Awaitable[Client]], task_queue: str) -> None:
        self._connect = connect
        self._client: Client | None = None
        self._connecting = asyncio.Lock()
        self._task_queue = task_queue

    async def create(self, target: Target, change_id: UUID) -> AutomationSnapshot:
        return await self._update(target, Update.READY, None, change_id)

    async def trigger(self, target: Target, actor: str, request_id: UUID | None = None) -> AutomationSnapshot:
        """Once for a `request_id`: asked again, it answers as the first time."""
        return await self._update(target, Update.TRIGGER, Actor(actor=actor), request_id=request_id)

    async def amend(self, target: Target, change_id: UUID, actor: str) -> AutomationSnapshot:
        return await self._update(target, Update.AMEND, Amendment(actor=actor, change_id=change_id))

    async def cancel_execution(self, target: Target, actor: str) -> AutomationSnapshot:
        return await self._update(target, Update.CANCEL_EXECUTION, Actor(actor=actor))

    async def archive(self, target: Target, actor: str) -> AutomationSnapshot:
        return await self._update(target, Update.ARCHIVE, Actor(actor=actor))

    async def refresh_subscriptions(self, target: Target, actor: str) -> AutomationSnapshot:
        return await self._update(target, Update.REFRESH_SUBSCRIPTIONS, Actor(actor=actor))

    def _start(
        self, target: Target, change_id: UUID | None
    ) -> WithStartWorkflowOperation[object, AutomationSnapshot]:
        return WithStartWorkflowOperation(
            WorkflowType.AUTOMATION.value,
            AutomationInput(automation_id=target.automation_id, change_id=change_id),
            id=automation_workflow_id(target.automation_id),
            task_queue=self._task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            static_summary=target.name,
            search_attributes=search_attributes.of_automation(
                target.automation_id, "automation", target.program_id
            ),
        )

    async def _update(
        self,
        target: Target,
        update: Update,
        argument: Actor | None,
        change_id: UUID | None = None,
        request_id: UUID | None = None,
    ) -> AutomationSnapshot:
        client = await self._connected()
        for attempt in range(BUSY_RETRIES + 1):
            try:
                async with asyncio.timeout(ANSWER_WITHIN.total_seconds()):
                    snapshot: AutomationSnapshot = await client.execute_update_with_start_workflow(
                        update.value,
                        args=[] if argument is None else [argument],
                        id=None if request_id is None else str(request_id),
                        start_workflow_operation=self._start(target, change_id),
                        result_type=AutomationSnapshot,
                        rpc_timeout=ANSWER_WITHIN,
                    )
                    return snapshot
            except WorkflowUpdateFailedError as failure:
                raise refusal_of(failure.cause) from None
            except (TimeoutError, UpdateTimedOut):
                raise unavailable(
                    "No worker answered in time; the request may still be carried out"
                ) from None
            except RPCError as error:
                if error.status is not RPCStatusCode.RESOURCE_EXHAUSTED or attempt == BUSY_RETRIES:
                    raise unavailable("Temporal is unavailable") from None
            await asyncio.sleep(BUSY_PAUSE_SECONDS * 2**attempt)
        raise unavailable("The automation is busy")

    async def _connected(self) -> Client:
        async with self._connecting:
            if self._client is None:
                try:
                    self._client = await self._connect()
                except (RuntimeError, OSError):
                    raise unavailable("Temporal is unavailable") from None
            return self._client


def refusal_of(cause: BaseException | None) -> Refusal:
    """The HTTP answer for an update that the workflow refused, by the type of its error."""
    if not isinstance(cause, ApplicationError):
        return Refusal(503, "The automation's workflow ended before it could answer")
    if cause.type == ErrorType.INVALID:
        field = str(cause.details[0]) if cause.details else "body"
        details = ErrorDetails(field=field, reason=cause.message)
        return Refusal(400, f"{field}: {cause.message}", details)
    if cause.type == ErrorType.NAME_TAKEN:
        details = ErrorDetails(field="name", reason="taken", expected="unique in the program")
        return Refusal(409, "An automation with this name exists in the program", details)
    if cause.type == ErrorType.NOT_FOUND:
        return not_found("Automation")
    if cause.type in REFUSED_AS_IT_STANDS:
        return Refusal(400, cause.message)
    return Refusal(503, "The automation could not be changed now")
