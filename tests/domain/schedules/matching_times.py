"""What the real Temporal server reads in compiled calendars."""

from dataclasses import fields
from datetime import UTC, datetime

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

from domain.schedules import Calendar, compile_calendars, parse_cron

LISTED_AT_MOST = 1_000
"""By the server, in one answer."""


async def matching_times(
    client: Client, name: str, text: str, start: datetime, until: datetime, timezone: str = "UTC"
) -> list[datetime]:
    """Instants after `start` up to `until` at which a schedule of the compiled expression would fire."""
    await client.create_schedule(
        name,
        Schedule(
            action=ScheduleActionStartWorkflow("Nothing", id=name, task_queue="nobody"),
            spec=ScheduleSpec(
                calendars=[_spec(calendar) for calendar in compile_calendars(parse_cron(text))],
                time_zone_name=timezone,
            ),
            state=ScheduleState(paused=True),
        ),
    )
    reply = await client.workflow_service.list_schedule_matching_times(
        ListScheduleMatchingTimesRequest(
            namespace=client.namespace,
            schedule_id=name,
            # The server includes the start.
            start_time=Timestamp(seconds=int(start.timestamp()) + 1),
            end_time=Timestamp(seconds=int(until.timestamp())),
        )
    )
    assert len(reply.start_time) < LISTED_AT_MOST, "the server may have stopped early"
    return [time.ToDatetime(UTC) for time in reply.start_time]


def _spec(calendar: Calendar) -> ScheduleCalendarSpec:
    return ScheduleCalendarSpec(
        **{
            field.name: [
                ScheduleRange(each.start, each.end, each.step) for each in getattr(calendar, field.name)
            ]
            for field in fields(Calendar)
        }
    )
