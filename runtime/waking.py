"""Telling workflows that the record holds something for them, starting those that do not run."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta
from typing import Any

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.service import RPCError

from domain import search_attributes
from domain.contract import (
    AutomationInput,
    JourneyInput,
    MessageDispatchInput,
    Signal,
    WebhookDeliveryInput,
    WorkflowType,
    automation_workflow_id,
    journey_workflow_id,
    messages_workflow_id,
    webhook_workflow_id,
)
from domain.wake_up import Sleeper, WakeUp

# A workflow is told at most so often: one signal stands for all that was noted meanwhile.
PAUSE_SECONDS = 0.25
# A journey looks for itself that long after each step, and every signal is kept in its history.
PAUSE_OF_JOURNEYS_SECONDS = 2.0
TELL_WITHIN = timedelta(seconds=5)


async def wake(client: Client, task_queue: str, wake_up: WakeUp) -> None:
    """Signal the workflow, which starts when it does not run. Raises RPCError."""
    await client.start_workflow(
        **_start_of(wake_up),
        task_queue=task_queue,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        rpc_timeout=TELL_WITHIN,
    )


def _start_of(wake_up: WakeUp) -> dict[str, Any]:
    match wake_up.sleeper:
        case Sleeper.AUTOMATION:
            return {
                "workflow": WorkflowType.AUTOMATION.value,
                "arg": AutomationInput(automation_id=wake_up.uuid),
                "id": automation_workflow_id(wake_up.uuid),
                "start_signal": Signal.SUBSCRIPTIONS_CHANGED.value,
            }
        case Sleeper.STAGED_AUTOMATION:
            return {
                "workflow": WorkflowType.AUTOMATION.value,
                "arg": AutomationInput(automation_id=wake_up.uuid, change_id=wake_up.uuid),
                "id": automation_workflow_id(wake_up.uuid),
                "start_signal": Signal.SUBSCRIPTIONS_CHANGED.value,
            }
        case Sleeper.WEBHOOK:
            return {
                "workflow": WorkflowType.WEBHOOK_DELIVERY.value,
                "arg": WebhookDeliveryInput(endpoint_id=wake_up.uuid),
                "id": webhook_workflow_id(wake_up.uuid),
                "start_signal": Signal.DELIVERIES_DUE.value,
                "static_summary": "Webhook deliveries",
                "search_attributes": search_attributes.of_webhook(),
            }
        case Sleeper.MESSAGES:
            return {
                "workflow": WorkflowType.MESSAGE_DISPATCH.value,
                "arg": MessageDispatchInput(program_id=wake_up.uuid),
                "id": messages_workflow_id(wake_up.uuid),
                "start_signal": Signal.MESSAGES_DUE.value,
                "static_summary": "Queued messages",
                "search_attributes": search_attributes.of_messages(wake_up.uuid),
            }
        case Sleeper.JOURNEY:
            return {
                "workflow": WorkflowType.JOURNEY.value,
                "arg": JourneyInput(journey_id=str(wake_up.id)),
                "id": journey_workflow_id(str(wake_up.id)),
                "start_signal": Signal.JOURNEY_CHANGED.value,
                "static_summary": "The people of a journey",
                "search_attributes": search_attributes.of_journey(str(wake_up.id)),
            }


def _pause_after(sleeper: Sleeper) -> float:
    return PAUSE_OF_JOURNEYS_SECONDS if sleeper is Sleeper.JOURNEY else PAUSE_SECONDS


class Waker:
    """Tells in the background. Nobody waits for it and nothing fails by it: upkeep tells what got lost."""

    def __init__(self, connect: Callable[[], Awaitable[Client]], task_queue: str) -> None:
        self._connect = connect
        self._client: Client | None = None
        self._task_queue = task_queue
        self._again: set[WakeUp] = set()
        self._telling: dict[WakeUp, asyncio.Task[None]] = {}

    def tell(self, wake_ups: Iterable[WakeUp]) -> None:
        for wake_up in wake_ups:
            self._again.add(wake_up)
            if wake_up not in self._telling:
                self._telling[wake_up] = asyncio.create_task(self._tell(wake_up))

    async def close(self) -> None:
        telling = list(self._telling.values())
        for task in telling:
            task.cancel()
        await asyncio.gather(*telling, return_exceptions=True)

    async def _tell(self, wake_up: WakeUp) -> None:
        try:
            while wake_up in self._again:
                self._again.discard(wake_up)
                self._client = self._client or await self._connect()
                await wake(self._client, self._task_queue, wake_up)
                await asyncio.sleep(_pause_after(wake_up.sleeper))
        except (RPCError, RuntimeError, OSError) as error:
            logging.getLogger("carillon.waking").warning(
                "a %s was left to upkeep: %s", wake_up.sleeper.value, type(error).__name__
            )
        finally:
            self._again.discard(wake_up)
            del self._telling[wake_up]
