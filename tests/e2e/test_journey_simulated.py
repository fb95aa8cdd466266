"""What a simulation says is what the workflow does: step by step, on a server that skips time."""

import sys
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlmodel import col, select
from temporalio.client import WorkflowHandle
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities import journeys as rounds
from api.journey_simulation import simulated_segments, world_of
from api.schemas.journey_simulation import AskSimulation
from domain.actions import Channel
from domain.contract import JourneyInput, WorkflowType, journey_workflow_id
from domain.journeys.definition import JourneyDefinition
from domain.journeys.route import compile_route
from domain.journeys.simulated_crowd import CrowdShape, Reading, made_up_people, reader
from domain.journeys.simulating import Entry, simulate
from domain.journeys.stepping import Decision, Step
from store.database import Database
from store.tables import Enrollment, EnrollmentStep, Message, Participant, Program
from tests.domain.journeys.journey_blocks import (
    ab,
    delay,
    holdout,
    journey,
    random_split,
    sms,
    split,
    tag,
    tagged,
)
from tests.fixtures.carillon import eventually
from tests.fixtures.journeys import enabled_journey, journey_activities, let_in
from workflows.journey import JourneyWorkflow
from workflows.sandbox import sandboxed_runner

SERVER = Path(sys.executable).parent / "temporal-test-server"
QUEUE = "simulated"
SIZE = 40
READING = Reading(open_percent=60, click_percent=60, within=timedelta(days=2))
# How far the workflow's clock runs behind an instant that is due.
LATE = timedelta(minutes=10)


def clicked(block_id: str) -> dict[str, Any]:
    return {"type": "message", "field": "blockID", "operator": "clickedSms", "value": block_id}


def at_ten(id_: str) -> dict[str, Any]:
    when = {"mode": "specificTime", "time": "10:00", "allowedWeekdays": ["monday", "thursday"]}
    return {"id": id_, "type": "delay", "delay": when | {"timezone": "contact"}}


JOURNEY = journey(
    sms("hello", skip=False),
    delay("pause", 3),
    split("asked", [clicked("hello")], [tag("fan")], [ab("test", 50, [tag("nudged")], [sms("again")])]),
    at_ten("morning"),
    holdout("control", 20),
    random_split("lots", (1, [tag("one")]), (2, [delay("month", 1, "M"), tag("two")])),
    split("known", [tagged("fan"), tagged("vip")], [sms("thanks")], [], "or"),
)


@pytest.fixture
async def skipping() -> AsyncIterator[WorkflowEnvironment]:
    environment = await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=str(SERVER), data_converter=pydantic_data_converter
    )
    async with environment:
        yield environment


async def add_crowd(database: Database, program_id: UUID) -> list[Participant]:
    shape = CrowdShape(
        SIZE,
        subscribed={"sms": 85},
        tags={"vip": 30},
        timezones={"Europe/Madrid": 1, "Asia/Tokyo": 1, "America/Lima": 1},
    )
    people = [
        Participant(**fields, program_id=program_id) for fields in made_up_people(shape, uuid4().int % 2**31)
    ]
    async with database.transaction() as session:
        session.add_all(people)
    return people


async def click(database: Database, journey_id: str, sent: int, seed: int) -> None:
    """Once so many messages are there, have people follow their links as the simulation's people do."""

    async def messages() -> Sequence[Message] | None:
        async with database.transaction() as session:
            found = (await session.exec(select(Message).where(col(Message.journey_id) == journey_id))).all()
        return found if len(found) == sent else None

    react = reader(READING, seed)
    async with database.transaction() as session:
        for message in await eventually(messages):
            assert message.participant_id is not None and message.block_id is not None
            reaction = react(message.participant_id, message.block_id, Channel.SMS)
            if reaction.clicks_after is not None:
                await session.execute(
                    text("UPDATE message SET opened_at = :at, clicked_at = :at WHERE id = :id"),
                    {"at": message.created_at + reaction.clicks_after, "id": message.id},
                )


