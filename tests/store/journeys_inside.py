"""Journeys that let people in, and who is inside, for tests of who enters and leaves."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlmodel import col, select

from domain.journeys.definition import JourneyDefinition
from domain.journeys.enrolling import EnrollmentStatus
from store.database import Database
from store.enrollments import Entry, enroll
from store.journeys import disable_journey, enable_journey, lock_journey, redefine_journey
from store.tables import Enrollment, JourneyRefusal
from tests.domain.journeys.samples import definition
from tests.store.journeying import NOON, add_journey


async def add_open_journey(
    database: Database, program_id: UUID, wanted: JourneyDefinition | None = None, at: datetime = NOON
) -> str:
    """The id of a journey that is enabled: by default, one that `placed order` sets going."""
    journey_id = await add_journey(database, program_id, wanted or definition(), at=at)
    await enable(database, program_id, journey_id, at)
    return journey_id


async def enable(
    database: Database, program_id: UUID, journey_id: str, at: datetime = NOON, **how: Any
) -> None:
    async with database.transaction() as session:
        journey = await lock_journey(session, program_id, journey_id)
        assert journey is not None
        await enable_journey(session, journey, at, **how)


async def disable(database: Database, program_id: UUID, journey_id: str, at: datetime = NOON) -> None:
    async with database.transaction() as session:
        journey = await lock_journey(session, program_id, journey_id)
        assert journey is not None
        disable_journey(session, journey, at)


async def republish(database: Database, program_id: UUID, journey_id: str, wanted: JourneyDefinition) -> None:
    async with database.transaction() as session:
        journey = await lock_journey(session, program_id, journey_id)
        assert journey is not None
        redefine_journey(journey, wanted, NOON)
        await enable_journey(session, journey, NOON)


async def put_inside(
    database: Database,
    program_id: UUID,
    journey_id: str,
    person: UUID,
    wanted: JourneyDefinition | None = None,
    *,
    block_id: str | None = None,
    at: datetime = NOON,
    due: bool = False,
) -> UUID:
    """Somebody who has taken a step, and stands at a block; the id of their pass. `due`: who has yet to take one."""
    entry = Entry(
        key=f"test:{uuid4()}",
        journey_id=journey_id,
        program_id=program_id,
        participant_id=person,
        content_hash=(wanted or definition()).content_hash(),
        entered_at=at,
        status=EnrollmentStatus.ACTIVE,
    )
    async with database.transaction() as session:
        ids = await enroll(session, [entry])
        if due:
            return ids[entry.key]
        await session.execute(
            text("UPDATE enrollment SET steps = 1, block_id = :block, wake_at = NULL WHERE id = :id"),
            {"block": block_id, "id": ids[entry.key]},
        )
    return ids[entry.key]


async def passes(database: Database, journey_id: str) -> list[Enrollment]:
    async with database.transaction() as session:
        statement = select(Enrollment).where(col(Enrollment.journey_id) == journey_id)
        return list((await session.exec(statement.order_by(col(Enrollment.id)))).all())


async def refusals(database: Database, journey_id: str) -> dict[UUID, str]:
    """The reason of the last refusal of each person."""
    async with database.transaction() as session:
        statement = select(JourneyRefusal).where(col(JourneyRefusal.journey_id) == journey_id)
        found = await session.exec(statement.order_by(col(JourneyRefusal.id)))
        return {row.participant_id: row.reason for row in found}
