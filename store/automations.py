"""The record of automations. Only activities write here; the API reads."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.automation import AutomationStatus, Definition, ExecutionStatus, Scope, TriggerType
from domain.canonical_json import fingerprint
from domain.contract import ActiveRun, AutomationSnapshot
from domain.run_status import OPEN_RUNS
from store.paging import Page, PageRequest, page_newest_first
from store.subscriptions import next_due_at
from store.tables import Automation, AutomationChange, AutomationRun
from store.tables.automation import NOT_ARCHIVED

DEFINITION_FIELDS = tuple(Definition.model_fields)


@dataclass(frozen=True, slots=True)
class AutomationFilter:
    search: str | None = None
    trigger_type: str | None = None
    scope: str | None = None
    status: str | None = None
    source: str | None = None


async def get_automation(session: AsyncSession, program_id: UUID, automation_id: UUID) -> Automation | None:
    automation = await session.get(Automation, automation_id)
    return automation if automation and automation.program_id == program_id else None


async def lock_automation(session: AsyncSession, automation_id: UUID) -> Automation | None:
    return await session.get(Automation, automation_id, with_for_update=True)


async def list_automations(
    session: AsyncSession, program_id: UUID, wanted: AutomationFilter, request: PageRequest
) -> Page[Automation]:
    """Newest first; archived ones only when asked for by status. An index serves each filter."""
    statement = select(Automation).where(col(Automation.program_id) == program_id)
    if wanted.status != AutomationStatus.ARCHIVED.value:
        statement = statement.where(NOT_ARCHIVED)
    for name in ("trigger_type", "scope", "status", "source"):
        value = getattr(wanted, name)
        if value is not None:
            statement = statement.where(col(getattr(Automation, name)) == value)
    if wanted.search:
        # The best way to find a text depends on how common it is, so no plan suits the next search too.
        await session.execute(text("SET LOCAL plan_cache_mode = force_custom_plan"))
        statement = statement.where(col(Automation.name).icontains(wanted.search, autoescape=True))
    return await page_newest_first(session, statement, Automation.created_at, Automation.id, request)


async def active_cron_automations(session: AsyncSession) -> list[Automation]:
    """Of all programs, the oldest first."""
    statement = select(Automation).where(
        col(Automation.status) == AutomationStatus.ACTIVE.value,
        col(Automation.trigger_type) == TriggerType.CRON.value,
    )
    return list(
        (await session.exec(statement.order_by(col(Automation.created_at), col(Automation.id)))).all()
    )


async def name_is_taken(
    session: AsyncSession, program_id: UUID, name: str, besides: UUID | None = None
) -> bool:
    statement = select(Automation.id).where(
        col(Automation.program_id) == program_id,
        col(Automation.name) == name,
        NOT_ARCHIVED,
    )
    if besides is not None:
        statement = statement.where(col(Automation.id) != besides)
    return (await session.exec(statement)).first() is not None


def definition_of(automation: Automation) -> Definition:
    return Definition.model_validate({name: getattr(automation, name) for name in DEFINITION_FIELDS})


def define(automation: Automation, definition: Definition) -> None:
    """Write a definition over the row; state is left alone."""
    plain: dict[str, Any] = definition.model_dump(mode="json")
    for name in DEFINITION_FIELDS:
        setattr(automation, name, plain[name])
    automation.trigger_at = definition.trigger_at
    automation.participant_id = definition.participant_id


async def snapshot_of(session: AsyncSession, automation: Automation) -> AutomationSnapshot:
    run = await session.get(AutomationRun, automation.current_run_id) if automation.current_run_id else None
    return AutomationSnapshot(
        automation_id=automation.id,
        program_id=automation.program_id,
        status=AutomationStatus(automation.status),
        trigger_type=TriggerType(automation.trigger_type),
        scope=Scope(automation.scope),
        timezone=automation.timezone,
        next_run_at=automation.next_run_at,
        next_due_at=await _next_due_at(session, automation),
        refresh_due=_refresh_due(automation),
        schedule_paused=automation.schedule_paused,
        jitter_seconds=automation.jitter_seconds,
        timing=_timing(automation),
        due_once_at=_due_once_at(automation),
        last_run_at=automation.last_run_at,
        execution_status=ExecutionStatus(automation.execution_status),
        active_run=ActiveRun(run_id=run.id, number=run.number) if run and run.status in OPEN_RUNS else None,
        run_count=automation.run_count,
    )


def _timing(automation: Automation) -> str:
    """A fingerprint: the cron expression itself is a client's text, and stays out of histories."""
    return fingerprint(
        {
            "status": automation.status,
            "timezone": automation.timezone,
            "cron_expression": automation.cron_expression,
            "trigger_at": automation.trigger_at.isoformat() if automation.trigger_at else None,
            "jitter_seconds": automation.jitter_seconds,
            "missed_run_policy": automation.missed_run_policy,
            "is_processed": automation.processed_at is not None,
        }
    )


async def _next_due_at(session: AsyncSession, automation: Automation) -> datetime | None:
    if (
        automation.trigger_type != TriggerType.PARTICIPANT_STATE.value
        or automation.status != AutomationStatus.ACTIVE.value
    ):
        return None
    return await next_due_at(session, automation.id)


def _refresh_due(automation: Automation) -> bool:
    asked, evaluated = automation.refresh_requested_at, automation.last_evaluated_at
    return (
        automation.trigger_type == TriggerType.PARTICIPANT_STATE.value
        and automation.status == AutomationStatus.ACTIVE.value
        and (evaluated is None or (asked is not None and asked > evaluated))
    )


def _due_once_at(automation: Automation) -> datetime | None:
    waiting = automation.processed_at is None and automation.status == AutomationStatus.ACTIVE.value
    return automation.trigger_at if waiting else None


async def live_automation_ids(session: AsyncSession, among: set[UUID]) -> list[UUID]:
    """Those of `among` that the record believes to be active or paused."""
    statement = select(Automation.id).where(
        col(Automation.id).in_(among),
        col(Automation.status).in_([AutomationStatus.ACTIVE.value, AutomationStatus.PAUSED.value]),
    )
    return list((await session.exec(statement)).all())


async def get_change(session: AsyncSession, change_id: UUID) -> AutomationChange | None:
    return await session.get(AutomationChange, change_id, with_for_update=True)
