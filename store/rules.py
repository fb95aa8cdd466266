"""Reading and writing rules."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from store.tables import AutomationRule, RuleCooldown


@dataclass(frozen=True, slots=True)
class RuleFilter:
    """Combined with AND; what is None is not asked."""

    is_active: bool | None = None
    trigger_type: str | None = None


async def get_rule(session: AsyncSession, program_id: UUID, rule_id: UUID) -> AutomationRule | None:
    rule = await session.get(AutomationRule, rule_id)
    return rule if rule and rule.program_id == program_id else None


async def lock_rule(session: AsyncSession, program_id: UUID, rule_id: UUID) -> AutomationRule | None:
    """Nobody else changes the rule until the transaction ends."""
    rule = await session.get(AutomationRule, rule_id, with_for_update={"key_share": True})
    return rule if rule and rule.program_id == program_id else None


async def list_rules(session: AsyncSession, program_id: UUID, wanted: RuleFilter) -> list[AutomationRule]:
    """In the order in which they are asked."""
    return list(await session.exec(_wanted(program_id, wanted)))


async def list_snoozed_rules(
    session: AsyncSession, program_id: UUID, wanted: RuleFilter, now: datetime, offset: int, limit: int
) -> list[AutomationRule]:
    """Those snoozed at `now`, in the order in which they are asked."""
    statement = _wanted(program_id, wanted).where(col(AutomationRule.snoozed_until) > now)
    return list(await session.exec(statement.offset(offset).limit(limit)))


async def count_rules(session: AsyncSession, program_id: UUID) -> int:
    statement = select(func.count()).where(col(AutomationRule.program_id) == program_id)
    return (await session.exec(statement)).one()


async def delete_rule(session: AsyncSession, rule: AutomationRule) -> None:
    """Its runs stay, as a record of what it did."""
    await session.execute(delete(RuleCooldown).where(col(RuleCooldown.rule_id) == rule.id))
    await session.delete(rule)


def _wanted(program_id: UUID, wanted: RuleFilter) -> SelectOfScalar[AutomationRule]:
    statement = select(AutomationRule).where(col(AutomationRule.program_id) == program_id)
    if wanted.is_active is not None:
        statement = statement.where(col(AutomationRule.is_active).is_(wanted.is_active))
    if wanted.trigger_type is not None:
        statement = statement.where(col(AutomationRule.trigger_type) == wanted.trigger_type)
    return statement.order_by(
        col(AutomationRule.priority), col(AutomationRule.created_at), col(AutomationRule.id)
    )
