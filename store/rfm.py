"""Scoring the visits of a program, and writing down in people's attributes what has changed of it."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.rfm import (
    ANY_VISITS,
    LAST_VISIT_AT,
    RFM_FREQUENCY,
    RFM_MONETARY,
    RFM_RECENCY,
    RFM_RULES,
    RFM_SEGMENT,
    SCORES,
    TOTAL_SPEND,
    TOTAL_VISITS,
    RfmRule,
)
from store.database import Database
from store.generated_events import emit_participant_changes
from store.participant_states import change_states
from store.programs import get_program
from store.rule_subjects import participants_of
from store.subscription_follow import ParticipantChange
from store.tables import Program, RfmScoring
from store.visits import adopt_known_visits

SOURCE = "RFM"
BATCH = 500


def _score(order: str) -> str:
    """By whole numbers: the share of people who are behind, in fifths."""
    behind = f"(rank() OVER (ORDER BY {order}) - 1)"
    return f"least({SCORES}, 1 + {SCORES} * {behind} / greatest(count(*) OVER () - 1, 1))"


def _condition(rule: RfmRule) -> str:
    tests = []
    for column in ("recency", "frequency", "monetary", "visits"):
        first, last = getattr(rule, column)
        if (first, last) not in ((1, SCORES), ANY_VISITS):
            tests.append(f"{column} BETWEEN {first} AND {last}")
    return " AND ".join(tests) or "true"


_SEGMENT = " ".join(f"WHEN {_condition(rule)} THEN '{rule.segment}'" for rule in RFM_RULES)
# Where nobody has spent anything, money says nothing: frequency stands in for it.
_SCORED = f"""
    WITH ranked AS (
        SELECT participant_id, visits, spent, last_at, max(spent) OVER () > 0 AS anything_spent,
            {_score("last_at")} AS recency, {_score("visits")} AS frequency, {_score("spent")} AS money
        FROM participant_visits WHERE program_id = :program
    ), scored AS (
        SELECT *, CASE WHEN anything_spent THEN money ELSE frequency END AS monetary FROM ranked
    ), told AS (
        SELECT participant_id, jsonb_build_object(
            '{LAST_VISIT_AT}', to_char(last_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
            '{TOTAL_VISITS}', visits, '{TOTAL_SPEND}', round(spent, 2)::float8,
            '{RFM_RECENCY}', recency, '{RFM_FREQUENCY}', frequency, '{RFM_MONETARY}', monetary,
            '{RFM_SEGMENT}', CASE {_SEGMENT} END
        ) AS attributes
        FROM scored
    )
"""  # noqa: S608
_CHANGED = text(
    f"""{_SCORED}
    SELECT told.participant_id, told.attributes FROM told JOIN participant AS p ON p.id = told.participant_id
    WHERE NOT p.attributes @> told.attributes ORDER BY told.participant_id
    """  # noqa: S608
)
# Visits are dated when their transaction begins, and may be seen a little later.
_DUE = text(
    """
    SELECT program.id FROM program LEFT JOIN rfm_scoring AS s ON s.program_id = program.id
    WHERE s.scored_at IS NULL OR s.scored_at <= :stale OR (s.scored_at <= :before AND EXISTS (
        SELECT FROM participant_visits AS v WHERE v.program_id = program.id AND v.counted_at > s.scored_at - INTERVAL '1 minute'
    ))
    ORDER BY s.scored_at NULLS FIRST
    """
)


async def programs_to_score(session: AsyncSession, now: datetime, every: timedelta) -> list[UUID]:
    """Programs in which somebody has come since they were scored, which was `every` ago or longer; and those that
    were not scored for a day, or ever."""
    found = await session.execute(_DUE, {"before": now - every, "stale": now - max(every, timedelta(days=1))})
    return list(found.scalars())


async def score_program(
    database: Database, program_id: UUID, now: datetime, on_batch: Callable[[], None] = lambda: None
) -> int:
    """Score everybody who came, and write what has changed, some hundreds of people at a time; answers how many.

    Each batch is a transaction: a scoring that is cut short is made good by the next one.
    """
    async with database.transaction() as session:
        program = await get_program(session, program_id)
        if program is None:
            return 0
        await adopt_known_visits(session, program_id, now)
    async with database.transaction() as session:
        scores = await _changed_scores(session, program_id)
    changed = 0
    people = list(scores)
    for start in range(0, len(people), BATCH):
        of_batch = {one: scores[one] for one in people[start : start + BATCH]}
        async with database.transaction() as session:
            changed += await _write_scores(session, program, of_batch, now)
        on_batch()
    async with database.transaction() as session:
        await note_scoring(session, program_id, now)
    return changed


async def _changed_scores(session: AsyncSession, program_id: UUID) -> dict[UUID, dict[str, Any]]:
    """What is to be in the attributes of those of whom they say otherwise."""
    rows = await session.execute(_CHANGED, {"program": program_id})
    return {row.participant_id: row.attributes for row in rows}


async def _write_scores(
    session: AsyncSession, program: Program, scores: Mapping[UUID, Mapping[str, Any]], now: datetime
) -> int:
    """Write them into the attributes of these people; answers how many have changed.

    Rules, subscriptions and the state's history learn of it as of any other change.
    """
    people = await participants_of(session, list(scores), with_segments=False, lock=True)
    changes = [
        ParticipantChange(row, {**row, "attributes": {**row["attributes"], **scores[participant_id]}})
        for participant_id, row in sorted(people.items())
    ]
    changes = [change for change in changes if change.before != change.after]
    if changes:
        sources = {change.after["id"]: SOURCE for change in changes}
        await change_states(session, program, changes, sources, now)
        await emit_participant_changes(session, program.id, changes, SOURCE)
    return len(changes)


async def note_scoring(session: AsyncSession, program_id: UUID, at: datetime) -> None:
    """`at`: when the scoring began, so that visits counted meanwhile make it due again. One that failed is noted alike:
    the program does not come before all others for as long as it fails."""
    values = {"program_id": program_id, "scored_at": at}
    statement = insert(RfmScoring).values(**values)
    await session.execute(
        statement.on_conflict_do_update(index_elements=["program_id"], set_={"scored_at": at})
    )
