"""Upkeep scores the programs in which somebody has come."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from temporalio.testing import ActivityEnvironment

from activities import rfm
from activities.rfm import score_visits
from runtime.settings import Settings
from store.database import Database
from store.tables import Participant, ParticipantVisits, Program
from tests.store.watching import add_people

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


async def pass_over(database: Database, now: datetime) -> int:
    url = database.engine.url.render_as_string(hide_password=False)
    settings = Settings(database_url=url, rfm_seconds=900)
    changed: int = await ActivityEnvironment().run(score_visits, database, settings, now)
    return changed


async def come(database: Database, program_id: UUID, at: datetime, spent: Decimal = Decimal(5)) -> UUID:
    (person,) = await add_people(database, program_id, {})
    async with database.transaction() as session:
        session.add(
            ParticipantVisits(
                participant_id=person,
                program_id=program_id,
                visits=1,
                spent=spent,
                last_at=at,
                counted_at=at,
            )
        )
    return person


async def segment_of(database: Database, person: UUID) -> object:
    async with database.transaction() as session:
        return (await session.get_one(Participant, person)).attributes.get("rfm_segment")


async def test_who_came_is_scored_in_the_next_pass_and_again_after_a_while(
    database: Database, program_id: UUID
) -> None:
    first = await come(database, program_id, NOW)
    assert await pass_over(database, NOW) >= 1
    assert await segment_of(database, first) is not None
    second = await come(database, program_id, NOW + timedelta(minutes=1))
    await pass_over(database, NOW + timedelta(minutes=5))
    assert await segment_of(database, second) is None
    await pass_over(database, NOW + timedelta(minutes=16))
    assert await segment_of(database, second) is not None


async def test_a_pass_without_time_for_all_leaves_the_rest_to_the_next_one(
    database: Database, program_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = await come(database, program_id, NOW)
    monkeypatch.setattr(rfm, "SECONDS_A_PASS", 0)
    passes = 0
    while await segment_of(database, person) is None:
        await pass_over(database, NOW)
        passes += 1
        assert passes < 1_000


async def test_a_program_that_cannot_be_scored_keeps_none_of_the_others_from_it(
    database: Database, program_id: UUID
) -> None:
    async with database.transaction() as session:
        broken = Program(name="Broken")
        session.add(broken)
    await come(database, broken.id, NOW, Decimal("1e400"))
    person = await come(database, program_id, NOW)
    await pass_over(database, NOW)
    assert await segment_of(database, person) is not None
