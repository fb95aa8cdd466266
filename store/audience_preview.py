"""How many participants a condition holds for, and who some of them are, without enrolling anybody."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.expressions import Condition
from store.audience import Audience, decided, stream_matching
from store.expression_sql import compile_to_sql
from store.participant_values import ParticipantValues
from store.tables import Program


@dataclass(frozen=True, slots=True)
class AudiencePreview:
    """`exact`: SQL told it all. `rechecked`: rows that the engine was asked about. `sample`: the lowest ids that match.

    `plan_cost` and `plan_rows` are the planner's estimates for finding the rows that may match.
    """

    count: int
    exact: bool
    rechecked: int
    sample: list[UUID]
    plan_cost: float
    plan_rows: int


@dataclass(frozen=True, slots=True)
class AudienceCount:
    """`rechecked`: how many rows the engine was asked about."""

    count: int
    rechecked: int


async def count_matching(
    session: AsyncSession, program: Program, condition: Condition, now: datetime
) -> AudienceCount:
    """How many participants `condition` holds for at `now`, which has an offset."""
    audience = _audience(program, condition, now)
    count, _ = await decided(session, audience, lambda asked: _count(session, asked, 0))
    return count


async def preview_audience(
    session: AsyncSession, program: Program, condition: Condition, now: datetime, sample: int
) -> AudiencePreview:
    """Count the participants that `condition` holds for at `now`, and name the first `sample` of them."""
    audience = _audience(program, condition, now)
    return await decided(session, audience, lambda asked: _preview(session, asked, sample))


async def _preview(session: AsyncSession, audience: Audience, sample: int) -> AudiencePreview:
    plan_cost, plan_rows = await _plan(session, audience)
    counted, found = await _count(session, audience, sample)
    if audience.compiled.has_certain_rows and sample:
        certain = await session.execute(
            text(
                "SELECT p.id FROM participant AS p WHERE p.program_id = :program "  # noqa: S608
                f"AND ({audience.compiled.possible}) AND {audience.compiled.certain} ORDER BY p.id LIMIT :sample"
            ),
            {**audience.parameters, "sample": sample},
        )
        found = sorted([*found, *certain.scalars()])[:sample]
    return AudiencePreview(
        counted.count, counted.rechecked == 0, counted.rechecked, found, plan_cost, plan_rows
    )


def _audience(program: Program, condition: Condition, now: datetime) -> Audience:
    values = ParticipantValues(condition, program, now)
    return Audience(program.id, condition, values, compile_to_sql(condition, program, now))


async def _count(session: AsyncSession, audience: Audience, sample: int) -> tuple[AudienceCount, list[UUID]]:
    """The count, and the lowest ids among those that the engine decided."""
    compiled = audience.compiled
    row = (
        await session.execute(
            text(
                f"SELECT count(*) AS possible, count(*) FILTER (WHERE {compiled.certain}) AS certain "  # noqa: S608
                f"FROM participant AS p WHERE p.program_id = :program AND ({compiled.possible})"
            ),
            audience.parameters,
        )
    ).one()
    total, rechecked = int(row.certain), 0
    found: list[UUID] = []
    if row.possible > row.certain:
        async for matching, rows in stream_matching(session, audience, compiled.uncertain):
            total += len(matching)
            rechecked += rows
            found += matching[: sample - len(found)]
    return AudienceCount(total, rechecked), found


async def _plan(session: AsyncSession, audience: Audience) -> tuple[float, int]:
    explained = await session.execute(
        text(
            "EXPLAIN (FORMAT JSON) SELECT p.id FROM participant AS p "  # noqa: S608
            f"WHERE p.program_id = :program AND ({audience.compiled.possible})"
        ),
        audience.parameters,
    )
    plan = explained.scalar_one()[0]["Plan"]
    return float(plan["Total Cost"]), int(plan["Plan Rows"])
