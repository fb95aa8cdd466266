"""Every call to Temporal Schedules. Nothing else in the project creates, edits or deletes one."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleCalendarSpec,
    ScheduleHandle,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleRange,
    ScheduleSpec,
    ScheduleState,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.common import TypedSearchAttributes
from temporalio.service import RPCError, RPCStatusCode

from domain import search_attributes
from domain.contract import UPKEEP_SCHEDULE_ID, TickInput, WorkflowType, schedule_id, tick_workflow_id
from domain.firing import whole_second
from domain.schedules import Calendar, CalendarRange, compile_calendars, parse_cron

PAUSED_BY_CARILLON = "carillon: "


@dataclass(frozen=True, slots=True)
class Timing:
    """When an automation fires by the clock: a cron expression in a zone, or one instant."""

    automation_id: UUID
    program_id: UUID
    timezone: str
    cron_expression: str | None
    trigger_at: datetime | None
    jitter: timedelta
    paused: bool
    catch_up_within: timedelta


def _ranges(ranges: tuple[CalendarRange, ...]) -> list[ScheduleRange]:
    return [ScheduleRange(start=part.start, end=part.end, step=part.step) for part in ranges]


def _calendar(calendar: Calendar) -> ScheduleCalendarSpec:
    return ScheduleCalendarSpec(
        second=[ScheduleRange(0)],
        minute=_ranges(calendar.minute),
        hour=_ranges(calendar.hour),
        day_of_month=_ranges(calendar.day_of_month),
        month=_ranges(calendar.month),
        day_of_week=_ranges(calendar.day_of_week),
        year=_ranges(calendar.year),
    )


def _instant(at: datetime) -> ScheduleCalendarSpec:
    return ScheduleCalendarSpec(
        second=[ScheduleRange(at.second)],
        minute=[ScheduleRange(at.minute)],
        hour=[ScheduleRange(at.hour)],
        day_of_month=[ScheduleRange(at.day)],
        month=[ScheduleRange(at.month)],
        year=[ScheduleRange(at.year)],
    )


def build_spec(timing: Timing) -> ScheduleSpec:
    """The clock of an automation as calendars. Cron texts never reach Temporal, whose grammar differs."""
    if timing.cron_expression is not None:
        calendars = [
            _calendar(calendar) for calendar in compile_calendars(parse_cron(timing.cron_expression))
        ]
        return ScheduleSpec(calendars=calendars, time_zone_name=timing.timezone, jitter=timing.jitter)
    assert timing.trigger_at is not None
    return ScheduleSpec(
        calendars=[_instant(whole_second(timing.trigger_at.astimezone(UTC)))], time_zone_name="UTC"
    )


def _build(timing: Timing, task_queue: str, state: ScheduleState) -> Schedule:
    action = ScheduleActionStartWorkflow(
        WorkflowType.SCHEDULE_TICK.value,
        TickInput(automation_id=timing.automation_id),
        id=tick_workflow_id(timing.automation_id),
        task_queue=task_queue,
        execution_timeout=timedelta(days=1),
        static_summary="Tick of the automation's schedule",
        typed_search_attributes=search_attributes.of_automation(
            timing.automation_id, "tick", timing.program_id
        ),
    )
    # A tick only delivers a signal; whether to fire is decided in order by the automation's workflow.
    policy = SchedulePolicy(
        overlap=ScheduleOverlapPolicy.ALLOW_ALL,
        catchup_window=timing.catch_up_within,
    )
    return Schedule(action=action, spec=build_spec(timing), policy=policy, state=state)


def _state(timing: Timing, before: ScheduleState | None) -> ScheduleState:
    """Pause with the automation; a pause that an operator made by hand stays theirs to lift."""
    if timing.paused:
        return ScheduleState(paused=True, note=f"{PAUSED_BY_CARILLON}the automation is paused")
    if before is not None and before.paused and not (before.note or "").startswith(PAUSED_BY_CARILLON):
        return before
    return ScheduleState(paused=False, note=f"{PAUSED_BY_CARILLON}follows the automation")


async def apply_timing(client: Client, timing: Timing, task_queue: str) -> None:
    """Create the automation's schedule, or replace its whole spec."""
    identifier = schedule_id(timing.automation_id)
    try:
        await client.create_schedule(
            identifier,
            _build(timing, task_queue, _state(timing, None)),
            search_attributes=search_attributes.of_automation(
                timing.automation_id, "schedule", timing.program_id
            ),
        )
    except ScheduleAlreadyRunningError:

        def replace(current: ScheduleUpdateInput) -> ScheduleUpdate:
            return ScheduleUpdate(
                _build(timing, task_queue, _state(timing, current.description.schedule.state))
            )

        await client.get_schedule_handle(identifier).update(replace)


async def is_paused(client: Client, automation_id: UUID) -> bool:
    """Whether the automation's schedule is paused, by an operator's hand or with the automation."""
    try:
        description = await client.get_schedule_handle(schedule_id(automation_id)).describe()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return False
    return description.schedule.state.paused


async def remove_timing(client: Client, automation_id: UUID) -> None:
    await _delete(client.get_schedule_handle(schedule_id(automation_id)))


async def _delete(handle: ScheduleHandle) -> None:
    try:
        await handle.delete()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise


async def ensure_upkeep(client: Client, task_queue: str, every: timedelta) -> None:
    """The system schedule that repairs drift. Idempotent."""
    schedule = Schedule(
        action=ScheduleActionStartWorkflow(
            WorkflowType.UPKEEP.value,
            id=UPKEEP_SCHEDULE_ID,
            task_queue=task_queue,
            execution_timeout=timedelta(minutes=15),
            static_summary="Repair drift between the record, the schedules and the workflows",
        ),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=every)]),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=timedelta(minutes=1)),
    )
    try:
        await client.create_schedule(
            UPKEEP_SCHEDULE_ID, schedule, search_attributes=TypedSearchAttributes([])
        )
    except ScheduleAlreadyRunningError:
        await client.get_schedule_handle(UPKEEP_SCHEDULE_ID).update(
            lambda current: ScheduleUpdate(
                Schedule(
                    action=schedule.action,
                    spec=schedule.spec,
                    policy=schedule.policy,
                    state=current.description.schedule.state,
                )
            )
        )
