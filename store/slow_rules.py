"""Rules whose condition turned out slow on the events it meets."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

SNOOZED_BY = "carillon: its condition is too slow"


async def snooze_slow_rules(session: AsyncSession, rules: Collection[UUID], until: datetime) -> None:
    """Keep them from holding up everybody's events. Whoever changes the condition may un-snooze the rule."""
    if rules:
        await session.execute(
            text(
                "UPDATE automation_rule SET snoozed_until = :until, updated_at = now(), updated_by = :by "
                "WHERE id = ANY(CAST(:ids AS uuid[]))"
            ),
            {"ids": sorted(rules), "until": until, "by": SNOOZED_BY},
        )
