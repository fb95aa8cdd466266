"""What is recorded of journeys."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from temporalio.client import Client, WorkflowHandle

from domain.contract import Signal, journey_workflow_id
from domain.journeys.definition import JourneyDefinition
from domain.wake_up import Sleeper, WakeUp
from runtime.waking import wake
from tests.domain.journeys.journey_blocks import delay, journey, tag
from tests.fixtures.carillon import eventually
from tests.fixtures.journeys import enabled_journey, enrollment, let_in
from tests.fixtures.queued_messages import add_person, record_of
from tests.replay.stage import Stage
from tests.replay.webhook_scenarios import signalled_until_continued


async def journey_walked_to_its_end(stage: Stage) -> None:
    """Somebody's first step is due in some seconds, and the workflow waits for them."""
    handle = await _walk(stage, journey(tag("begun"), tag("done")), "completed", timedelta(seconds=4))
    await stage.keep("walked_to_its_end", handle)


async def journey_waits(stage: Stage) -> None:
    """For days, woken meanwhile."""
    handle = await _walk(stage, journey(delay("pause", 3), tag("done")), "active")
    await handle.signal(Signal.JOURNEY_CHANGED.value)
    await stage.keep("waits", handle)


async def journey_continued_as_new(stage: Stage) -> None:
    """In the middle of a wait."""
    handle = await _walk(stage, journey(delay("pause", 3), tag("done")), "active")
    await signalled_until_continued(handle, Signal.JOURNEY_CHANGED)
    await stage.keep_both_sides("continued_as_new", handle)


async def _walk(
    stage: Stage, definition: JourneyDefinition, status: str, begins_in: timedelta = timedelta(0)
) -> WorkflowHandle[Any, Any]:
    """The workflow of a new journey, once somebody in it has begun and is of this status."""
    carillon = await stage.new_program()
    async with record_of(stage.stack) as record:
        now = datetime.now(UTC)
        journey_id = await enabled_journey(record, UUID(carillon.program_id), definition, now)
        person = await add_person(record, UUID(carillon.program_id))
        (enrollment_id,) = await let_in(record, journey_id, [person], now, wake_at=now + begins_in)
        handle = await tell_of_journey(stage.temporal, journey_id)

        async def look() -> bool:
            found = await enrollment(record, enrollment_id)
            return found.block_id is not None and found.status == status

        await eventually(look, within=90)
    return handle


async def tell_of_journey(temporal: Client, journey_id: str) -> WorkflowHandle[Any, Any]:
    """What whoever lets people in does after the commit."""
    await wake(temporal, "carillon", WakeUp(Sleeper.JOURNEY, journey_id))
    return temporal.get_workflow_handle(journey_workflow_id(journey_id))
