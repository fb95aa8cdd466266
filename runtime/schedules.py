"""Every call to Temporal Schedules. Nothing else in the project creates, edits or deletes one."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from temporalio.api.enums.v1 import TaskQueueKind
from temporalio.api.schedule.v1 import Schedule as ScheduleOnTheWire
from temporalio.api.workflowservice.v1 import UpdateScheduleRequest
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleCalendarSpec,
    ScheduleDescription,
    ScheduleHandle,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleRange,
    ScheduleSpec,
    ScheduleState,
    ScheduleUpdate,
)
from temporalio.common import TypedSearchAttributes
from temporalio.service import RPCError, RPCStatusCode

from domain import search_attributes
from domain.contract import (
    UPKEEP_SCHEDULE_ID,
    TickInput,
    WorkflowType,
    automation_id_of,
    schedule_id,
    tick_workflow_id,
)
from domain.firing import whole_second
from domain.operator_pause import PAUSED_BY_CARILLON, OperatorPause, operator_pause
from domain.schedules import Calendar, CalendarRange, compile_calendars, parse_cron

UPDATES_AT_MOST = 20
PAUSED_SCHEDULES = "TemporalSchedulePaused = true"
LIST_PAGE = 1_000


class ContendedScheduleError(RuntimeError):
    """Others changed the schedule again and again while it was being changed here."""


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
    if before is not None and operator_pause(before.paused, before.note) is not None:
        return before
    if timing.paused:
        return ScheduleState(paused=True, note=f"{PAUSED_BY_CARILLON}the automation is paused")
    return ScheduleState(paused=False, note=f"{PAUSED_BY_CARILLON}follows the automation")


async def apply_timing(client: Client, timing: Timing, task_queue: str) -> OperatorPause | None:
    """Create the automation's schedule, or replace its whole spec. Answers whether an operator holds it.

    Raises ContendedScheduleError when others keep changing it meanwhile.
    """
    schedule = _build(timing, task_queue, _state(timing, None))
    try:
        await client.create_schedule(
            schedule_id(timing.automation_id),
            schedule,
            search_attributes=search_attributes.of_automation(
                timing.automation_id, "schedule", timing.program_id
            ),
        )
    except ScheduleAlreadyRunningError:
        return await _replace(client, timing, task_queue)
    return None


async def _replace(client: Client, timing: Timing, task_queue: str) -> OperatorPause | None:
    """Change a schedule, and nothing that someone else changes at the same time.

    The SDK's own update would write over a pause that was made after it looked. A conflict token does not;
    but the server may drop an update with an old token without a word, so each is looked up afterwards.
    """
    sent_after: ScheduleDescription | None = None
    for _ in range(UPDATES_AT_MOST):
        found = await client.get_schedule_handle(schedule_id(timing.automation_id)).describe()
        state = found.schedule.state
        if sent_after is not None and found.info.last_updated_at != sent_after.info.last_updated_at:
            return operator_pause(state.paused, state.note)
        wanted = await _build(timing, task_queue, _state(timing, state))._to_proto(client)
        if _is_as_wanted(found.raw_description.schedule, wanted):
            return operator_pause(state.paused, state.note)
        if await _sent(client, timing, wanted, found.raw_description.conflict_token):
            sent_after = found
    raise ContendedScheduleError(f"schedule {schedule_id(timing.automation_id)} changes all the time")


def _is_as_wanted(found: ScheduleOnTheWire, wanted: ScheduleOnTheWire) -> bool:
    # An update that changes nothing would still make the server forget what is due at this moment.
    wanted.action.start_workflow.task_queue.kind = TaskQueueKind.TASK_QUEUE_KIND_NORMAL
    return found == wanted


async def _sent(client: Client, timing: Timing, wanted: ScheduleOnTheWire, token: bytes) -> bool:
    request = UpdateScheduleRequest(
        namespace=client.namespace,
        schedule_id=schedule_id(timing.automation_id),
        schedule=wanted,
        conflict_token=token,
        identity=client.identity,
        request_id=str(uuid4()),
    )
    try:
        await client.workflow_service.update_schedule(request, retry=True)
    except RPCError as error:
        if error.status is not RPCStatusCode.FAILED_PRECONDITION:
            raise
        return False
    return True


async def find_operator_pause(client: Client, automation_id: UUID) -> OperatorPause | None:
    """Whether an operator holds the automation's schedule; None when there is no schedule either."""
    try:
        description = await client.get_schedule_handle(schedule_id(automation_id)).describe()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return None
    return operator_pause(description.schedule.state.paused, description.schedule.state.note)


async def list_operator_pauses(client: Client) -> AsyncIterator[UUID]:
    """Automations whose schedules operators hold, as of a moment ago."""
    async for listed in await client.list_schedules(PAUSED_SCHEDULES, page_size=LIST_PAGE):
        automation_id = automation_id_of(listed.id)
        state = listed.schedule.state if listed.schedule is not None else None
        if automation_id is None or state is None:
            continue
        if operator_pause(state.paused, state.note) is not None:
            yield automation_id


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
