"""Programs are scored one after the other, and fail each for itself."""

import logging
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy.exc import OperationalError

from store.database import Database
from store.rfm import programs_to_score
from store.scored_programs import score_unless_it_fails
from store.tables import ParticipantVisits
from tests.store.watching import add_people

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
EVERY = timedelta(minutes=15)


async def spend(database: Database, program_id: UUID, amount: Decimal) -> None:
    (person,) = await add_people(database, program_id, {"first_name": "Noor"})
    visits = ParticipantVisits(
        participant_id=person, program_id=program_id, visits=1, spent=amount, last_at=NOW, counted_at=NOW
    )
    async with database.transaction() as session:
        session.add(visits)


async def test_a_program_that_can_be_scored_answers_how_many_have_changed(
    database: Database, program_id: UUID
) -> None:
    await spend(database, program_id, Decimal(5))
    assert await score_unless_it_fails(database, program_id, NOW) == 1


async def test_one_that_cannot_be_scored_is_told_by_its_id_and_not_by_its_people(
    database: Database, program_id: UUID, caplog: pytest.LogCaptureFixture
) -> None:
    await spend(database, program_id, Decimal("1e400"))
    with caplog.at_level(logging.ERROR):
        assert await score_unless_it_fails(database, program_id, NOW) is None
    assert f"program {program_id} is not scored: DataError" in caplog.text
    assert "Noor" not in caplog.text


async def test_one_that_cannot_be_scored_waits_for_its_turn_like_the_others(
    database: Database, program_id: UUID
) -> None:
    await spend(database, program_id, Decimal("1e400"))
    await score_unless_it_fails(database, program_id, NOW)
    async with database.transaction() as session:
        assert program_id not in await programs_to_score(session, NOW + EVERY / 2, EVERY)
        assert program_id in await programs_to_score(session, NOW + EVERY, EVERY)


async def test_a_database_that_is_away_is_no_programs_fault(program_id: UUID) -> None:
    nowhere = Database("postgresql+psycopg://nobody@127.0.0.1:1/none", pool_size=1)
    with pytest.raises(OperationalError):
        await score_unless_it_fails(nowhere, program_id, NOW)
    await nowhere.close()
