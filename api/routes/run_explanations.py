from datetime import UTC, datetime
from uuid import UUID

from fastapi import APIRouter

from api.auth import ReadableProgram
from api.dependencies import SessionDep
from api.errors import not_found
from api.expression_service import ExpressionService
from api.schemas.expression import RunExplained
from domain.automation import Definition
from store.participants import get_participant
from store.runs import get_run

router = APIRouter(prefix="/v1/programs/{program_id}/automations/{automation_id}/runs", tags=["runs"])


@router.get("/{run_id}/participants/{participant_id}/explain")
async def explain(
    session: SessionDep, program: ReadableProgram, automation_id: UUID, run_id: UUID, participant_id: UUID
) -> RunExplained:
    """Why the run's filter and guard hold for a participant or do not, as they are now and not as they were then."""
    run = await get_run(session, automation_id, run_id)
    if run is None or run.program_id != program.id:
        raise not_found("Run")
    participant = await get_participant(session, program.id, participant_id)
    if participant is None:
        raise not_found("Participant")
    definition = Definition.model_validate(run.definition)
    service, now = ExpressionService(program), datetime.now(UTC)
    return RunExplained(
        as_of=now,
        participant_filter=await service.explain_saved(
            session, definition.participant_filter, participant, now
        ),
        guard_condition=await service.explain_saved(session, definition.guard_condition, participant, now),
    )
