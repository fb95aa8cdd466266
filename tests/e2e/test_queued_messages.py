"""A queued message leaves by itself, once."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from temporalio.client import Client

from cli.stack import Stack
from domain import search_attributes
from domain.contract import messages_workflow_id
from store.database import Database
from tests.fixtures.carillon import Carillon, eventually
from tests.fixtures.queued_messages import (
    add_person,
    change_message,
    message_to,
    messages_of,
    queue,
    record_of,
    tell_of_messages,
    the_message,
)


@pytest.fixture
async def record(stack: Stack) -> AsyncIterator[Database]:
    async with record_of(stack) as database:
        yield database


async def until_sent(record: Database, program_id: UUID) -> None:
    async def sent() -> bool:
        return {message.status for message in await messages_of(record, program_id)} == {"sent"}

    await eventually(sent)


async def rounds_of(temporal: Client, program_id: UUID) -> int:
    history = await temporal.get_workflow_handle(messages_workflow_id(program_id)).fetch_history()
    return sum(event.HasField("activity_task_completed_event_attributes") for event in history.events)


async def test_a_queued_message_arrives_once_however_often_its_program_is_told(
    carillon: Carillon, record: Database, temporal: Client
) -> None:
    program_id = UUID(carillon.program_id)
    person = await add_person(record, program_id)
    message = message_to(person, subject="Hello", body="You are the hundredth")
    await queue(record, message)
    handle = await tell_of_messages(temporal, program_id)
    await until_sent(record, program_id)
    rounds = await rounds_of(temporal, program_id)
    await tell_of_messages(temporal, program_id)

    async def looked_again() -> bool:
        return await rounds_of(temporal, program_id) > rounds

    await eventually(looked_again)
    (mail,) = await carillon.inbox(str(person.email))
    assert mail["subject"] == "Hello"
    assert (await the_message(record, program_id)).body is None
    attributes = (await handle.describe()).typed_search_attributes
    assert attributes[search_attributes.KIND] == "messages"
    assert attributes[search_attributes.PROGRAM] == carillon.program_id


async def test_many_messages_each_reach_their_own(
    carillon: Carillon, record: Database, temporal: Client
) -> None:
    program_id = UUID(carillon.program_id)
    people = [await add_person(record, program_id) for _ in range(100)]
    await queue(record, *(message_to(person) for person in people))
    await tell_of_messages(temporal, program_id)
    await until_sent(record, program_id)
    assert [len(await carillon.inbox(str(person.email))) for person in people] == [1] * 100


async def test_a_message_of_which_nobody_told_is_found_by_upkeep(
    carillon: Carillon, record: Database
) -> None:
    program_id = UUID(carillon.program_id)
    person = await add_person(record, program_id)
    message = message_to(person)
    await queue(record, message)
    await change_message(record, message, available_at=datetime.now(UTC) - timedelta(minutes=1))
    await until_sent(record, program_id)
    assert len(await carillon.inbox(str(person.email))) == 1


async def test_whoever_is_erased_meanwhile_gets_nothing(
    carillon: Carillon, record: Database, temporal: Client
) -> None:
    program_id = UUID(carillon.program_id)
    leaving, staying = await add_person(record, program_id), await add_person(record, program_id)
    await queue(
        record, message_to(leaving, key=f"a:{leaving.id}"), message_to(staying, key=f"b:{staying.id}")
    )
    answer = await carillon.http.delete(f"{carillon.base}/participants/{leaving.id}")
    assert answer.status_code == 204
    await tell_of_messages(temporal, program_id)

    async def sent() -> bool:
        return (await messages_of(record, program_id))[1].status == "sent"

    await eventually(sent)
    assert await carillon.inbox(str(leaving.email)) == []
    assert (await messages_of(record, program_id))[0].status == "cancelled"
