"""What the rules routes do: make rules, find them again, change and remove them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends
from sqlmodel.ext.asyncio.session import AsyncSession

from api.dependencies import SessionDep
from api.errors import Refusal, not_found
from api.rule_access import Supervised, Supervision
from api.rule_drafts import RuleDraft, checked_expression
from api.schemas.rule import CreateRule, PatchRule
from store.rules import count_rules, delete_rule, get_rule, lock_rule
from store.tables import AutomationRule

# They are listed without pages, and all that listen to an event are asked.
MOST_OF_A_PROGRAM = 1_000


class RuleService:
    """One per request, in the request's transaction, on behalf of a supervisor."""

    def __init__(self, session: AsyncSession, supervision: Supervision) -> None:
        self.session = session
        self.program = supervision.program
        self._actor = supervision.caller.name

    async def create(self, request: CreateRule) -> AutomationRule:
        columns = await self._columns(request)
        if await count_rules(self.session, self.program.id) >= MOST_OF_A_PROGRAM:
            raise Refusal(409, f"A program has at most {MOST_OF_A_PROGRAM} rules")
        now = datetime.now(UTC)
        rule = AutomationRule(
            **columns,
            program_id=self.program.id,
            created_at=now,
            updated_at=now,
            created_by=self._actor,
            updated_by=self._actor,
        )
        self.session.add(rule)
        return rule

    async def read(self, rule_id: UUID) -> AutomationRule:
        return _found(await get_rule(self.session, self.program.id, rule_id))

    async def amend(self, rule_id: UUID, request: PatchRule) -> AutomationRule:
        """Only the fields sent change."""
        rule = await self.lock(rule_id)
        columns = await self._columns(request)
        return self.change(rule, columns) if columns else rule

    async def delete(self, rule_id: UUID) -> None:
        await delete_rule(self.session, await self.lock(rule_id))

    async def lock(self, rule_id: UUID) -> AutomationRule:
        return _found(await lock_rule(self.session, self.program.id, rule_id))

    def change(self, rule: AutomationRule, columns: Mapping[str, Any]) -> AutomationRule:
        """Write columns of a locked rule."""
        for name, value in columns.items():
            setattr(rule, name, value)
        rule.updated_at = datetime.now(UTC)
        rule.updated_by = self._actor
        return rule

    async def _columns(self, request: CreateRule | PatchRule) -> dict[str, Any]:
        """What was sent, checked and as it is stored. Raises a Refusal."""
        draft = RuleDraft(request.conditions, request.actions or (), request.alert_settings)
        expression = await checked_expression(self.session, self.program, draft)
        sent = request.model_fields_set
        columns = request.model_dump(mode="json", include=sent)
        if "conditions" in sent:
            # As it was sent, without what the form adds.
            columns |= request.model_dump(
                mode="json", include={"conditions"}, by_alias=True, exclude_unset=True
            )
            columns["condition_expression"] = expression
        return columns


def _found(rule: AutomationRule | None) -> AutomationRule:
    if rule is None:
        raise not_found("Rule")
    return rule


async def _service(session: SessionDep, supervision: Supervised) -> RuleService:
    return RuleService(session, supervision)


RuleServiceDep = Annotated[RuleService, Depends(_service, scope="function")]
