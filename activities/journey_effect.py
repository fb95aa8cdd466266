"""The effect that has participants enter a journey, through its gates."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import RowMapping
from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity

from activities.guards import guard_of
from domain.actions import EnrollJourney
from domain.automation import Definition
from domain.contract import CohortInput
from domain.journeys.entering import EntryRefusal
from domain.outcomes import Outcome, SkipReason
from store.database import Database
from store.journey_admission import Candidate, admit, refuse_all
from store.journey_listeners import open_versions, version_listeners
from store.ledger import Settlement, pending_rows, settle, settle_alike
from store.runs import run_is_executing
from store.tables import Automation, AutomationRun, Program

ROWS_A_TRANSACTION = 1_000


async def enroll_people(
    database: Database,
    run: AutomationRun,
    definition: Definition,
    action: EnrollJourney,
    slice_: CohortInput,
) -> int:
    """Entries and outcomes are written in one transaction, so an interruption leaves both or neither."""
    processed = 0
    while True:
        activity.heartbeat(processed)
        done = await _enroll_some(database, run, definition, action, slice_)
        processed += done
        if done < ROWS_A_TRANSACTION:
            return processed


async def _enroll_some(
    database: Database,
    run: AutomationRun,
    definition: Definition,
    action: EnrollJourney,
    slice_: CohortInput,
) -> int:
    now = datetime.now(UTC)
    async with database.transaction() as session:
        if not await run_is_executing(session, run.id):
            return 0
        guard = await guard_of(session, run, definition, now)
        rows = await pending_rows(
            session, run.id, slice_.first, slice_.last, guard.columns, ROWS_A_TRANSACTION
        )
        passed, skipped = await guard.divide(rows)
        people = [row["participant_id"] for row in passed]
        verdicts = await _verdicts(session, run, action, people, now)
        outcomes = [_outcome(row, verdicts) for row in passed]
        entered = [one.seq for one in outcomes if one.outcome is Outcome.SENT]
        await settle_alike(session, run.id, entered, Outcome.SENT)
        refused = [one for one in outcomes if one.outcome is not Outcome.SENT]
        await settle(session, run.id, [*skipped, *refused])
        return len(rows)


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


def _outcome(row: RowMapping, verdicts: dict[UUID, EntryRefusal | None]) -> Settlement:
    if row["participant_id"] not in verdicts:
        return Settlement(row["seq"], Outcome.SKIPPED, SkipReason.PARTICIPANT_DELETED.value)
    refusal = verdicts[row["participant_id"]]
    if refusal is None:
        return Settlement(row["seq"], Outcome.SENT)
    return Settlement(row["seq"], Outcome.SKIPPED, refusal.value)