async def walked(database: Database, journey_id: str) -> dict[UUID, list[tuple[str, datetime]]]:
    """The steps that were really taken, by participant."""
    statement = (
        select(EnrollmentStep, Enrollment.participant_id)
        .join(Enrollment, col(Enrollment.id) == col(EnrollmentStep.enrollment_id))
        .where(col(EnrollmentStep.journey_id) == journey_id)
        .order_by(col(EnrollmentStep.number))
    )
    steps: dict[UUID, list[tuple[str, datetime]]] = {}
    async with database.transaction() as session:
        for row, participant_id in await session.exec(statement):
            step = Step(row.block_id or "", Decision(row.decision), row.reason)
            steps.setdefault(participant_id, []).append((f"{row.block_id}: {step.outcome}", row.at))
    return steps


async def test_the_simulated_trace_is_that_of_the_real_workflow(
    database: Database,
    program_id: UUID,
    skipping: WorkflowEnvironment,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rounds, "STAYS_FOR", timedelta(0))
    people = await add_crowd(database, program_id)
    start = await skipping.get_current_time()
    journey_id = await enabled_journey(database, program_id, JOURNEY, start)
    await let_in(database, journey_id, people, start)
    seed = 7
    async with Worker(
        skipping.client,
        task_queue=QUEUE,
        workflows=[JourneyWorkflow],
        activities=[journey_activities(database).advance_journey],
        workflow_runner=sandboxed_runner(),
    ):
        with skipping.auto_time_skipping_disabled():
            handle: WorkflowHandle[Any, Any] = await skipping.client.start_workflow(
                WorkflowType.JOURNEY.value,
                JourneyInput(journey_id=journey_id),
                id=journey_workflow_id(journey_id),
                task_queue=QUEUE,
            )
            reachable = sum(person.consent["sms"] == "subscribed" for person in people)
            await click(database, journey_id, reachable, seed)
        await handle.result()
    real = await walked(database, journey_id)

    async with database.transaction() as session:
        program = await session.get_one(Program, program_id)
    simulated = simulated_steps(program, journey_id, JOURNEY, people, seed, start)
    assert {who: [step for step, _ in steps] for who, steps in real.items()} == {
        who: [step for step, _ in steps] for who, steps in simulated.items()
    }
    for who, steps in real.items():
        for (step, at), (_, expected) in zip(steps, simulated[who], strict=True):
            assert timedelta(0) <= at - expected < LATE, (step, at, expected)
    words = {step for steps in real.values() for step, _ in steps}
    assert {"asked: branched:true", "asked: branched:false", "control: held_out"} <= words
    assert {"test: branched:a", "test: branched:b", "hello: cancelled:no_consent"} <= words


def simulated_steps(
    program: Program,
    journey_id: str,
    definition: JourneyDefinition,
    people: Sequence[Participant],
    seed: int,
    start: datetime,
) -> dict[UUID, list[tuple[str, datetime]]]:
    asked = AskSimulation.model_validate(
        {
            "seed": seed,
            "behaviour": {
                "openPercent": READING.open_percent,
                "clickPercent": READING.click_percent,
                "withinHours": READING.within / timedelta(hours=1),
            },
        }
    )
    route = compile_route(journey_id, definition.content_hash(), definition)
    world = world_of(program, definition, route, {}, simulated_segments(program, {}), asked)
    rows = {person.id: person.model_dump() for person in people}
    entries = [Entry(start, who, str(who)) for who in rows]
    trace = simulate(world, rows, (), entries, start + timedelta(days=100), 100_000)
    steps: dict[UUID, list[tuple[str, datetime]]] = {}
    for taken in trace.steps:
        told = f"{taken.step.block_id}: {taken.step.outcome}"
        steps.setdefault(taken.participant_id, []).append((told, taken.at))
    return steps
