"""What is recorded of webhook deliveries. Nobody receives them, so nothing leaves this machine."""

from typing import Any
from uuid import UUID

from temporalio.client import WorkflowHandle

from cli.histories import start_of
from domain.contract import Signal, webhook_workflow_id
from tests.fixtures.carillon import Carillon, eventually
from tests.replay.stage import Stage

NOWHERE = "https://receiver.invalid/"


async def webhook_waits_for_more(stage: Stage) -> None:
    carillon = await stage.new_program()
    handle, path = await _webhook(stage, carillon)
    await carillon.http.post(f"{path}/test")
    await _attempted(carillon, path, 1)
    await stage.keep("waits_for_more", handle)


async def webhook_retries(stage: Stage) -> None:
    carillon = await stage.new_program()
    handle, path = await _webhook(stage, carillon)
    await carillon.create()
    await _attempted(carillon, path, 2)
    await stage.keep("retries", handle)


async def webhook_continued_as_new(stage: Stage) -> None:
    carillon = await stage.new_program()
    handle, path = await _webhook(stage, carillon)
    await carillon.http.post(f"{path}/test")
    await _attempted(carillon, path, 1)
    await signalled_until_continued(handle, Signal.DELIVERIES_DUE)
    await stage.keep_both_sides("continued_as_new", handle)


async def signalled_until_continued(handle: WorkflowHandle[Any, Any], signal: Signal) -> None:
    """Round after round of a workflow that has nothing to do, until it has continued as new."""

    async def continued() -> bool:
        await handle.signal(signal.value)
        return bool(start_of(await handle.fetch_history()).continued_execution_run_id)

    await eventually(continued, within=60)


async def _webhook(stage: Stage, carillon: Carillon) -> tuple[WorkflowHandle[Any, Any], str]:
    """The workflow of a new webhook, and the webhook's path."""
    answer = await carillon.http.post(f"{carillon.base}/webhooks", json={"url": NOWHERE})
    assert answer.status_code == 201, answer.text
    webhook_id = answer.json()["id"]
    handle = stage.temporal.get_workflow_handle(webhook_workflow_id(UUID(webhook_id)))
    return handle, f"{carillon.base}/webhooks/{webhook_id}"


async def _attempted(carillon: Carillon, path: str, attempts: int) -> None:
    async def look() -> bool:
        deliveries = (await carillon.http.get(f"{path}/deliveries")).json()["data"]
        return any(delivery["attempts"] >= attempts for delivery in deliveries)

    await eventually(look, within=60)
