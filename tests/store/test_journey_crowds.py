"""What befalls everybody in a journey at once."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.journeys.enrolling import ExitReason
from domain.journeys.resume_policy import ResumeMode, ResumePolicy
from store.database import Database
from store.enrollments import Entry, enroll
from store.journey_crowds import Standing, exit_everyone, resume_everyone, standing_in
from store.journeys import new_hex_id
from store.tables import Enrollment
from tests.store.journeying import NOON

HOUR = timedelta(hours=1)
# Wake-ups of four people: two are overdue at NOON.
WAKE_UPS = (NOON - 2 * HOUR, NOON - HOUR, NOON + HOUR, NOON + 2 * HOUR)


@pytest.fixture
async def crowd(database: Database, program_id: UUID) -> tuple[str, list[UUID]]:
    """A journey with four people inside, by when they are due."""
    journey_id = new_hex_id()
    entries = [
        Entry(
            key=str(uuid4()),
            journey_id=journey_id,
            program_id=program_id,
            participant_id=uuid4(),
            content_hash="h",
            entered_at=NOON - 3 * HOUR,
            wake_at=at,
        )
        for at in WAKE_UPS
    ]
    async with database.transaction() as session:
        entered = await enroll(session, entries)
        ids = [entered[entry.key] for entry in entries]
        for id_ in ids:
            (await session.get_one(Enrollment, id_)).waiting_since = NOON - 3 * HOUR
    return journey_id, ids


async def resumed(
    database: Database, crowd: tuple[str, list[UUID]], mode: ResumeMode, per_minute: int | None = None
) -> list[datetime | None]:
    """When each is due, once the journey that has stood still since an hour before NOON goes on at NOON."""
    journey_id, people = crowd
    policy = ResumePolicy(mode=mode, per_minute=per_minute)
    async with database.transaction() as session:
        await resume_everyone(session, journey_id, policy, NOON - HOUR, NOON)
        return [(await session.get_one(Enrollment, one)).wake_at for one in people]


async def test_those_who_are_held_take_their_steps_at_once(
    database: Database, crowd: tuple[str, list[UUID]]
) -> None:
    assert await resumed(database, crowd, ResumeMode.HOLD) == list(WAKE_UPS)


async def test_shifted_wake_ups_are_later_by_the_time_that_the_journey_stood_still(
    database: Database, crowd: tuple[str, list[UUID]]
) -> None:
    assert await resumed(database, crowd, ResumeMode.SHIFT) == [at + HOUR for at in WAKE_UPS]


async def change(database: Database, enrollment_id: UUID, **fields: Any) -> None:
    async with database.transaction() as session:
        one = await session.get_one(Enrollment, enrollment_id)
        for name, value in fields.items():
            setattr(one, name, value)


async def test_whoever_went_on_while_the_journey_stood_still_is_due_at_once(
    database: Database, crowd: tuple[str, list[UUID]]
) -> None:
    event_came, goal_reached, moved, waits = crowd[1]
    meanwhile = NOON - HOUR / 2
    await change(database, event_came, awaited_event_id=uuid4(), wake_at=meanwhile)
    await change(
        database, goal_reached, awaited_event_id=uuid4(), waiting_since=None, wake_at=meanwhile, block_id="g"
    )
    await change(database, moved, waiting_since=None, wake_at=meanwhile, block_id="m")
    assert await resumed(database, crowd, ResumeMode.SHIFT) == [meanwhile] * 3 + [WAKE_UPS[3] + HOUR]
    assert (await standing_of(database, waits)).waiting_since == NOON - 3 * HOUR


async def test_a_quiet_time_is_shifted_with_the_entry_at_its_end(
    database: Database, crowd: tuple[str, list[UUID]]
) -> None:
    quiet = crowd[1][2]
    await change(database, quiet, status="waiting_inactivity", waiting_since=None, entered_at=WAKE_UPS[2])
    assert (await resumed(database, crowd, ResumeMode.SHIFT))[2] == WAKE_UPS[2] + HOUR
    assert (await standing_of(database, quiet)).entered_at == WAKE_UPS[2] + HOUR


async def standing_of(database: Database, enrollment_id: UUID) -> Enrollment:
    async with database.transaction() as session:
        return await session.get_one(Enrollment, enrollment_id)


async def test_those_who_are_overdue_are_dropped_and_the_others_stay(
    database: Database, crowd: tuple[str, list[UUID]]
) -> None:
    assert await resumed(database, crowd, ResumeMode.DROP) == [None, None, *WAKE_UPS[2:]]
    async with database.transaction() as session:
        left = await session.get_one(Enrollment, crowd[1][0])
        assert (left.status, left.reason, left.finished_at) == ("exited", "overdue_at_resume", NOON)


async def test_overdue_steps_trickle_in_their_order(
    database: Database, crowd: tuple[str, list[UUID]]
) -> None:
    half = timedelta(seconds=30)
    assert await resumed(database, crowd, ResumeMode.TRICKLE, 2) == [NOON, NOON + half, *WAKE_UPS[2:]]


async def test_where_people_stand_tells_who_is_overdue(
    database: Database, crowd: tuple[str, list[UUID]]
) -> None:
    journey_id, people = crowd
    async with database.transaction() as session:
        (await session.get_one(Enrollment, people[3])).block_id = "b"
    async with database.transaction() as session:
        standing = await standing_in(session, journey_id, NOON)
    assert sorted(standing, key=lambda each: each.inside) == [Standing("b", 1, 0), Standing(None, 3, 2)]


async def test_everybody_leaves_once(database: Database, crowd: tuple[str, list[UUID]]) -> None:
    journey_id, people = crowd
    async with database.transaction() as session:
        assert await exit_everyone(session, new_hex_id(), ExitReason.JOURNEY_DELETED, NOON) == 0
        assert await exit_everyone(session, journey_id, ExitReason.JOURNEY_DELETED, NOON) == len(people)
        assert await exit_everyone(session, journey_id, ExitReason.JOURNEY_DISABLED, NOON) == 0
        assert await standing_in(session, journey_id, NOON) == []
        left = await session.get_one(Enrollment, people[0])
        assert (left.status, left.reason) == ("exited", "journey_deleted")
