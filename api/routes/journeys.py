from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query, Response
from fastapi.responses import JSONResponse

from api.journey_lists import JourneyListQuery, page_of_journeys
from api.journey_service import JourneyReaderDep, JourneyServiceDep
from api.omnisend_version import VERSIONED
from api.schemas.journey import CreateJourney, PatchJourney, PutBlocks
from api.schemas.journey_out import JourneyOut, JourneysOut, shown
from api.schemas.journey_text import DocumentedAs
from api.schemas.text import Label

router = APIRouter(prefix="/api/automations", tags=["journeys"], dependencies=VERSIONED)

JourneyId = Annotated[Label, Path(alias="id", description="24 hexadecimal digits")]


@router.get("", response_model=JourneysOut)
async def list_(reader: JourneyReaderDep, query: Annotated[JourneyListQuery, Query()]) -> JSONResponse:
    """Journeys, newest first unless asked otherwise. What a cursor was given for need not be repeated."""
    return JSONResponse(await page_of_journeys(reader.session, reader.program, query))


@router.post("", status_code=201, response_model=JourneyOut)
async def create(
    service: JourneyServiceDep, body: Annotated[Any, Body(), DocumentedAs(CreateJourney)]
) -> JSONResponse:
    """Make a journey. It is disabled; every mistake in it is told at once."""
    return JSONResponse(shown(await service.create(body)), status_code=201)


@router.get("/{id}", response_model=JourneyOut)
async def get(reader: JourneyReaderDep, journey_id: JourneyId) -> JSONResponse:
    """One journey, as it is now: while it is enabled, that is what people enter."""
    return JSONResponse(shown(await reader.read(journey_id)))


@router.patch("/{id}", response_model=JourneyOut)
async def patch(
    service: JourneyServiceDep,
    journey_id: JourneyId,
    body: Annotated[Any, Body(), DocumentedAs(PatchJourney)],
) -> JSONResponse:
    """Change only the fields sent, of a disabled journey. Blocks are changed one by one; none is added or removed."""
    return JSONResponse(shown(await service.patch(journey_id, body)))


@router.delete("/{id}", status_code=204)
async def delete(service: JourneyServiceDep, journey_id: JourneyId) -> Response:
    """Remove it. Whoever is inside leaves. A journey that is not there is as good as removed."""
    await service.delete(journey_id)
    return Response(status_code=204)


@router.put("/{id}/blocks", response_model=JourneyOut)
async def put_blocks(
    service: JourneyServiceDep, journey_id: JourneyId, body: Annotated[Any, Body(), DocumentedAs(PutBlocks)]
) -> JSONResponse:
    """Replace the blocks of a disabled journey: those with an `id` stay, those with a `temporaryID` are new."""
    return JSONResponse(shown(await service.put_blocks(journey_id, body)))
