from uuid import UUID

from fastapi import APIRouter

from api.dependencies import PageDep
from api.paging import valid_page
from api.rule_service import RuleServiceDep
from api.schemas.rule_alert import RuleAlertOut, RuleAlertsOut
from store.rule_alerts import count_alerts, list_alerts

router = APIRouter(prefix="/v1/automation/rules/{rule_id}/alerts", tags=["rules"])


@router.get("")
async def list_(service: RuleServiceDep, rule_id: UUID, page: PageDep) -> RuleAlertsOut:
    """Alerts of a rule, newest first; an open one has no `recovered_at`."""
    rule = await service.read(rule_id)
    found = await valid_page(list_alerts(service.session, rule.id, page))
    return RuleAlertsOut(
        items=[RuleAlertOut.model_validate(alert) for alert in found.rows],
        next_cursor=found.next_cursor,
        total=await count_alerts(service.session, rule.id),
    )
