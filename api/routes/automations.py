from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from api.auth import ReadableProgram, WritableProgram, Writer
from api.automation_service import AutomationService, show, show_all
from api.dependencies import DatabaseDep, GatewayDep, PageDep, SessionDep
from api.errors import not_found
from api.idempotency import RequestId
from api.paging import valid_page
from api.schemas.automation import AutomationOut, CreateAutomation, PatchAutomation
from api.schemas.paging import Listing, listing
from api.schemas.text import Name
from domain.automation import AutomationStatus, Scope, Source, TriggerType
from store.automations import AutomationFilter, get_automation, list_automations

router = APIRouter(prefix="/v1/programs/{program_id}/automations", tags=["automations"])


async def _service(
    database: DatabaseDep,
    gateway: GatewayDep,
    program: WritableProgram,
    key: Writer,
    request_id: RequestId,
) -> AutomationService:
    return AutomationService(database, gateway, program.id, key.name, request_id)


Service = Annotated[AutomationService, Depends(_service)]


@router.post("", status_code=201)
async def create(service: Service, body: CreateAutomation) -> AutomationOut:
    """Create an automation. It is active at once; an `immediate` one fires at once."""
    return await service.create(body)


@router.get("")
async def list_(
    session: SessionDep,
    program: ReadableProgram,
    page: PageDep,
    search: Annotated[Name | None, Query(description="Part of the name")] = None,
    trigger_type: TriggerType | None = None,
    scope: Scope | None = None,
    status: AutomationStatus | None = None,
    source: Source | None = None,
) -> Listing[AutomationOut]:
    """Newest first. Archived automations are listed only with `status=archived`."""
    wanted = AutomationFilter(search, trigger_type, scope, status, source)
    found = await valid_page(list_automations(session, program.id, wanted, page))
    return listing(await show_all(session, found.rows), found.next_cursor)


@router.get("/{automation_id}")
async def get(session: SessionDep, program: ReadableProgram, automation_id: UUID) -> AutomationOut:
    """One automation, archived ones too."""
    automation = await get_automation(session, program.id, automation_id)
    if automation is None:
        raise not_found("Automation")
    return await show(session, automation)


@router.patch("/{automation_id}")
async def patch(service: Service, automation_id: UUID, body: PatchAutomation) -> AutomationOut:
    """Change only the fields sent. `status` takes active or paused; pausing leaves a running fan-out alone."""
    return await service.amend(automation_id, body)


@router.delete("/{automation_id}", status_code=204)
async def archive(service: Service, automation_id: UUID) -> Response:
    """Archive: it never fires again, and an execution in progress is cancelled. Irreversible."""
    await service.archive(automation_id)
    return Response(status_code=204)


@router.post("/{automation_id}/trigger")
async def trigger(service: Service, automation_id: UUID) -> AutomationOut:
    """Fire now, outside the schedule. 400 unless active and idle, or cron of program scope."""
    return await service.trigger(automation_id)


@router.post("/{automation_id}/cancel")
async def cancel(service: Service, automation_id: UUID) -> AutomationOut:
    """Cancel the pending or running execution. Once this answers, nothing more is sent for it."""
    return await service.cancel_execution(automation_id)
