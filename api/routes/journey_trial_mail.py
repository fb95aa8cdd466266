from fastapi import APIRouter, Response

from api.journey_trial_mail import TrialMailsDep
from api.omnisend_version import VERSIONED
from api.problems import PlainProblem
from api.routes.journey_utm import BlockId
from api.routes.journeys import JourneyId
from api.schemas.journey_switch import SendTestEmail

router = APIRouter(prefix="/api/automations", tags=["journeys"], dependencies=VERSIONED)


@router.post(
    "/{id}/blocks/{blockID}/test-email",
    status_code=204,
    responses={422: {"model": PlainProblem, "description": "The block sends no mail, or has no content"}},
)
async def send(
    service: TrialMailsDep, journey_id: JourneyId, block_id: BlockId, body: SendTestEmail
) -> Response:
    """Send the mail of a block to up to five addresses, as somebody gets it of whom nothing is known."""
    await service.send(journey_id, block_id, body.recipients)
    return Response(status_code=204)
