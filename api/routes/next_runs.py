from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.auth import ReadableProgram, WritableProgram
from api.dependencies import SessionDep
from api.errors import Refusal, invalid, not_found
from api.schemas.next_runs import NextRunOut, NextRunsOut, PreviewSchedule
from domain.automation import AutomationStatus, TriggerType
from domain.definition_rules import END_OF_TIME, FIRST_INSTANT
from domain.instants import Instant
from domain.next_runs import next_runs
from domain.schedules import PlannedRun, ScheduleError, parse_cron, planned_runs, validate_timezone
from store.automations import definition_of, get_automation

router = APIRouter(prefix="/v1/programs/{program_id}/automations", tags=["automations"])


@router.get("/{automation_id}/next-runs")
async def list_next_runs(
    session: SessionDep,
    program: ReadableProgram,
    automation_id: UUID,
    limit: Annotated[int, Query(ge=1, le=100, description="Runs at most")] = 10,
    from_: Annotated[
        Instant | None, Query(alias="from", description="Runs after this instant; now when absent")
    ] = None,
) -> NextRunsOut:
    """When the clock fires it next, and after that.

    Empty when nothing will: `immediate`, done, not active, or its schedule held by an operator.
    """
    automation = await get_automation(session, program.id, automation_id)
    if automation is None:
        raise not_found("Automation")
    after = _within_reach(from_) if from_ is not None else datetime.now(UTC)
    definition, status = definition_of(automation), AutomationStatus(automation.status)
    if automation.schedule_paused:
        return NextRunsOut(data=[], timezone=definition.timezone, status=status, schedule_paused=True)
    runs = next_runs(definition, status, automation.processed_at is not None, after, limit)
    if definition.trigger_type is TriggerType.ONE_TIME and from_ is not None:
        runs = [run for run in runs if run.run_at > after]
    return _shown(runs, definition.timezone, status)


@router.post("/preview-schedule")
async def preview_schedule(program: WritableProgram, body: PreviewSchedule) -> NextRunsOut:
    """When an automation with this timing would fire. Nothing is stored."""
    try:
        cron, zone = parse_cron(body.cron_expression), validate_timezone(body.timezone)
    except ScheduleError as error:
        raise _refused(error, body) from None
    runs = planned_runs(cron, zone, body.dst_policy, datetime.now(UTC), body.limit)
    return _shown(runs, body.timezone, None)


def _within_reach(at: datetime) -> datetime:
    if not FIRST_INSTANT <= at < END_OF_TIME:
        years = f"{FIRST_INSTANT.year} to {END_OF_TIME.year - 1}"
        raise invalid("from", "is out of range", f"an instant in the years {years}", at.isoformat())
    return at


def _refused(error: ScheduleError, body: PreviewSchedule) -> Refusal:
    return invalid(error.field, error.reason, error.expected, getattr(body, error.field))


def _shown(runs: Sequence[PlannedRun], timezone: str, status: AutomationStatus | None) -> NextRunsOut:
    data = [NextRunOut.model_validate(run) for run in runs]
    return NextRunsOut(data=data, timezone=timezone, status=status)
