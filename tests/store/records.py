"""Rows of the record that several tests need: an automation, its run and the run's ledger."""

from typing import Any
from uuid import UUID, uuid4

from domain.run_status import RunStatus
from store.database import Database
from store.tables import Automation, AutomationRun, Participant, RunParticipant


async def add_automation(database: Database, program_id: UUID) -> UUID:
    automation = Automation(
        id=uuid4(),
        program_id=program_id,
        name=f"a-{uuid4()}",
        event_name="e",
        trigger_type="cron",
        scope="participants",
    )
    async with database.transaction() as session:
        session.add(automation)
    return automation.id


async def add_run(
    database: Database,
    program_id: UUID,
    *,
    people: int = 0,
    automation_id: UUID | None = None,
    number: int = 1,
    status: RunStatus = RunStatus.EXECUTING,
    **fields: Any,
) -> UUID:
    """A run with `people` new participants enrolled, all pending."""
    run = AutomationRun(
        automation_id=automation_id or await add_automation(database, program_id),
        program_id=program_id,
        number=number,
        scope="participants",
        cause="manual",
        status=status.value,
        requested_by="someone",
        total=people,
        **fields,
    )
    members = [Participant(program_id=program_id, external_id=str(uuid4())) for _ in range(people)]
    async with database.transaction() as session:
        session.add(run)
        session.add_all(members)
        await session.flush()
        session.add_all(
            RunParticipant(run_id=run.id, seq=seq, participant_id=person.id)
            for seq, person in enumerate(members)
        )
    return run.id
