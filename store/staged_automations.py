"""Automations that rules have decided on and whose workflows are yet to create them."""

from datetime import datetime
from uuid import UUID

from sqlmodel import col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store.tables import AutomationChange

STAGED_BY_RULE = "create_by_rule"


async def unattended_automations_of_rules(session: AsyncSession, since: datetime) -> list[UUID]:
    """Staged before `since`, and not yet created."""
    statement = select(AutomationChange.automation_id).where(
        col(AutomationChange.kind) == STAGED_BY_RULE,
        col(AutomationChange.applied_at).is_(None),
        col(AutomationChange.created_at) < since,
    )
    return list((await session.exec(statement)).all())


async def discard_unapplied_changes(
    session: AsyncSession, before: datetime, staged_by_rules_before: datetime
) -> int:
    """Nobody waits for a client's change any longer; what a rule staged is only given up much later."""
    is_of_rule = col(AutomationChange.kind) == STAGED_BY_RULE
    created_at = col(AutomationChange.created_at)
    stale = await session.exec(
        delete(AutomationChange).where(
            col(AutomationChange.applied_at).is_(None),
            (~is_of_rule & (created_at < before)) | (is_of_rule & (created_at < staged_by_rules_before)),
        )
    )
    return int(stale.rowcount)
