import logging
from uuid import UUID

from fastapi import APIRouter, Request

from api.auth import Caller
from api.dependencies import DatabaseDep, GatewayDep
from api.errors import Refusal
from api.idempotency import RequestId
from api.run_now import RunNow, action_failed
from api.schemas.run_now import AutomationExecuted, AutomationInactive
from domain.identity import Identity
from store.database import Database
from store.tables import Automation

# A path, so that an empty id reaches the route too. Journeys, whose ids are no UUIDs, share what is before it.
router = APIRouter(prefix="/api/automations/{automation_id:path}/run", tags=["run now"])

_log = logging.getLogger("carillon.api")


@router.post("", response_model_exclude_none=True)
async def run(
    request: Request,
    caller: Caller,
    database: DatabaseDep,
    gateway: GatewayDep,
    request_id: RequestId,
    automation_id: str,
) -> AutomationExecuted | AutomationInactive:
    """Run an automation and wait for it, for five minutes at most; it goes on beyond them. Whoever may read may run
    it, within their program. One in progress is joined. 500 with what is wrong when it does not exist, when it
    cannot be triggered, and when it failed."""
    if not automation_id.strip():
        raise Refusal(400, "Automation ID is required")
    automation = await _find(database, caller, automation_id)
    runs = RunNow(database, gateway, caller.name, request.app.state.run_now_patience, request_id)
    report = await runs.run(automation)
    if report is None:
        return AutomationInactive()
    _log.info(
        "Automation executed successfully automationId=%s processed=%d sent=%d skipped=%d failed=%d",
        automation.id,
        report.processed,
        report.sent,
        report.skipped,
        report.failed,
    )
    return AutomationExecuted.of(report)


async def _find(database: Database, caller: Identity, automation_id: str) -> Automation:
    """Raises a Refusal: what belongs to another program is not there either."""
    try:
        wanted = UUID(automation_id)
    except ValueError:
        raise action_failed("Automation not found") from None
    async with database.transaction() as session:
        automation = await session.get(Automation, wanted)
    if automation is None or caller.program_id not in (None, automation.program_id):
        raise action_failed("Automation not found")
    return automation
