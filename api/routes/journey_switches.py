from fastapi import APIRouter
from fastapi.responses import JSONResponse

from api.journey_service import JourneyReaderDep
from api.journey_switching import JourneySwitchingDep, overdue_of
from api.omnisend_version import VERSIONED
from api.routes.journeys import JourneyId
from api.schemas.journey_out import JourneyOut, shown
from api.schemas.journey_switch import CopyJourney, DisableJourney, EnableJourney, OverdueOut

router = APIRouter(prefix="/api/automations", tags=["journeys"], dependencies=VERSIONED)

DEFAULT = EnableJourney()
NAMED_AFTER_IT = CopyJourney()


@router.post("/{id}/enable", response_model=JourneyOut)
async def enable(
    service: JourneySwitchingDep, journey_id: JourneyId, body: EnableJourney = DEFAULT
) -> JSONResponse:
    """Let people in from now on. 409, with `errors`, for what keeps it from running: what it refers to may be gone.

    With `enrollExisting`, those of an event enter who had it within the first delay, which has to be the first block,
    and are as far as they would be; of a segment, all its members, on the first enabling alone. 409 otherwise."""
    return JSONResponse(shown(await service.enable(journey_id, body)))


@router.post("/{id}/disable", response_model=JourneyOut)
async def disable(service: JourneySwitchingDep, journey_id: JourneyId, body: DisableJourney) -> JSONResponse:
    """Let nobody in any more. Whoever is inside goes on to their end, leaves at once, or stands still."""
    return JSONResponse(shown(await service.disable(journey_id, body)))


@router.get("/{id}/overdue")
async def overdue(reader: JourneyReaderDep, journey_id: JourneyId) -> OverdueOut:
    """Ours: whose step is due and has not been taken, as while a journey stands still."""
    return await overdue_of(reader.session, await reader.read(journey_id))


@router.post("/{id}/copy", status_code=201, response_model=JourneyOut)
async def copy(
    service: JourneySwitchingDep, journey_id: JourneyId, body: CopyJourney = NAMED_AFTER_IT
) -> JSONResponse:
    """A disabled journey like this one, its blocks under ids of their own."""
    return JSONResponse(shown(await service.copy(journey_id, body)), status_code=201)
