"""Workers that die in the middle of events: nothing is lost, and nothing happens twice."""

import asyncio
from typing import Any

import pytest

from cli.stack import Stack
from tests.fixtures.carillon import Carillon, eventually
from tests.fixtures.people import add_many_people, query

pytestmark = pytest.mark.slow

PEOPLE = 500
EVENTS = 20_000
BATCH = 1_000
BY_STATUS = "SELECT status, count(*) FROM event WHERE program_id = %s AND kind = 'EXTERNAL' GROUP BY status"


async def add_rule(carillon: Carillon, *actions: dict[str, Any], **fields: Any) -> None:
    body = {"name": "a rule", "trigger_type": "visit", "actions": list(actions), **fields}
    answer = await carillon.http.post(
        "/v1/automation/rules", json=body, headers={"X-Program-Id": carillon.program_id}
    )
    assert answer.status_code == 201, answer.text


async def send_events(carillon: Carillon) -> None:
    for first in range(0, EVENTS, BATCH):
        events = [
            {
                "external_id": f"p-{1 + number % PEOPLE}",
                "idempotency_key": f"visit-{number}",
                "event_data": {"type": "visit", "number": number // PEOPLE},
            }
            for number in range(first, first + BATCH)
        ]
        body = {"program_id": carillon.program_id, "events": events}
        answer = await carillon.http.post("/v1/events/batch", json=body)
        assert answer.status_code == 202, answer.text


async def statuses(breakable: Stack, carillon: Carillon) -> dict[str, int]:
    rows = await query(breakable.addresses.database_url, BY_STATUS, carillon.program_id)
    return {str(status): int(str(count)) for status, count in rows}


async def test_every_event_is_processed_once_though_workers_are_killed_again_and_again(
    breakable: Stack, carillon: Carillon
) -> None:
    database = breakable.addresses.database_url
    await add_many_people(database, carillon.program_id, PEOPLE)
    await add_rule(carillon, {"type": "counter", "name": "visits"})
    await add_rule(
        carillon,
        {"type": "set_attribute", "name": "in_order", "value": False},
        conditions='get(participant.counters, "visits", 0) != event.number + 1',
        priority=1,
    )
    await add_rule(carillon, {"type": "emit_event", "event_type": "visited"}, priority=2)
    sending = asyncio.create_task(send_events(carillon))
    for kill in range(1, 4):

        async def far_enough(share: int = kill) -> bool:
            return (await statuses(breakable, carillon)).get("COMPLETED", 0) >= share * EVENTS // 5

        await eventually(far_enough, within=120)
        await breakable.kill("worker")
        counted = await statuses(breakable, carillon)
        assert counted.get("RECEIVED", 0) > 0 or not sending.done(), (
            "all was over before the worker was killed"
        )
        await breakable.start("worker")
    await sending

    async def over() -> bool:
        return await statuses(breakable, carillon) == {"COMPLETED": EVENTS}

    await eventually(over, within=180)
    visits = await query(
        database,
        "SELECT DISTINCT counters ->> 'visits', attributes ->> 'in_order' FROM participant WHERE program_id = %s",
        carillon.program_id,
    )
    assert visits == [(str(EVENTS // PEOPLE), None)], "each visit counts once, and each came in its turn"
    emitted = (
        "SELECT count(*), count(DISTINCT causation_id) FROM event WHERE program_id = %s AND type = 'visited'"
    )
    assert await query(database, emitted, carillon.program_id) == [(EVENTS, EVENTS)]
    runs = "SELECT count(*), count(DISTINCT (event_id, rule_id)) FROM rule_run WHERE program_id = %s"
    assert await query(database, runs, carillon.program_id) == [(3 * EVENTS, 3 * EVENTS)]
    tallies = "SELECT sum(total), sum(executed) FROM rule_run_tally WHERE program_id = %s"
    assert await query(database, tallies, carillon.program_id) == [(3 * EVENTS, 2 * EVENTS)]
