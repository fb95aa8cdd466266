from typing import Annotated, Any

from fastapi import APIRouter, Body

from api.journey_publishing import JourneyPublishingDep
from api.omnisend_version import VERSIONED
from api.routes.journeys import JourneyId
from api.schemas.journey_publish import PublishedOut, PublishJourney
from api.schemas.journey_text import DocumentedAs

router = APIRouter(prefix="/api/automations", tags=["journeys"], dependencies=VERSIONED)

Request = Annotated[Any, Body(), DocumentedAs(PublishJourney)]


@router.post("/{id}/publish")
async def publish(service: JourneyPublishingDep, journey_id: JourneyId, body: Request) -> PublishedOut:
    """Ours: have people enter this version from now on, and declare what becomes of those inside. Also of an enabled
    journey, with its changes; whether it is enabled does not change."""
    return await service.publish(journey_id, body)


@router.post("/{id}/publish/preview")
async def preview(service: JourneyPublishingDep, journey_id: JourneyId, body: Request) -> PublishedOut:
    """Ours: how many people stand where, and what publishing so would mean for them. Nothing happens."""
    return await service.preview(journey_id, body)
