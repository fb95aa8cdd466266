from fastapi import APIRouter, Request

from api.journey_service import JourneyServiceDep
from api.journey_simulation import simulate_journey
from api.omnisend_version import VERSIONED
from api.routes.journeys import JourneyId
from api.schemas.journey_simulation import AskSimulation, SimulationOut
from api.slots import Slots

router = APIRouter(prefix="/api/automations", tags=["journeys"], dependencies=VERSIONED)


@router.post("/{id}/simulate")
async def simulate(
    service: JourneyServiceDep, journey_id: JourneyId, body: AskSimulation, request: Request
) -> SimulationOut:
    """Take people through the journey as it is now, on a virtual clock. Nothing is stored, and nothing is sent."""
    journey = await service.read(journey_id)
    slots: Slots = request.app.state.simulation_slots
    async with slots.one():
        return await simulate_journey(service.session, service.program, journey, body)
