from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from api.csv_response import CsvResponse
from api.dependencies import SessionDep
from api.errors import not_found
from api.paging import valid_page
from api.rule_access import Supervised
from api.rule_exports import CSV_ANSWER, ExporterDep, RunExportDep
from api.rule_paging import RunPageDep
from api.rule_run_explaining import RuleRunExplainer
from api.schemas.rule_page import RulePageOut
from api.schemas.rule_run import RuleRunOut
from api.schemas.rule_run_explanation import RuleRunExplained
from store.rule_pages import RulePage, read_one, read_page
from store.rule_run_lists import RunsWanted, event_is_known, rule_is_known, runs_of

router = APIRouter(prefix="/v1/automation/runs", tags=["rule runs"])


async def _wanted(
    rule_id: UUID | None = None,
    event_id: UUID | None = None,
    matched: bool | None = None,
    executed: bool | None = None,
) -> RunsWanted:
    return RunsWanted(rule_id, event_id, matched, executed)


async def _of_rule(
    rule_id: UUID, event_id: UUID | None = None, matched: bool | None = None, executed: bool | None = None
) -> RunsWanted:
    return RunsWanted(rule_id, event_id, matched, executed)


async def _on_event(
    event_id: UUID, rule_id: UUID | None = None, matched: bool | None = None, executed: bool | None = None
) -> RunsWanted:
    return RunsWanted(rule_id, event_id, matched, executed)


Wanted = Annotated[RunsWanted, Depends(_wanted)]


@router.get("")
async def list_(
    session: SessionDep, supervision: Supervised, wanted: Wanted, page: RunPageDep
) -> RulePageOut[RuleRunOut]:
    """What rules made of events, the newest first. The conditions asked for are combined with "and"."""
    return _shown(await valid_page(read_page(session, runs_of(supervision.program.id, wanted), page)))


@router.get("/export", status_code=200, response_class=CsvResponse, responses={200: CSV_ANSWER})
async def export(
    supervision: Supervised, exporter: ExporterDep, wanted: Wanted, request: RunExportDep
) -> CsvResponse:
    """The same as a CSV file, of up to 1,000,000 rows."""
    return await exporter.export(runs_of(supervision.program.id, wanted), request, "automation-runs.csv")


@router.get("/rule/{rule_id}")
async def list_of_rule(
    session: SessionDep,
    supervision: Supervised,
    wanted: Annotated[RunsWanted, Depends(_of_rule)],
    page: RunPageDep,
) -> RulePageOut[RuleRunOut]:
    """What one rule made of events; also of a rule that is deleted by now."""
    program_id = supervision.program.id
    found = await valid_page(read_page(session, runs_of(program_id, wanted), page))
    assert wanted.rule_id is not None
    if found.total == 0 and not await rule_is_known(session, program_id, wanted.rule_id):
        raise not_found("Rule")
    return _shown(found)


@router.get("/event/{event_id}")
async def list_on_event(
    session: SessionDep,
    supervision: Supervised,
    wanted: Annotated[RunsWanted, Depends(_on_event)],
    page: RunPageDep,
) -> RulePageOut[RuleRunOut]:
    """What rules made of one event."""
    program_id = supervision.program.id
    found = await valid_page(read_page(session, runs_of(program_id, wanted), page))
    assert wanted.event_id is not None
    if found.total == 0 and not await event_is_known(session, program_id, wanted.event_id):
        raise not_found("Event")
    return _shown(found)


@router.get("/{rule_run_id}")
async def get(session: SessionDep, supervision: Supervised, rule_run_id: UUID) -> RuleRunOut:
    """One run."""
    row = await read_one(session, runs_of(supervision.program.id, RunsWanted()), rule_run_id)
    if row is None:
        raise not_found("Run")
    return RuleRunOut.model_validate(dict(row))


@router.get("/{rule_run_id}/explain")
async def explain(session: SessionDep, supervision: Supervised, rule_run_id: UUID) -> RuleRunExplained:
    """Why the rule acted or did not: each gate with what it looked at, and the conditions part by part on the
    participant's state as it was then."""
    return await RuleRunExplainer(session, supervision.program).explain(rule_run_id)


def _shown(page: RulePage) -> RulePageOut[RuleRunOut]:
    items = [RuleRunOut.model_validate(dict(row)) for row in page.rows]
    return RulePageOut(items=items, next_cursor=page.next_cursor, total=page.total)
