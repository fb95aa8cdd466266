"""Events that automations generate. Those that no rule listens to are complete at once."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.automation import Definition
from domain.events import (
    AUTOMATION_SOURCE,
    AUTOMATION_STOPPED,
    EventKind,
    EventStatus,
    generated_event_data,
    payload_hash_of,
)
from store.event_rows import NewEvent, insert_events
from store.event_types import SeenEvent, learn_event_types
from store.generated_events import listened_types
from store.tables import Automation, AutomationRun


async def generate_program_event(
    session: AsyncSession, run: AutomationRun, definition: Definition, now: datetime
) -> UUID:
    """One event for the program at large, or for the participant that a one-time automation names."""
    data = generated_event_data(definition)
    return await _add_event(session, run, data, definition.participant_id, run.nominal_at or now, now)


async def generate_participant_events(
    session: AsyncSession, run: AutomationRun, definition: Definition, seqs: Sequence[int], now: datetime
) -> None:
    """One event for each of these ledger rows' participants, in one statement."""
    data = generated_event_data(definition)
    status = await _first_status(session, run.program_id, definition.event_name)
    await session.execute(
        text(
            "INSERT INTO event (id, program_id, participant_id, kind, type, event_data, payload_hash, source, "
            "automation_id, run_id, status, event_timestamp, processed_at, causation_id, rule_chain) "
            "SELECT gen_random_uuid(), :program, participant_id, :kind, :type, CAST(:data AS jsonb), :hash, :source, "
            ":automation, :run, :status, :at, CAST(:processed_at AS timestamptz), made.causation_id, made.rule_chain "
            "FROM run_participant, (SELECT causation_id, rule_chain FROM automation WHERE id = :automation) AS made "
            "WHERE run_id = :run AND seq = ANY(CAST(:seqs AS bigint[]))"
        ),
        {
            "program": run.program_id,
            "kind": EventKind.SYSTEM.value,
            "type": definition.event_name,
            "data": json.dumps(data),
            "hash": payload_hash_of(data),
            "source": AUTOMATION_SOURCE,
            "automation": run.automation_id,
            "run": run.id,
            "status": status.value,
            "at": run.nominal_at or now,
            "processed_at": _processed_at(status, now),
            "seqs": list(seqs),
        },
    )
    if seqs:
        await _learn(session, run.program_id, data, now)


async def report_stopped_automation(
    session: AsyncSession, automation: Automation, run: AutomationRun
) -> None:
    """A program event: the automation was stopped after its scheduled runs had failed in a row."""
    data = {
        "type": AUTOMATION_STOPPED,
        "automation_id": str(automation.id),
        "automation_name": automation.name,
        "run_id": str(run.id),
        "consecutive_failures": automation.consecutive_failures,
        "last_error": run.error,
    }
    at = run.completed_at or run.requested_at
    await _add_event(session, run, data, None, at, at)


async def _add_event(
    session: AsyncSession,
    run: AutomationRun,
    data: dict[str, Any],
    participant_id: UUID | None,
    at: datetime,
    now: datetime,
) -> UUID:
    status = await _first_status(session, run.program_id, data["type"])
    automation = await session.get(Automation, run.automation_id)
    assert automation is not None
    event = NewEvent(
        program_id=run.program_id,
        participant_id=participant_id,
        kind=EventKind.SYSTEM,
        data=data,
        source=AUTOMATION_SOURCE,
        automation_id=run.automation_id,
        run_id=run.id,
        status=status,
        event_timestamp=at,
        processed_at=_processed_at(status, now),
        causation_id=automation.causation_id,
        rule_chain=automation.rule_chain,
    )
    await insert_events(session, [event])
    await _learn(session, run.program_id, data, now)
    return event.id


async def _first_status(session: AsyncSession, program_id: UUID, event_type: str) -> EventStatus:
    listened = await listened_types(session, program_id)
    return EventStatus.RECEIVED if event_type in listened else EventStatus.COMPLETED


def _processed_at(status: EventStatus, now: datetime) -> datetime | None:
    return now if status is EventStatus.COMPLETED else None


async def _learn(session: AsyncSession, program_id: UUID, data: dict[str, Any], now: datetime) -> None:
    await learn_event_types(session, [SeenEvent(program_id, data["type"], AUTOMATION_SOURCE, data)], now)
