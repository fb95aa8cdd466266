"""A journey on a server that skips time: days of waiting, one timer for each wake-up, and everybody through."""

import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlmodel import col, select
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHandle
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities import journeys as rounds
from domain.contract import JourneyInput, Signal, WorkflowType, journey_workflow_id
from store.database import Database
from store.tables import Message, Participant
from tests.domain.journeys.journey_blocks import delay, email, journey, opened, sms, split, tag
from tests.fixtures.carillon import eventually
from tests.fixtures.journeys import (
    enabled_journey,
    enrollment,
    journey_activities,
    let_in,
    path,
    sent_by,
)
from tests.fixtures.queued_messages import add_person
from workflows.journey import MOST_LANES, JourneyWorkflow
from workflows.sandbox import sandboxed_runner

WELCOME = journey(
    email("hello"), delay("pause", 3), split("asked", [opened("hello")], [tag("fan")], [sms("reminder")])
)
Begin = Callable[[str], Awaitable[WorkflowHandle[JourneyWorkflow, None]]]


@pytest.fixture
async def begin(database: Database) -> AsyncIterator[Begin]:
    """Starts the workflow of a journey, with a worker behind it."""
    environment = await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=str(Path(sys.executable).with_name("temporal-test-server")),
        data_converter=pydantic_data_converter,
    )
    queue = str(uuid4())

    async def start(journey_id: str) -> WorkflowHandle[JourneyWorkflow, None]:
        handle: WorkflowHandle[JourneyWorkflow, None] = await environment.client.start_workflow(
            WorkflowType.JOURNEY.value,
            JourneyInput(journey_id=journey_id),
            id=journey_workflow_id(journey_id),
            task_queue=queue,
        )
        return handle

    async with (
        environment,
        Worker(
            environment.client,
            task_queue=queue,
            workflows=[JourneyWorkflow],
            activities=[journey_activities(database).advance_journey],
            workflow_runner=sandboxed_runner(),
        ),
    ):
        yield start


async def events(handle: WorkflowHandle[JourneyWorkflow, None]) -> Counter[int]:
    return Counter([event.event_type async for event in handle.fetch_history_events()])


async def reachable(database: Database, program_id: UUID, count: int) -> list[Participant]:
    consent = {"email": "subscribed", "sms": "subscribed"}
    return [
        await add_person(database, program_id, consent=consent, phone="+34612345678") for _ in range(count)
    ]


async def test_three_days_pass_in_a_moment_with_one_timer_for_all(
    begin: Begin, database: Database, program_id: UUID
) -> None:
    now = datetime.now(UTC)
    journey_id = await enabled_journey(database, program_id, WELCOME, now)
    passes = await let_in(database, journey_id, await reachable(database, program_id, 20), now)
    handle = await begin(journey_id)

    async def all_wait() -> bool:
        return len(await sent_by(database, journey_id)) == len(passes)

    await eventually(all_wait)
    async with database.transaction() as session:
        mails = await session.exec(select(Message).where(col(Message.enrollment_id).in_(passes[:10])))
        for mail in mails:
            mail.opened_at = now
    await handle.result()
    told = await events(handle)
    # One for the three days, and one that it stays for in case somebody else comes.
    assert told[EventType.EVENT_TYPE_TIMER_STARTED] == 2
    decided = [(await path(database, one))[-1][0] for one in passes]
    assert decided == ["fan"] * 10 + ["reminder"] * 10
    for one in passes:
        done = await enrollment(database, one)
        assert done.status == "completed"
        assert done.finished_at is not None
        assert done.finished_at - now >= timedelta(days=3)
    sent = Counter(message.block_id for message in await sent_by(database, journey_id))
    assert sent == {"hello": 20, "reminder": 10}


async def test_whoever_enters_while_others_wait_is_walked_at_once(
    begin: Begin, database: Database, program_id: UUID
) -> None:
    now = datetime.now(UTC)
    journey_id = await enabled_journey(database, program_id, WELCOME, now)
    first, second = await reachable(database, program_id, 2)
    await let_in(database, journey_id, [first], now)
    handle = await begin(journey_id)

    async def mailed(people: int) -> bool:
        return len(await sent_by(database, journey_id)) == people

    await eventually(lambda: mailed(1))
    await let_in(database, journey_id, [second], datetime.now(UTC))
    await handle.signal(Signal.JOURNEY_CHANGED.value)
    await eventually(lambda: mailed(2))
    await handle.result()
    assert len(await sent_by(database, journey_id)) == 4


async def test_where_one_cannot_keep_up_several_go_on_beside_each_other(
    begin: Begin, database: Database, program_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "ROUND_ALONE", timedelta(0))
    now = datetime.now(UTC)
    journey_id = await enabled_journey(database, program_id, journey(tag("vip")), now)
    passes = await let_in(database, journey_id, await reachable(database, program_id, 9), now)
    handle = await begin(journey_id)
    await handle.result()
    told = await events(handle)
    # The one that did not keep up, and those that did; nobody has come since.
    assert told[EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED] == 1 + MOST_LANES
    for one in passes:
        assert await path(database, one) == [("vip", "changed", None)]


async def test_it_ends_when_nobody_is_left_and_begins_anew_with_the_next(
    begin: Begin, database: Database, program_id: UUID
) -> None:
    now = datetime.now(UTC)
    journey_id = await enabled_journey(database, program_id, journey(tag("vip")), now)
    (person,) = await reachable(database, program_id, 1)
    for _ in range(2):
        (one,) = await let_in(database, journey_id, [person], datetime.now(UTC))
        await (await begin(journey_id)).result()
        assert (await enrollment(database, one)).status == "completed"


async def test_it_says_how_many_are_inside_and_when_somebody_is_next(
    begin: Begin, database: Database, program_id: UUID
) -> None:
    now = datetime.now(UTC)
    journey_id = await enabled_journey(database, program_id, WELCOME, now)
    await let_in(database, journey_id, await reachable(database, program_id, 2), now)
    handle = await begin(journey_id)

    async def told() -> bool:
        events_ = await events(handle)
        return events_[EventType.EVENT_TYPE_TIMER_STARTED] > 0

    await eventually(told)
    metadata = await handle.query("__temporal_workflow_metadata")
    lines = str(metadata)
    assert "2 people are inside" in lines
    assert f"next step due at {now + timedelta(days=3):%Y-%m-%d}" in lines
    await handle.terminate()
