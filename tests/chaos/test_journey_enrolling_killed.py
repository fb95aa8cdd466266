"""A worker that is killed while it lets a segment into a journey leaves nobody out, and lets nobody in twice."""

import pytest

from cli.stack import Stack
from tests.api.journeys_surface import JourneysSurface, tag
from tests.fixtures.carillon import Carillon, eventually
from tests.fixtures.people import add_many_people, query

pytestmark = pytest.mark.slow

PEOPLE = 30_000
MEMBERS = PEOPLE // 2
IN = "SELECT count(DISTINCT participant_id), count(*) FROM enrollment WHERE journey_id = %s"
THROUGH = "SELECT count(*) FROM enrollment WHERE journey_id = %s AND status = 'completed'"
TAGGED = """
SELECT count(*) FILTER (WHERE 'even' = ANY(tags)), count(*) FILTER (WHERE NOT 'even' = ANY(tags))
FROM participant WHERE program_id = %s AND 1 = cardinality(array_positions(tags, 'customer'))
"""


async def test_a_segment_is_let_in_once_though_the_worker_is_killed_again_and_again(
    breakable: Stack, carillon: Carillon
) -> None:
    url = breakable.addresses.database_url
    await add_many_people(url, carillon.program_id, PEOPLE)
    segments = f"{carillon.base}/segments"
    made = await carillon.http.post(
        segments, json={"name": "even", "expression": '"even" in participant.tags'}
    )
    segment = f"{segments}/{made.json()['id']}"

    async def filled() -> bool:
        return bool((await carillon.http.get(segment)).json()["member_count"] == MEMBERS)

    await eventually(filled, within=60)
    journeys = JourneysSurface(carillon.http, carillon.program_id)
    trigger = {"condition": {"event": "entered segment", "origin": "omnisend"}}
    journey = await journeys.create(tag(), trigger=trigger)
    answer = await journeys.post({"enrollExisting": True}, f"/{journey['id']}/enable")
    assert answer.status_code == 200, answer.text
    for part in (1, 2, 3):

        async def some_in(part: int = part) -> bool:
            ((people, _),) = await query(url, IN, journey["id"])
            return int(str(people)) >= part * MEMBERS // 4

        await eventually(some_in, within=120, every=0.01)
        await breakable.kill("worker")
        await breakable.start("worker")

    async def all_through() -> bool:
        return await query(url, THROUGH, journey["id"]) == [(MEMBERS,)]

    await eventually(all_through, within=240)
    assert await query(url, IN, journey["id"]) == [(MEMBERS, MEMBERS)]
    assert await query(url, TAGGED, carillon.program_id) == [(MEMBERS, 0)]
