"""Scoring in PostgreSQL, against a plain reckoning of the same."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import col, select

from domain.rfm import RFM_RULES, SCORES
from store.database import Database
from store.rfm import programs_to_score, score_program
from store.tables import Participant, ParticipantVisits, Program
from tests.store.watching import add_people

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)

Visited = tuple[int, int, int]
"""Visits, cents spent, and days since the last one."""

PEOPLE = st.lists(
    st.tuples(st.integers(1, 8), st.integers(0, 500), st.integers(0, 30)), min_size=1, max_size=25
)


def fifth(value: int, of_all: Sequence[int]) -> int:
    """1 for who is ahead of nobody, 5 for who is ahead of everybody else."""
    behind = sum(1 for other in of_all if other < value)
    others = max(len(of_all) - 1, 1)
    return min(SCORES, 1 + (SCORES * behind) // others)


def reckoned(people: Sequence[Visited]) -> list[dict[str, object]]:
    visits, spent, days = (list(values) for values in zip(*people, strict=True))
    nearness = [-each for each in days]
    answers: list[dict[str, object]] = []
    for number, cents, since in people:
        recency, frequency = fifth(-since, nearness), fifth(number, visits)
        monetary = fifth(cents, spent) if max(spent) > 0 else frequency
        values = {"recency": recency, "frequency": frequency, "monetary": monetary, "visits": number}
        answers.append(
            {
                "last_visit_at": f"{NOW - timedelta(days=since):%Y-%m-%dT%H:%M:%SZ}",
                "total_visits": number,
                "total_spend": cents / 100,
                "rfm_recency": recency,
                "rfm_frequency": frequency,
                "rfm_monetary": monetary,
                "rfm_segment": next(
                    str(rule.segment)
                    for rule in RFM_RULES
                    if all(
                        getattr(rule, name)[0] <= value <= getattr(rule, name)[1]
                        for name, value in values.items()
                    )
                ),
            }
        )
    return answers


async def add_visits(database: Database, program_id: UUID, people: Sequence[Visited]) -> list[UUID]:
    ids = await add_people(database, program_id, *({} for _ in people))
    async with database.transaction() as session:
        session.add_all(
            ParticipantVisits(
                participant_id=one,
                program_id=program_id,
                visits=visits,
                spent=Decimal(cents) / 100,
                last_at=NOW - timedelta(days=days),
                counted_at=NOW,
            )
            for one, (visits, cents, days) in zip(ids, people, strict=True)
        )
    return ids


async def attributes(database: Database, ids: Sequence[UUID]) -> list[dict[str, Any]]:
    async with database.transaction() as session:
        rows = await session.exec(select(Participant).where(col(Participant.id).in_(ids)))
        by_id = {person.id: person.attributes for person in rows}
    return [by_id[one] for one in ids]


async def add_program(database: Database) -> UUID:
    async with database.transaction() as session:
        program = Program(name="Scored")
        session.add(program)
    return program.id


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(PEOPLE)
async def test_the_scores_are_those_that_one_would_reckon(database: Database, people: list[Visited]) -> None:
    program_id = await add_program(database)
    ids = await add_visits(database, program_id, people)
    assert await score_program(database, program_id, NOW) == len(people)
    assert await attributes(database, ids) == reckoned(people)


async def test_scores_that_stay_are_not_written_again_and_other_attributes_are_left_alone(
    database: Database, program_id: UUID
) -> None:
    ids = await add_visits(database, program_id, [(1, 0, 3), (2, 0, 2), (3, 0, 1)])
    async with database.transaction() as session:
        person = await session.get_one(Participant, ids[0])
        person.attributes = {"city": "York", "rfm_segment": "of somebody else"}
    assert await score_program(database, program_id, NOW) == 3
    assert (await attributes(database, ids))[0]["city"] == "York"
    assert await score_program(database, program_id, NOW) == 0


async def test_nobody_of_another_program_counts(database: Database, program_id: UUID) -> None:
    elsewhere = await add_program(database)
    await add_visits(database, elsewhere, [(9, 900, 0)] * 3)
    ids = await add_visits(database, program_id, [(1, 100, 5)])
    assert await score_program(database, program_id, NOW) == 1
    assert await attributes(database, ids) == reckoned([(1, 100, 5)])


@pytest.mark.parametrize(
    ("known", "visits", "spend"),
    [
        ({"last_visit_at": "2026-11-01", "total_visits": 12, "total_spend": 99.5}, 12, 99.5),
        ({"last_visit_at": "2026-11-01T10:00:00Z"}, 1, 0),
        ({"last_visit_at": "2026-11-01", "total_visits": -3, "total_spend": "many"}, 0, 0),
    ],
    ids=str,
)
async def test_who_came_before_there_were_events_is_taken_over_from_their_attributes(
    database: Database, program_id: UUID, known: dict[str, object], visits: int, spend: float
) -> None:
    ids = await add_people(database, program_id, {"attributes": known})
    await score_program(database, program_id, NOW)
    (found,) = await attributes(database, ids)
    assert found["last_visit_at"].startswith("2026-11-01T")
    assert (found["total_visits"], found["total_spend"]) == (visits, spend)


@pytest.mark.parametrize("last", ["yesterday", "2026-99-99", 20261101, None, ""])
async def test_a_last_visit_that_is_no_date_is_nobodys(
    database: Database, program_id: UUID, last: object
) -> None:
    known = {"last_visit_at": last, "total_visits": 3}
    ids = await add_people(database, program_id, {"attributes": known})
    assert await score_program(database, program_id, NOW) == 0
    assert await attributes(database, ids) == [known]


async def test_a_program_is_due_once_somebody_has_come_and_after_a_day_at_the_latest(
    database: Database,
) -> None:
    program_id = await add_program(database)

    async def is_due(now: datetime) -> bool:
        async with database.transaction() as session:
            return program_id in await programs_to_score(session, now, HOUR)

    assert await is_due(NOW)
    await score_program(database, program_id, NOW)
    assert not await is_due(NOW + 2 * HOUR)
    await add_visits(database, program_id, [(1, 0, 0)])
    assert not await is_due(NOW + HOUR / 2)
    assert await is_due(NOW + 2 * HOUR)
    await score_program(database, program_id, NOW + 2 * HOUR)
    assert not await is_due(NOW + 25 * HOUR)
    assert await is_due(NOW + 26 * HOUR)
