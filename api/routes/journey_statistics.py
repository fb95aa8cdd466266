from fastapi import APIRouter

from api.dependencies import SessionDep
from api.journey_access import Reading
from api.journey_statistics import report
from api.omnisend_version import VERSIONED
from api.schemas.journey_statistics import StatisticsIn, StatisticsOut

router = APIRouter(prefix="/api/analytics", tags=["journeys"], dependencies=VERSIONED)


@router.post("/statistics")
async def statistics(session: SessionDep, acting: Reading, body: StatisticsIn) -> StatisticsOut:
    """Count what happened in journeys: up to four tables, each of metrics by automation, block and time, by the
    instant at which it happened. Only journeys that are still there are counted."""
    return await report(session, acting.program, body)
