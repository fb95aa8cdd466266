from uuid import UUID

from fastapi import APIRouter

from api.auth import ReadableProgram
from api.dependencies import SessionDep
from api.run_explaining import explain_run
from api.schemas.run_explanation import RunExplained

router = APIRouter(prefix="/v1/programs/{program_id}/automations/{automation_id}/runs", tags=["runs"])


@router.get("/{run_id}/participants/{participant_id}/explain")
async def explain(
    session: SessionDep, program: ReadableProgram, automation_id: UUID, run_id: UUID, participant_id: UUID
) -> RunExplained:
    """Why the run reached the participant or did not: each gate, and the filter and the guard part by part."""
    return await explain_run(session, program, automation_id, run_id, participant_id)
