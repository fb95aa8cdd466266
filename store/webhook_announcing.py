"""The outbox: what happened is announced in the transaction in which it happens, or not at all."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.automation import AutomationStatus
from domain.run_status import RunStatus
from domain.wake_up import Sleeper
from domain.webhooks import TYPE_OF_RUN_STATUS, TYPE_OF_STATUS, WebhookType, types_of_amendment
from store.tables import Automation, AutomationRun, Event
from store.waking import wake_after_commit

_ANNOUNCE = text(
    "INSERT INTO webhook_delivery "
    "(id, endpoint_id, message_id, type, subject_id, data, status, next_attempt_at, created_at) "
    "SELECT gen_random_uuid(), id, :message, :type, :subject, CAST(:data AS jsonb), 'pending', :now, :now "
    "FROM webhook_endpoint "
    "WHERE program_id = :program AND enabled AND (event_types = '{}' OR :type = ANY(event_types)) "
    "RETURNING endpoint_id"
)


async def announce(
    session: AsyncSession, program_id: UUID, type_: WebhookType, subject_id: UUID, data: dict[str, Any]
) -> None:
    """A delivery for each endpoint of the program that wants this type: one statement, also for none.

    `subject_id` is the automation or event it is about: its messages are sent in this order. `data` holds ids,
    names of automations, statuses, counts and instants, and nothing else of a person than the id.
    """
    told = await session.execute(
        _ANNOUNCE,
        {
            "message": uuid4(),
            "type": type_.value,
            "subject": subject_id,
            "data": json.dumps({"program_id": str(program_id)} | data),
            "program": program_id,
            "now": datetime.now(UTC),
        },
    )
    wake_after_commit(session, Sleeper.WEBHOOK, told.scalars())


async def announce_automation(session: AsyncSession, automation: Automation, *types: WebhookType) -> None:
    data = {
        "automation_id": str(automation.id),
        "automation_name": automation.name,
        "status": automation.status,
        "trigger_type": automation.trigger_type,
        "scope": automation.scope,
        "source": automation.source,
        "next_run_at": _instant(automation.next_run_at),
    }
    for type_ in types:
        await announce(session, automation.program_id, type_, automation.id, data)


async def announce_status(session: AsyncSession, automation: Automation) -> None:
    """To be called by whoever has changed an automation's status."""
    await announce_automation(session, automation, TYPE_OF_STATUS[AutomationStatus(automation.status)])


async def announce_amendment(
    session: AsyncSession, automation: Automation, patch: Iterable[str], status_before: str
) -> None:
    """To be called after a patch. `patch`: the names of the fields it sent."""
    changed = automation.status != status_before
    types = types_of_amendment(set(patch), AutomationStatus(automation.status) if changed else None)
    await announce_automation(session, automation, *types)


async def announce_run(session: AsyncSession, run: AutomationRun) -> None:
    """To be called by whoever has changed a run's status: it has begun executing, or it has ended."""
    await _announce_run(session, run, TYPE_OF_RUN_STATUS[RunStatus(run.status)])


async def announce_run_at_once(session: AsyncSession, run: AutomationRun) -> None:
    """A run that starts and completes in one transaction."""
    await _announce_run(session, run, WebhookType.RUN_STARTED)
    await _announce_run(session, run, WebhookType.RUN_COMPLETED)


async def _announce_run(session: AsyncSession, run: AutomationRun, type_: WebhookType) -> None:
    ended = type_ is not WebhookType.RUN_STARTED
    data = {
        "automation_id": str(run.automation_id),
        "automation_name": run.definition["name"],
        "run_id": str(run.id),
        "number": run.number,
        "scope": run.scope,
        "cause": run.cause,
        "status": run.status if ended else RunStatus.EXECUTING.value,
        "error": run.error,
        "requested_at": _instant(run.requested_at),
        "started_at": _instant(run.started_at),
        "completed_at": _instant(run.completed_at) if ended else None,
        "participants_total": run.total,
        "counts": run.counts if ended else None,
    }
    await announce(session, run.program_id, type_, run.automation_id, data)


async def announce_event(session: AsyncSession, event: Event) -> None:
    """An event that a client sent. Those that automations make are told by their run."""
    data = {
        "event_id": str(event.id),
        "event_type": event.type,
        "participant_id": None if event.participant_id is None else str(event.participant_id),
        "event_timestamp": _instant(event.event_timestamp),
    }
    await announce(session, event.program_id, WebhookType.EVENT_RECEIVED, event.id, data)


def _instant(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")
