"""Events that automations generate."""

import json
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.automation import Definition
from domain.canonical_json import fingerprint
from domain.events import AUTOMATION_SOURCE, AUTOMATION_STOPPED, EventKind, EventStatus, generated_event_data
from store.tables import Automation, AutomationRun, Event


async def generate_program_event(
    session: AsyncSession, run: AutomationRun, definition: Definition, now: datetime
) -> UUID:
    """One event for the program at large, or for the participant that a one-time automation names."""
    data = generated_event_data(definition)
    event = Event(
        id=uuid4(),
        program_id=run.program_id,
        participant_id=definition.participant_id,
        kind=EventKind.SYSTEM.value,
        type=definition.event_name,
        event_data=data,
        payload_hash=fingerprint(data),
        source=AUTOMATION_SOURCE,
        automation_id=run.automation_id,
        run_id=run.id,
        status=EventStatus.RECEIVED.value,
        event_timestamp=run.nominal_at or now,
    )
    session.add(event)
    return event.id


async def generate_participant_events(
    session: AsyncSession, run: AutomationRun, definition: Definition, seqs: Sequence[int], now: datetime
) -> None:
    """One event for each of these ledger rows' participants, in one statement."""
    data = generated_event_data(definition)
    await session.execute(
        text(
            "INSERT INTO event (id, program_id, participant_id, kind, type, event_data, payload_hash, source, "
            "automation_id, run_id, status, event_timestamp) "
            "SELECT gen_random_uuid(), :program, participant_id, :kind, :type, CAST(:data AS jsonb), :hash, :source, "
            ":automation, :run, :status, :at "
            "FROM run_participant WHERE run_id = :run AND seq = ANY(CAST(:seqs AS bigint[]))"
        ),
        {
            "program": run.program_id,
            "kind": EventKind.SYSTEM.value,
            "type": definition.event_name,
            "data": json.dumps(data),
            "hash": fingerprint(data),
            "source": AUTOMATION_SOURCE,
            "automation": run.automation_id,
            "run": run.id,
            "status": EventStatus.RECEIVED.value,
            "at": run.nominal_at or now,
            "seqs": list(seqs),
        },
    )


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
    event = Event(
        id=uuid4(),
        program_id=run.program_id,
        kind=EventKind.SYSTEM.value,
        type=AUTOMATION_STOPPED,
        event_data=data,
        payload_hash=fingerprint(data),
        source=AUTOMATION_SOURCE,
        automation_id=automation.id,
        run_id=run.id,
        status=EventStatus.RECEIVED.value,
        event_timestamp=run.completed_at or run.requested_at,
    )
    session.add(event)
