from uuid import UUID

from fastapi import APIRouter

from api.auth import ReadableProgram
from api.dependencies import PageDep, SessionDep
from api.errors import not_found
from api.paging import valid_page
from api.routes.automations import Service
from api.schemas.paging import Listing, listing
from api.schemas.subscription import RefreshQueued, ShownStatus, SubscriptionOut
from store.automations import get_automation
from store.subscriptions import list_subscriptions

router = APIRouter(prefix="/v1/programs/{program_id}/automations/{automation_id}", tags=["subscriptions"])


@router.get("/subscriptions")
async def list_(
    session: SessionDep,
    program: ReadableProgram,
    automation_id: UUID,
    page: PageDep,
    status: ShownStatus | None = None,
) -> Listing[SubscriptionOut]:
    """The participants it watches, newest first; an empty list for the other types of trigger."""
    if await get_automation(session, program.id, automation_id) is None:
        raise not_found("Automation")
    found = await valid_page(list_subscriptions(session, automation_id, status, page))
    return listing([SubscriptionOut.model_validate(row) for row in found.rows], found.next_cursor)


@router.post("/refresh-subscriptions", status_code=202)
async def refresh(service: Service, automation_id: UUID) -> RefreshQueued:
    """Evaluate every participant anew, in the background. 400 unless active and participant_state."""
    await service.refresh_subscriptions(automation_id)
    return RefreshQueued(automation_id=str(automation_id))
