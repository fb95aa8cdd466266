"""Lists of journeys, read to and fro."""

from datetime import timedelta
from uuid import UUID

import pytest

from store.database import Database
from store.journey_pages import (
    Direction,
    JourneyFilter,
    JourneyOrder,
    JourneyPage,
    JourneySort,
    list_journeys,
)
from store.journeys import enable_journey, lock_journey
from tests.store.journeying import NOON, add_journey

HOUR = timedelta(hours=1)


@pytest.fixture
async def seven(database: Database, program_id: UUID) -> list[str]:
    """Names of journeys, the older first; two of them were made at the same instant."""
    for number in range(7):
        at = NOON + max(number, 1) * HOUR
        await add_journey(database, program_id, name=f"Journey {number}", at=at)
    return [f"Journey {number}" for number in range(7)]


async def page(
    database: Database,
    program_id: UUID,
    wanted: JourneyFilter = JourneyFilter(),
    order: JourneyOrder = JourneyOrder(),
    limit: int = 10,
    **place: object,
) -> JourneyPage:
    async with database.transaction() as session:
        return await list_journeys(session, program_id, wanted, order, limit, **place)  # type: ignore[arg-type]


def names(found: JourneyPage) -> list[str]:
    return [journey.name for journey in found.rows]


@pytest.mark.parametrize("direction", Direction)
async def test_pages_show_each_once_on_the_way_there_and_on_the_way_back(
    database: Database, program_id: UUID, seven: list[str], direction: Direction
) -> None:
    order = JourneyOrder(JourneySort.UPDATED_AT, direction)
    pages = [await page(database, program_id, order=order, limit=3)]
    assert pages[0].first is None
    while pages[-1].last is not None:
        pages.append(await page(database, program_id, order=order, limit=3, place=pages[-1].last))
    there = [name for found in pages for name in names(found)]
    assert sorted(there) == seven
    assert [found.has_more for found in pages] == [True, True, False]
    back = [pages[-1]]
    while back[-1].first is not None:
        back.append(await page(database, program_id, order=order, limit=3, place=back[-1].first))
    assert [names(found) for found in reversed(back)] == [names(found) for found in pages]
    assert back[-1].last == pages[0].last


async def test_the_newest_come_first_unless_asked_otherwise(
    database: Database, program_id: UUID, seven: list[str]
) -> None:
    assert names(await page(database, program_id, limit=2)) == seven[:-3:-1]
    oldest = JourneyOrder(direction=Direction.ASC)
    assert set(names(await page(database, program_id, order=oldest, limit=2))) == set(seven[:2])


async def test_filters_combine(database: Database, program_id: UUID, seven: list[str]) -> None:
    found = await page(database, program_id)
    async with database.transaction() as session:
        journey = await lock_journey(session, program_id, found.rows[0].id)
        assert journey is not None
        await enable_journey(session, journey, NOON + 20 * HOUR)
    for wanted, expected in (
        (JourneyFilter(is_enabled=True), seven[6:]),
        (JourneyFilter(is_enabled=False), seven[:6]),
        (JourneyFilter(name_contains="URNEY 3"), seven[3:4]),
        (JourneyFilter(name_contains="%"), []),
        (JourneyFilter(created_from=NOON + 3 * HOUR, created_to=NOON + 4 * HOUR), seven[3:5]),
        (JourneyFilter(updated_from=NOON + 5 * HOUR), seven[5:]),
        (JourneyFilter(updated_to=NOON + 2 * HOUR), seven[:3]),
        (JourneyFilter(is_enabled=True, name_contains="3"), []),
    ):
        assert sorted(names(await page(database, program_id, wanted))) == expected


async def test_a_page_of_nothing_leads_nowhere(database: Database, program_id: UUID) -> None:
    assert await page(database, program_id) == JourneyPage([], False, None, None)
