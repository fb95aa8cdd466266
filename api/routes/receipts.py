from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.auth import ReadableProgram
from api.dependencies import PageDep, SessionDep
from api.errors import not_found
from api.paging import valid_page
from api.schemas.paging import Listing, listing
from api.schemas.receipt import ReceiptOut
from store.automations import get_automation
from store.receipts import ReceiptOutcome, list_receipts

router = APIRouter(prefix="/v1/programs/{program_id}/automations", tags=["automations"])


@router.get("/{automation_id}/receipts")
async def list_automation_receipts(
    session: SessionDep,
    program: ReadableProgram,
    automation_id: UUID,
    page: PageDep,
    outcome: Annotated[ReceiptOutcome | None, Query(description="Only these")] = None,
) -> Listing[ReceiptOut]:
    """What became of each occurrence of the schedule: fired, or skipped and why; newest nominal time first."""
    if await get_automation(session, program.id, automation_id) is None:
        raise not_found("Automation")
    found = await valid_page(list_receipts(session, automation_id, outcome, page))
    return listing([ReceiptOut.model_validate(row) for row in found.rows], found.next_cursor)
