"""The compiled calendars, read by the real Temporal server."""

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator
from dataclasses import fields
from datetime import datetime
from pathlib import Path

import pytest_asyncio
from google.protobuf.timestamp_pb2 import Timestamp
from temporalio.api.workflowservice.v1 import ListScheduleMatchingTimesRequest
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleCalendarSpec,
    ScheduleRange,
    ScheduleSpec,
    ScheduleState,
)
from temporalio.testing import WorkflowEnvironment

from domain.schedules import (
    Calendar,
    DstPolicy,
    compile_calendars,
    occurrences,
    parse_cron,
    validate_timezone,
)

from .oracle import utc

EXPRESSIONS = """
* * * * *; */15 * * * *; 7/20 * * * *; 0,30 * * * *; 5-10,50-59/3 * * * *; 50-10/5 * * * *; 0 * * * *
0 9 * * *; 0 9-17 * * *; 0 22-2 * * *; 30 */5 * * *; 0 0 * * *; 59 23 31 12 *; 15 10,14 * * *; 0 6/4 * * *
0 9 1 * *; 0 9 1,15 * *; 0 9 */10 * *; 0 9 29 2 *; 0 0 31 * *; 0 0 25-5 * *; 0 0 30 */2 *; 0 0 20-L * *
0 9 L * *; 0 9 15,L * *; 0 9 L 2 *; 0 9 L feb,apr *; 0 9 L * 5
0 9 1W * *; 0 9 15W * *; 0 9 28W * *; 0 9 29W 2 *; 0 9 31W * *; 0 9 15W 1-6 mon
0 9 * * 1-5; 0 9 * * 0; 0 9 * * 7; 0 9 * * 1-7; 0 9 * * 1/2; 0 9 * * fri-mon; 0 9 * * sat-sun; 0 9 * * 5-7/2
0 9 * * mon#1; 0 9 * * 1#2; 0 9 * * mon#2,fri#4; 0 9 * * sun#5; 0 9 * 2 tue#5; 0 9 * * mon-fri#1; 0 9 * * 7#3
0 9 * * L5; 0 9 * * L0; 0 9 * 2 L2; 0 9 * * L1,mon#1; 0 9 * * L7,wed#2
0 9 13 * 5; 0 9 1,15 * 1; 0 9 1-7 * 1; 0 9 1-31 * 1; 0 9 15 * 0-6; 0 0 31 2 1; 0 9 8-14 * 1#2; 0 0 29 2 *,1
0 9 * nov-feb *; 0 9 * jan,jun-aug *; 0 9 1 */3 *; 0 9 ? * ?; @hourly; @daily; @weekly; @monthly; @yearly
"""
START, END, MOST = utc(2027, 6, 1), utc(2032, 6, 1), 250


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def client() -> AsyncIterator[Client]:
    server = shutil.which("temporal") or str(Path(sys.prefix) / "bin" / "temporal")
    async with await WorkflowEnvironment.start_local(dev_server_existing_path=server) as environment:
        yield environment.client


async def test_the_server_matches_our_occurrences_in_utc(client: Client) -> None:
    texts = [text.strip() for line in EXPRESSIONS.strip().splitlines() for text in line.split(";")]
    assert len(texts) == len(set(texts)) > 60
    differing: list[str] = []

    async def compare(number: int, text: str) -> None:
        ours = list(occurrences(parse_cron(text), validate_timezone("UTC"), DstPolicy(), START, END, MOST))
        until = ours[-1] if len(ours) == MOST else END
        if await matching_times(client, f"cron-{number}", text, until) != ours:
            differing.append(text)

    await asyncio.gather(*(compare(number, text) for number, text in enumerate(texts)))
    assert differing == []


async def matching_times(client: Client, name: str, text: str, until: datetime) -> list[datetime]:
    calendars = [_spec(calendar) for calendar in compile_calendars(parse_cron(text))]
    await client.create_schedule(
        name,
        Schedule(
            action=ScheduleActionStartWorkflow("Nothing", id=name, task_queue="nobody"),
            spec=ScheduleSpec(calendars=calendars, time_zone_name="UTC"),
            state=ScheduleState(paused=True),
        ),
    )
    start, end = Timestamp(), Timestamp()
    # The server includes the start; occurrences do not.
    start.FromSeconds(int(START.timestamp()) + 1)
    end.FromDatetime(until)
    reply = await client.workflow_service.list_schedule_matching_times(
        ListScheduleMatchingTimesRequest(
            namespace=client.namespace, schedule_id=name, start_time=start, end_time=end
        )
    )
    return [time.ToDatetime(START.tzinfo) for time in reply.start_time]


def _spec(calendar: Calendar) -> ScheduleCalendarSpec:
    return ScheduleCalendarSpec(
        **{
            field.name: [
                ScheduleRange(each.start, each.end, each.step) for each in getattr(calendar, field.name)
            ]
            for field in fields(Calendar)
        }
    )
