"""What the record says of the schedules that operators hold."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store.tables import Automation

SCHEDULE_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('schedule of ' || :automation, 0))"


async def lock_schedule(session: AsyncSession, automation_id: UUID) -> None:
    """Be the only one to change the automation's Temporal Schedule, for as long as this transaction lasts.

    The automation's row stays free, so that it can fire meanwhile.
    """
    await session.execute(text(SCHEDULE_LOCK), {"automation": str(automation_id)})


async def differing_from_held(session: AsyncSession, held: Collection[UUID]) -> list[UUID]:
    """Automations that are held and not on record as such, or the other way round."""
    paused = col(Automation.schedule_paused)
    among = col(Automation.id).in_(held)
    statement = select(Automation.id).where((among & ~paused) | (~among & paused))
    return list((await session.exec(statement)).all())
