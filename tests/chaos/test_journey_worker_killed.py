"""A worker that is killed amid a journey loses nobody, and has nobody take a step twice."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from cli.stack import Stack
from tests.domain.journeys.journey_blocks import ab, delay, email, journey, tag
from tests.fixtures.carillon import Carillon, eventually
from tests.fixtures.journeys import enabled_journey
from tests.fixtures.people import add_many_people, query
from tests.fixtures.queued_messages import record_of
from tests.replay.journey_scenarios import tell_of_journey

pytestmark = pytest.mark.slow

PEOPLE = 6_000
ENTER = """
INSERT INTO enrollment (entry_key, journey_id, program_id, participant_id, content_hash, status, entered_at, wake_at)
SELECT 'chaos:' || p.id, j.id, p.program_id, p.id, j.published_hash, 'active', now(), now()
FROM participant p JOIN journey j ON j.id = %s WHERE p.program_id = j.program_id RETURNING 1
"""
# Whoever has not as many steps as they count, or two messages of one block, or a tag too few or twice.
BROKEN = """
SELECT e.id FROM enrollment e JOIN participant p ON p.id = e.participant_id
WHERE e.journey_id = %s AND (e.status <> 'completed'
  OR e.steps <> (SELECT count(*) FROM enrollment_step s WHERE s.enrollment_id = e.id)
  OR e.steps <> (SELECT max(number) FROM enrollment_step s WHERE s.enrollment_id = e.id)
  OR 1 <> (SELECT count(*) FROM message m WHERE m.enrollment_id = e.id)
  OR 1 <> cardinality(array_positions(p.tags, 'begun'))
  OR 1 <> cardinality(array_positions(p.tags, 'a')) + cardinality(array_positions(p.tags, 'b'))
  OR 1 <> cardinality(array_positions(p.tags, 'done')))
"""


async def counted(stack: Stack, statement: str, journey_id: str) -> int:
    return len(await query(stack.addresses.database_url, statement, journey_id))


async def test_everybody_is_walked_once_though_the_worker_is_killed_again_and_again(
    breakable: Stack, carillon: Carillon
) -> None:
    url = breakable.addresses.database_url
    await add_many_people(url, carillon.program_id, PEOPLE)
    definition = journey(
        tag("begun"), email("hello"), delay("pause", 3), ab("arms", 50, [tag("a")], [tag("b")]), tag("done")
    )
    async with record_of(breakable) as record:
        journey_id = await enabled_journey(record, UUID(carillon.program_id), definition, datetime.now(UTC))
    assert await counted(breakable, ENTER, journey_id) == PEOPLE
    temporal = await Client.connect(
        breakable.addresses.temporal_address, data_converter=pydantic_data_converter
    )
    under_way = "SELECT 1 FROM enrollment WHERE journey_id = %s AND waiting_since IS NOT NULL"
    over = "SELECT 1 FROM enrollment WHERE journey_id = %s AND finished_at IS NOT NULL"
    for statement in (under_way, over):
        await tell_of_journey(temporal, journey_id)
        for part in (1, 2):

            async def some_moved(statement: str = statement, part: int = part) -> bool:
                return await counted(breakable, statement, journey_id) > part * PEOPLE // 4

            await eventually(some_moved, within=120, every=0.02)
            await breakable.kill("worker")
            await breakable.start("worker")

        async def all_moved(statement: str = statement) -> bool:
            return await counted(breakable, statement, journey_id) == PEOPLE

        await eventually(all_moved, within=240)
        await query(
            url,
            "UPDATE enrollment SET wake_at = now() WHERE journey_id = %s AND finished_at IS NULL RETURNING 1",
            journey_id,
        )
    assert await query(url, BROKEN, journey_id) == []
