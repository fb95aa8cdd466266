from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from api.rule_service import RuleServiceDep
from api.schemas.rule import CreateRule, PatchRule, RuleOut
from api.schemas.text import Name
from store.rules import RuleFilter, list_rules, list_snoozed_rules

router = APIRouter(prefix="/v1/automation/rules", tags=["rules"])


async def _wanted(is_active: bool | None = None, trigger_type: Name | None = None) -> RuleFilter:
    return RuleFilter(is_active, trigger_type)


Wanted = Annotated[RuleFilter, Depends(_wanted)]


@router.get("")
async def list_(service: RuleServiceDep, wanted: Wanted) -> list[RuleOut]:
    """All rules, in the order in which they are asked: by priority, of equal ones the older first."""
    rules = await list_rules(service.session, service.program.id, wanted)
    return [RuleOut.model_validate(rule) for rule in rules]


@router.post("", status_code=201)
async def create(service: RuleServiceDep, body: CreateRule) -> RuleOut:
    """Make a rule. It reacts to the events that are processed from then on. A program has at most 1,000 (409)."""
    return RuleOut.model_validate(await service.create(body))


@router.get("/snoozed")
async def snoozed(
    service: RuleServiceDep,
    wanted: Wanted,
    page: Annotated[int, Query(ge=1, le=1_000)] = 1,
    per_page: Annotated[int, Query(ge=1, le=100)] = 50,
) -> list[RuleOut]:
    """The rules that are snoozed now, in the order in which they are asked."""
    rules = await list_snoozed_rules(
        service.session, service.program.id, wanted, datetime.now(UTC), (page - 1) * per_page, per_page
    )
    return [RuleOut.model_validate(rule) for rule in rules]


@router.get("/{rule_id}")
async def get(service: RuleServiceDep, rule_id: UUID) -> RuleOut:
    """One rule."""
    return RuleOut.model_validate(await service.read(rule_id))


@router.patch("/{rule_id}")
async def patch(service: RuleServiceDep, rule_id: UUID, body: PatchRule) -> RuleOut:
    """Change only the fields sent. Events that are being processed at this moment may still meet the rule as it was."""
    return RuleOut.model_validate(await service.amend(rule_id, body))


@router.delete("/{rule_id}", status_code=204)
async def delete(service: RuleServiceDep, rule_id: UUID) -> Response:
    """Remove it. Its runs stay in the record."""
    await service.delete(rule_id)
    return Response(status_code=204)
