from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query

from api.journey_flow_service import JourneySteeringDep, enrollments_out, flow_out, path_out
from api.journey_service import JourneyReaderDep
from api.omnisend_version import VERSIONED
from api.routes.journeys import JourneyId
from api.schemas.journey_flow import (
    EnrollmentOut,
    EnrollmentsOut,
    FlowOut,
    MoveEnrollment,
    PathOut,
)
from domain.journeys.enrolling import EnrollmentStatus
from store.paging import PageRequest

router = APIRouter(prefix="/api/automations", tags=["journeys"], dependencies=VERSIONED)

EnrollmentId = Annotated[UUID, Path(alias="enrollmentID")]


@router.get("/{id}/flow")
async def flow(reader: JourneyReaderDep, journey_id: JourneyId) -> FlowOut:
    """Ours: how many stand at each block now, and what was decided there so far."""
    return await flow_out(reader.session, await reader.read(journey_id))


@router.get("/{id}/enrollments")
async def list_(
    reader: JourneyReaderDep,
    journey_id: JourneyId,
    status: EnrollmentStatus | None = None,
    contact_id: Annotated[UUID | None, Query(alias="contactID")] = None,
    limit: Annotated[int, Query(ge=1, le=250)] = 100,
    after: Annotated[str | None, Query(max_length=200)] = None,
) -> EnrollmentsOut:
    """Ours: the passes of contacts through the journey, who entered last first."""
    journey = await reader.read(journey_id)
    request = PageRequest(limit=limit, cursor=after)
    return await enrollments_out(reader.session, journey, status, contact_id, request)


@router.get("/{id}/enrollments/{enrollmentID}")
async def get(reader: JourneyReaderDep, journey_id: JourneyId, enrollment_id: EnrollmentId) -> PathOut:
    """Ours: one pass, with each decision on its way and its reason."""
    return await path_out(reader.session, await reader.read(journey_id), enrollment_id)


@router.post("/{id}/enrollments/{enrollmentID}/move")
async def move(
    service: JourneySteeringDep, journey_id: JourneyId, enrollment_id: EnrollmentId, body: MoveEnrollment
) -> EnrollmentOut:
    """Ours: have a contact go on at another block, at once. What it sends is sent anew."""
    return await service.move(journey_id, enrollment_id, body.block_id)


@router.post("/{id}/enrollments/{enrollmentID}/exit")
async def exit_(
    service: JourneySteeringDep, journey_id: JourneyId, enrollment_id: EnrollmentId
) -> EnrollmentOut:
    """Ours: have a contact leave, at once. What was queued for them and has not left is cancelled."""
    return await service.exit(journey_id, enrollment_id)


@router.post("/{id}/enrollments/{enrollmentID}/restart")
async def restart(
    service: JourneySteeringDep, journey_id: JourneyId, enrollment_id: EnrollmentId
) -> EnrollmentOut:
    """Ours: send a contact through from the beginning, also one who has left. 409 where it is disabled, unless people
    stand still in it."""
    return await service.restart(journey_id, enrollment_id)
