"""Journeys counted: passes, steps and messages, by journey, block and time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.journeys.statistics import Dimension, Granularity, Metric
from store.tables import Journey

MOST_ROWS = 10_000

_PASSES = "enrollment AS f"
# A pass comes to a block once, however much is decided there.
_ARRIVALS = (
    "(SELECT e.journey_id, s.block_id, min(s.at) AS at FROM enrollment AS e "
    "JOIN enrollment_step AS s ON s.enrollment_id = e.id WHERE e.journey_id = ANY(CAST(:journeys AS text[])) "
    "AND s.block_id IS NOT NULL GROUP BY e.journey_id, s.block_id, e.id) AS f"
)
_CONVERSIONS = (
    "(SELECT e.journey_id, s.block_id, s.at FROM enrollment AS e JOIN enrollment_step AS s ON s.enrollment_id = e.id "
    "WHERE e.journey_id = ANY(CAST(:journeys AS text[])) AND s.decision = 'converted') AS f"
)
_MESSAGES = "message AS f"
# Trials belong to nobody's pass.
_NO_TRIAL = "f.enrollment_id IS NOT NULL"
_SETTLED = {Metric.SENT: "sent", Metric.SKIPPED: "skipped", Metric.FAILED: "failed"}
_ENDED = {Metric.COMPLETED: "completed", Metric.EXITED: "exited", Metric.CANCELLED: "cancelled"}
_DIMENSIONS = {Dimension.AUTOMATION: "f.journey_id", Dimension.BLOCK: "f.block_id"}


@dataclass(frozen=True, slots=True)
class StatisticsQuery:
    """From `since`, before `until`. `granularity`: of timestamps, which are by the clock of `zone`. `blocks` None: all."""

    journeys: Sequence[str]
    metrics: Sequence[Metric]
    dimensions: Sequence[Dimension]
    since: datetime
    until: datetime
    zone: str
    granularity: Granularity = Granularity.DAY
    blocks: Sequence[str] | None = None


class TooManyRowsError(Exception):
    """More than MOST_ROWS would have to be shown."""


Key = tuple[str | datetime | None, ...]


async def journey_ids(session: AsyncSession, program_id: UUID) -> list[str]:
    return list((await session.exec(select(Journey.id).where(col(Journey.program_id) == program_id))).all())


async def count_journeys(session: AsyncSession, query: StatisticsQuery) -> Mapping[Key, Mapping[Metric, int]]:
    """The counts by the values of the dimensions, in their order. Raises TooManyRowsError."""
    rows: dict[Key, dict[Metric, int]] = {}
    given = {
        "journeys": list(query.journeys),
        "blocks": None if query.blocks is None else list(query.blocks),
        "since": query.since,
        "until": query.until,
        "zone": query.zone,
        "granularity": query.granularity.value,
        "most": MOST_ROWS + 1,
    }
    for metric in query.metrics:
        for row in await session.execute(text(_counting(metric, query)), given):
            *key, count = row
            rows.setdefault(tuple(key), {})[metric] = count
        if len(rows) > MOST_ROWS:
            raise TooManyRowsError
    return dict(sorted(rows.items(), key=lambda item: [str(part or "") for part in item[0]]))


def _counting(metric: Metric, query: StatisticsQuery) -> str:
    by_block = Dimension.BLOCK in query.dimensions or query.blocks is not None
    source, at, condition = _source(metric, by_block=by_block)
    # The names of columns are those above: nothing of a client's is in this text.
    parts = [
        _DIMENSIONS.get(dimension, f"date_trunc(CAST(:granularity AS text), {at}, CAST(:zone AS text))")
        for dimension in query.dimensions
    ]
    shown = ", ".join([*parts, "count(*)"])
    grouped = f" GROUP BY {', '.join(str(n + 1) for n in range(len(parts)))}" if parts else ""
    return (
        f"SELECT {shown} FROM {source} WHERE f.journey_id = ANY(CAST(:journeys AS text[])) "  # noqa: S608
        "AND (CAST(:blocks AS text[]) IS NULL OR f.block_id = ANY(CAST(:blocks AS text[]))) "
        f"AND {at} >= :since AND {at} < :until AND {condition}{grouped} "
        "HAVING count(*) > 0 LIMIT :most"
    )


def _source(metric: Metric, *, by_block: bool) -> tuple[str, str, str]:
    """Where it is counted, the column that says when, and what is counted of it."""
    if metric is Metric.ENTERED:
        return (_ARRIVALS, "f.at", "true") if by_block else (_PASSES, "f.entered_at", "true")
    if metric is Metric.CONVERTED:
        return (_CONVERSIONS, "f.at", "true") if by_block else (_PASSES, "f.goal_at", "true")
    if metric in _ENDED:
        return _PASSES, "f.finished_at", f"f.status = '{_ENDED[metric]}'"
    if metric in _SETTLED:
        return _MESSAGES, "f.settled_at", f"{_NO_TRIAL} AND f.status = '{_SETTLED[metric]}'"
    return _MESSAGES, f"f.{metric.value}_at", _NO_TRIAL
