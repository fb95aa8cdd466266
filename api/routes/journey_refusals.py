from typing import Annotated

from fastapi import APIRouter, Query

from api.journey_cursors import not_of_this_list
from api.journey_service import JourneyReaderDep
from api.omnisend_version import VERSIONED
from api.routes.journeys import JourneyId
from api.schemas.journey_refusal import (
    JourneyRefusalOut,
    JourneyRefusalQuery,
    JourneyRefusalsOut,
    RefusalCursors,
    RefusalPaging,
)
from store.journey_refusals import list_refusals
from store.paging import InvalidCursorError, PageRequest

router = APIRouter(prefix="/api/automations", tags=["journeys"], dependencies=VERSIONED)


@router.get("/{id}/refusals")
async def refusals(
    reader: JourneyReaderDep, journey_id: JourneyId, query: Annotated[JourneyRefusalQuery, Query()]
) -> JourneyRefusalsOut:
    """Whom the journey did not let in and why, the last first. They are kept for as long as what rules made of events."""
    journey = await reader.read(journey_id)
    request = PageRequest(query.limit, query.after)
    try:
        page = await list_refusals(
            reader.session, journey.id, request, reason=query.reason, participant_id=query.participantID
        )
    except InvalidCursorError:
        raise not_of_this_list("after") from None
    return JourneyRefusalsOut(
        refusals=[JourneyRefusalOut.model_validate(row) for row in page.rows],
        paging=RefusalPaging(
            limit=query.limit,
            has_more=page.next_cursor is not None,
            cursors=RefusalCursors(after=page.next_cursor),
        ),
    )
