"""The effect that has participants enter a journey, through its gates."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import RowMapping
from sqlmodel.ext.asyncio.session import AsyncSession

from activities.recorded_effect import apply_recorded_effect
from domain.actions import EnrollJourney
from domain.automation import Definition
from domain.contract import CohortInput
from domain.journeys.entering import EntryRefusal
from domain.outcomes import Outcome, SkipReason
from store.database import Database
from store.journey_admission import Candidate, admit, refuse_all
from store.journey_listeners import open_versions, version_listeners
from store.ledger import Settlement
from store.tables import Automation, AutomationRun, Program


async def enroll_people(
    database: Database,
    run: AutomationRun,
    definition: Definition,
    action: EnrollJourney,
    slice_: CohortInput,
) -> int:
    """Answers how many rows got an outcome."""

    async def enroll(
        session: AsyncSession, rows: Sequence[RowMapping], now: datetime
    ) -> Sequence[Settlement]:
        people = [row["participant_id"] for row in rows]
        verdicts = await _verdicts(session, run, action, people, now)
        return [refused for row in rows if (refused := _refused(row, verdicts)) is not None]

    return await apply_recorded_effect(database, run, definition, slice_, enroll)


async def _verdicts(
    session: AsyncSession, run: AutomationRun, action: EnrollJourney, people: Sequence[UUID], now: datetime
) -> dict[UUID, EntryRefusal | None]:
    """What became of each, by participant; without those who were erased meanwhile."""
    journey_id = action.journey_id
    program = await session.get_one(Program, run.program_id)
    chain = (await session.get_one(Automation, run.automation_id)).rule_chain
    keys = {person: f"{journey_id}:run:{run.id}:{person}" for person in people}
    candidates = [Candidate(person, key, now, chain=chain) for person, key in keys.items()]
    opened = await open_versions(session, [program.id], [journey_id])
    version = (await version_listeners(session, opened.values())).get(opened.get(journey_id, ("", "")))
    if version is None:
        await refuse_all(session, program.id, journey_id, candidates, now)
        return dict.fromkeys(people, EntryRefusal.JOURNEY_NOT_ENABLED)
    verdicts = await admit(session, program, version, candidates, now)
    return {person: verdicts[key] for person, key in keys.items() if key in verdicts}


def _refused(row: RowMapping, verdicts: dict[UUID, EntryRefusal | None]) -> Settlement | None:
    if row["participant_id"] not in verdicts:
        return Settlement(row["seq"], Outcome.SKIPPED, SkipReason.PARTICIPANT_DELETED.value)
    refusal = verdicts[row["participant_id"]]
    return None if refusal is None else Settlement(row["seq"], Outcome.SKIPPED, refusal.value)
