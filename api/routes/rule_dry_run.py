from fastapi import APIRouter

from api.dependencies import SessionDep
from api.rule_access import Supervised
from api.rule_dry_run import DryRunService
from api.schemas.rule_dry_run import DryRun, DryRunOut

router = APIRouter(prefix="/v1/automation/dry-run", tags=["rules"])


@router.post("")
async def dry_run(session: SessionDep, supervision: Supervised, body: DryRun) -> DryRunOut:
    """What a rule would do if an event came in now, gate by gate. Nothing is stored, and nothing is sent.

    A stored rule is asked as it stands, with its snooze, schedule, rollout and cooldown, and the program's pause.
    """
    return await DryRunService(session, supervision.program).try_out(body)
