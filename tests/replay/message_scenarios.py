"""What is recorded of queued messages."""

from uuid import UUID

from domain.contract import Signal
from store.database import Database
from tests.fixtures.carillon import Carillon, eventually
from tests.fixtures.queued_messages import (
    add_person,
    message_to,
    messages_of,
    queue,
    record_of,
    tell_of_messages,
)
from tests.replay.stage import Stage
from tests.replay.webhook_scenarios import signalled_until_continued


async def messages_wait_for_more(stage: Stage) -> None:
    carillon = await stage.new_program()
    async with record_of(stage.stack) as record:
        await _queue_one(record, carillon)
        handle = await tell_of_messages(stage.temporal, UUID(carillon.program_id))
        await _all_sent(record, carillon)
        await _queue_one(record, carillon)
        await handle.signal(Signal.MESSAGES_DUE.value)
        await _all_sent(record, carillon)
    await stage.keep("waits_for_more", handle)


async def messages_give_way(stage: Stage) -> None:
    """While the mail server is away."""
    carillon = await stage.new_program()
    async with record_of(stage.stack) as record:
        async with stage.mail_outage():
            await _queue_one(record, carillon)
            handle = await tell_of_messages(stage.temporal, UUID(carillon.program_id))
            await eventually(lambda: _tried(record, carillon))
        await _all_sent(record, carillon)
    await stage.keep("gives_way", handle)


async def messages_continued_as_new(stage: Stage) -> None:
    carillon = await stage.new_program()
    async with record_of(stage.stack) as record:
        await _queue_one(record, carillon)
        handle = await tell_of_messages(stage.temporal, UUID(carillon.program_id))
        await _all_sent(record, carillon)
    await signalled_until_continued(handle, Signal.MESSAGES_DUE)
    await stage.keep_both_sides("continued_as_new", handle)


async def _queue_one(record: Database, carillon: Carillon) -> None:
    await queue(record, message_to(await add_person(record, UUID(carillon.program_id))))


async def _tried(record: Database, carillon: Carillon) -> bool:
    return any(message.attempts for message in await messages_of(record, UUID(carillon.program_id)))


async def _all_sent(record: Database, carillon: Carillon) -> None:
    async def look() -> bool:
        statuses = {message.status for message in await messages_of(record, UUID(carillon.program_id))}
        return statuses == {"sent"}

    await eventually(look, within=60)
