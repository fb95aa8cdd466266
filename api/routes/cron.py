import secrets
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import SecretStr

from api.cron_steps import CronSteps
from api.dependencies import DatabaseDep, GatewayDep
from api.errors import Refusal
from api.run_now import RunNow
from api.schemas.cron import AutomationsRun, MasterRun, PeopleScored

router = APIRouter(prefix="/api/cron", tags=["cron"])

ACTOR = "cron"

_as_bearer = HTTPBearer(
    scheme_name="CronSecret", auto_error=False, description="`CARILLON_CRON_SECRET`, of no person and no key"
)


async def _steps(
    request: Request,
    given: Annotated[HTTPAuthorizationCredentials | None, Depends(_as_bearer)],
    database: DatabaseDep,
    gateway: GatewayDep,
) -> CronSteps:
    """Raises a Refusal unless the secret is there; where none is set, nobody has it."""
    secret: SecretStr | None = request.app.state.cron_secret
    sent = given.credentials if given is not None else ""
    if secret is None or not secrets.compare_digest(sent.encode(), secret.get_secret_value().encode()):
        raise Refusal(401, "Unauthorized", headers={"WWW-Authenticate": "Bearer"})
    runs = RunNow(database, gateway, ACTOR, request.app.state.run_now_patience)
    return CronSteps(runs, runs.give_up_at())


Steps = Annotated[CronSteps, Depends(_steps)]


@router.get("/automations")
async def automations(steps: Steps) -> AutomationsRun:
    """Run every active cron automation of every program now, and answer with what was sent within five minutes."""
    return await steps.run_automations()


@router.get("/rfm")
async def rfm(steps: Steps) -> PeopleScored:
    """Score the people of every program by their visits now."""
    return await steps.score_people()


@router.get("/master")
async def master(steps: Steps) -> MasterRun:
    """Both, one after the other. One that fails does not keep the other from running."""
    return await steps.run_all()
