"""Pages of journeys, to and fro: behind a row or before it, at constant time however deep."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import text, tuple_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store.tables import Journey


class JourneySort(StrEnum):
    CREATED_AT = "createdAt"
    UPDATED_AT = "updatedAt"


class Direction(StrEnum):
    ASC = "asc"
    DESC = "desc"


@dataclass(frozen=True, slots=True)
class JourneyFilter:
    """Combined with AND; what is None is not asked. The ends of a range of instants belong to it."""

    is_enabled: bool | None = None
    name_contains: str | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None
    updated_from: datetime | None = None
    updated_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class JourneyOrder:
    sort: JourneySort = JourneySort.CREATED_AT
    direction: Direction = Direction.DESC


@dataclass(frozen=True, slots=True)
class JourneyPlace:
    """A row's place in an order: its instant and its id. `backwards`: the page before it, not the one behind."""

    at: datetime
    id: str
    backwards: bool = False


@dataclass(frozen=True, slots=True)
class JourneyPage:
    """`has_more`: in the direction of reading. `first` and `last`: the places to go on from; None at an end."""

    rows: list[Journey]
    has_more: bool
    first: JourneyPlace | None
    last: JourneyPlace | None


async def list_journeys(
    session: AsyncSession,
    program_id: UUID,
    wanted: JourneyFilter,
    order: JourneyOrder,
    limit: int,
    place: JourneyPlace | None = None,
) -> JourneyPage:
    """The journeys of a program that meet the filter, from `place` on."""
    at = col(Journey.updated_at if order.sort is JourneySort.UPDATED_AT else Journey.created_at)
    statement = select(Journey).where(col(Journey.program_id) == program_id)
    if wanted.is_enabled is not None:
        statement = statement.where(col(Journey.is_enabled).is_(wanted.is_enabled))
    if wanted.name_contains:
        # The best way to find a text depends on how common it is, so no plan suits the next search too.
        await session.execute(text("SET LOCAL plan_cache_mode = force_custom_plan"))
        statement = statement.where(col(Journey.name).icontains(wanted.name_contains, autoescape=True))
    for column, earliest, latest in (
        (col(Journey.created_at), wanted.created_from, wanted.created_to),
        (col(Journey.updated_at), wanted.updated_from, wanted.updated_to),
    ):
        if earliest is not None:
            statement = statement.where(column >= earliest)
        if latest is not None:
            statement = statement.where(column <= latest)
    backwards = place is not None and place.backwards
    ascending = (order.direction is Direction.ASC) is not backwards
    if place is not None:
        here, there = tuple_(at, col(Journey.id)), tuple_(place.at, place.id)
        statement = statement.where(here > there if ascending else here < there)
    steps = (at, col(Journey.id))
    statement = statement.order_by(*(step.asc() if ascending else step.desc() for step in steps))
    found = list((await session.exec(statement.limit(limit + 1))).all())
    rows, has_more = found[:limit], len(found) > limit
    if backwards:
        rows.reverse()
    return _page(rows, order, has_more=has_more, place=place)


def _page(
    rows: list[Journey], order: JourneyOrder, *, has_more: bool, place: JourneyPlace | None
) -> JourneyPage:
    if not rows:
        return JourneyPage([], has_more, None, None)
    backwards = place is not None and place.backwards
    behind = backwards or has_more
    before = has_more if backwards else place is not None
    first = _place(rows[0], order, backwards=True) if before else None
    last = _place(rows[-1], order, backwards=False) if behind else None
    return JourneyPage(rows, has_more, first, last)


def _place(journey: Journey, order: JourneyOrder, *, backwards: bool) -> JourneyPlace:
    at = journey.updated_at if order.sort is JourneySort.UPDATED_AT else journey.created_at
    return JourneyPlace(at, journey.id, backwards)
