from uuid import UUID

from fastapi import APIRouter

from api.auth import WritableProgram, Writer
from api.dependencies import DatabaseDep, SessionDep
from api.errors import not_found
from api.routes.runs import show_run
from api.run_control import resume_run, withdraw_run
from api.schemas.run import RunOut
from store.runs import get_run

router = APIRouter(
    prefix="/v1/programs/{program_id}/automations/{automation_id}/runs/{run_id}", tags=["runs"]
)


@router.post("/resume")
async def resume(session: SessionDep, program: WritableProgram, automation_id: UUID, run_id: UUID) -> RunOut:
    """Let a run that is held go on with whom it has not reached yet. 409 unless it is held."""
    return await show_run(session, await resume_run(session, program.id, automation_id, run_id))


@router.post("/withdraw")
async def withdraw(
    database: DatabaseDep, program: WritableProgram, key: Writer, automation_id: UUID, run_id: UUID
) -> RunOut:
    """Take back the messages that a run which has ended left in the queue. Once this answers, nothing more is sent
    for it. 409 while it is in progress: cancel the automation's execution then."""
    await withdraw_run(database, program.id, automation_id, run_id, key.name)
    async with database.transaction() as session:
        run = await get_run(session, automation_id, run_id)
        if run is None:
            raise not_found("Run")
        return await show_run(session, run)
