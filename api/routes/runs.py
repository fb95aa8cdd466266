from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from sqlmodel.ext.asyncio.session import AsyncSession

from api.auth import ReadableProgram
from api.dependencies import PageDep, SessionDep
from api.errors import invalid, not_found
from api.paging import valid_page
from api.schemas.paging import Listing, listing
from api.schemas.run import RunOut, RunParticipantOut
from domain.outcomes import Outcome
from store.automations import get_automation
from store.runs import counts_of, get_run, list_run_participants, list_runs
from store.tables import AutomationRun

router = APIRouter(prefix="/v1/programs/{program_id}/automations/{automation_id}/runs", tags=["runs"])


async def show_run(session: AsyncSession, run: AutomationRun) -> RunOut:
    counts = await counts_of(session, run)
    return RunOut.model_validate(
        {
            **run.model_dump(exclude={"counts"}),
            "counts": counts,
            "participants_total": counts.total,
            "participants_processed": counts.processed,
        }
    )


async def _existing(
    session: AsyncSession, program_id: UUID, automation_id: UUID, run_id: UUID
) -> AutomationRun:
    run = await get_run(session, automation_id, run_id)
    if run is None or run.program_id != program_id:
        raise not_found("Run")
    return run


@router.get("")
async def list_(
    session: SessionDep, program: ReadableProgram, automation_id: UUID, page: PageDep
) -> Listing[RunOut]:
    """Runs of an automation, newest first, each with its counts."""
    if await get_automation(session, program.id, automation_id) is None:
        raise not_found("Automation")
    found = await valid_page(list_runs(session, automation_id, page))
    return listing([await show_run(session, run) for run in found.rows], found.next_cursor)


@router.get("/{run_id}")
async def get(session: SessionDep, program: ReadableProgram, automation_id: UUID, run_id: UUID) -> RunOut:
    """One run. Its counts always add up: total = sent + skipped + failed + unknown + pending."""
    return await show_run(session, await _existing(session, program.id, automation_id, run_id))


@router.get("/{run_id}/participants")
async def participants(
    session: SessionDep,
    program: ReadableProgram,
    automation_id: UUID,
    run_id: UUID,
    page: PageDep,
    outcome: Annotated[Outcome | None, Query(description="Only these")] = None,
) -> Listing[RunParticipantOut]:
    """What became of each participant the run enrolled, and why."""
    run = await _existing(session, program.id, automation_id, run_id)
    rows = await list_run_participants(session, run.id, outcome, _after(page.cursor), page.limit + 1)
    more = str(rows[page.limit - 1].seq) if len(rows) > page.limit else None
    shown = [RunParticipantOut.model_validate(row, from_attributes=True) for row in rows[: page.limit]]
    return listing(shown, more)


def _after(cursor: str | None) -> int:
    if cursor is None:
        return -1
    if not cursor.isdecimal() or len(cursor) > 18:
        raise invalid("cursor", "not a cursor of this list", "a next_cursor from this list")
    return int(cursor)
