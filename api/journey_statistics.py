"""Reports on the journeys of a program."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from api.errors import Fault, FaultCode, invalid, invalid_fields
from api.schemas.journey_statistics import (
    DimensionHeader,
    FilterName,
    MetricHeader,
    StatisticsIn,
    StatisticsOut,
    StatisticsQueryIn,
    StatisticsTable,
)
from domain.journeys.statistics import Dimension, Granularity, Metric
from store.journey_statistics import (
    MOST_ROWS,
    Key,
    StatisticsQuery,
    TooManyRowsError,
    count_journeys,
    journey_ids,
)
from store.tables import Program


async def report(session: AsyncSession, program: Program, request: StatisticsIn) -> StatisticsOut:
    """Raises a Refusal for automations that are none of the program's, and for more rows than are shown."""
    known = await journey_ids(session, program.id)
    faults = list(_unknown(request, frozenset(known)))
    if faults:
        raise invalid_fields(faults)
    tables = []
    for index, query in enumerate(request.queries):
        asked = _asked(query, known, program.timezone)
        try:
            counted = await count_journeys(session, asked)
        except TooManyRowsError:
            expected = "a shorter time, fewer dimensions or a filter"
            raise invalid(f"queries.{index}", f"more than {MOST_ROWS} rows", expected) from None
        tables.append(_table(query, asked, counted))
    return StatisticsOut(statistics=tables)


def _unknown(request: StatisticsIn, known: frozenset[str]) -> Iterator[Fault]:
    for number, query in enumerate(request.queries):
        for index, one in enumerate(query.filters):
            for place, value in enumerate(one.values):
                if one.name is FilterName.AUTOMATION and value not in known:
                    field = f"queries.{number}.filters.{index}.values.{place}"
                    yield Fault(field=field, reason="no such automation", code=FaultCode.NOT_FOUND)


def _asked(query: StatisticsQueryIn, known: Sequence[str], zone: str) -> StatisticsQuery:
    journeys, blocks = list(known), None
    for one in query.filters:
        wanted = set(one.values)
        if one.name is FilterName.AUTOMATION:
            journeys = [id_ for id_ in journeys if id_ in wanted]
        else:
            blocks = sorted(wanted if blocks is None else wanted & set(blocks))
    return StatisticsQuery(
        journeys=journeys,
        metrics=list(dict.fromkeys(metric.name for metric in query.metrics)),
        dimensions=[dimension.name for dimension in query.dimensions],
        since=query.date_range.from_,
        until=query.date_range.to,
        zone=zone,
        granularity=_granularity(query) or Granularity.DAY,
        blocks=blocks,
    )


def _granularity(query: StatisticsQueryIn) -> Granularity | None:
    return next((one.granularity for one in query.dimensions if one.name is Dimension.TIMESTAMP), None)


def _table(
    query: StatisticsQueryIn, asked: StatisticsQuery, counted: Mapping[Key, Mapping[Metric, int]]
) -> StatisticsTable:
    granularity = {Dimension.TIMESTAMP: asked.granularity}
    return StatisticsTable(
        alias=query.alias,
        dimensions=[
            DimensionHeader(name=name, granularity=granularity.get(name)) for name in asked.dimensions
        ],
        metrics=[MetricHeader(name=name) for name in asked.metrics],
        rows=[
            {name.value: _shown(part) for name, part in zip(asked.dimensions, key, strict=True)}
            | {metric.value: counts.get(metric, 0) for metric in asked.metrics}
            for key, counts in counted.items()
        ],
    )


def _shown(part: str | datetime | None) -> Any:
    return part.isoformat().replace("+00:00", "Z") if isinstance(part, datetime) else part
