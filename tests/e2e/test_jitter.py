"""Jitter moves the moment of a fire, and nothing else."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from temporalio.api.workflowservice.v1 import ListScheduleMatchingTimesRequest
from temporalio.client import Client

from domain.contract import schedule_id
from tests.fixtures.carillon import Carillon
from tests.fixtures.schedules import schedule_exists

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
JITTER = timedelta(seconds=30)
PAST_THE_OWN_TIMER = timedelta(seconds=25)
AUTOMATIONS = 6


async def planned(temporal: Client, automation_id: str, day: datetime) -> list[datetime]:
    """When the schedule would start its ticks on a day, jitter included."""
    schedule = temporal.get_schedule_handle(schedule_id(UUID(automation_id)))
    await schedule_exists(schedule)
    reply = await temporal.workflow_service.list_schedule_matching_times(
        ListScheduleMatchingTimesRequest(
            namespace=temporal.namespace,
            schedule_id=schedule.id,
            start_time=Timestamp(seconds=int(day.timestamp())),
            end_time=Timestamp(seconds=int((day + DAY).timestamp())),
        )
    )
    return [at.ToDatetime(UTC) for at in reply.start_time]


async def test_it_is_within_bounds_and_the_same_whenever_the_schedule_is_asked(
    carillon: Carillon, temporal: Client
) -> None:
    trigger = {"type": "cron", "cron_expression": "0 * * * *"}
    day = (datetime.now(UTC) + 3 * DAY).replace(hour=0, minute=0, second=0, microsecond=0) - MINUTE
    seen: set[tuple[datetime, ...]] = set()
    for _ in range(2):
        automation = await carillon.create(scope="program", trigger=trigger, jitter_seconds=600)
        first, again = [await planned(temporal, automation["id"], day) for _ in range(2)]
        assert first == again
        assert len(first) == 24
        hours = [day + MINUTE + count * timedelta(hours=1) for count in range(24)]
        delays = [at - hour for at, hour in zip(first, hours, strict=True)]
        assert all(timedelta(0) <= delay <= timedelta(seconds=600) for delay in delays)
        assert len(set(delays)) > 1, "nothing was spread"
        seen.add(tuple(first))
    assert len(seen) == 2, "two automations of the same time would fire together"


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_a_fire_comes_within_its_jitter_once_and_by_its_nominal_time(carillon: Carillon) -> None:
    due = (datetime.now(UTC) + timedelta(seconds=15) + MINUTE).replace(second=0, microsecond=0)
    trigger = {"type": "cron", "cron_expression": f"{due.minute} * * * *"}
    ids = [
        (await carillon.create(scope="program", trigger=trigger, jitter_seconds=int(JITTER.total_seconds())))[
            "id"
        ]
        for _ in range(AUTOMATIONS)
    ]
    await asyncio.sleep((due + JITTER + PAST_THE_OWN_TIMER - datetime.now(UTC)).total_seconds())
    for automation_id in ids:
        (run,) = await carillon.runs(automation_id)
        answer = await carillon.http.get(f"{carillon.base}/automations/{automation_id}/receipts")
        (receipt,) = answer.json()["data"]
        assert datetime.fromisoformat(run["nominal_at"]) == due
        assert datetime.fromisoformat(receipt["nominal_at"]) == due
        assert datetime.fromisoformat(run["requested_at"]) >= due
        # By the schedule: the own timer, which waits for the whole of the jitter, had nothing left to do.
        assert run["requested_by"] == "schedule"
