"""The pause of all rules of a program: read, and written by one at a time."""

from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.rules.control import NOT_PAUSED, ControlState
from store.tables import AutomationControl


async def control_of(session: AsyncSession, program_id: UUID) -> AutomationControl | None:
    """None when nobody has ever paused the program."""
    return await session.get(AutomationControl, program_id)


async def lock_control(session: AsyncSession, program_id: UUID, actor: str) -> AutomationControl:
    """Nobody else changes it until the transaction ends; made by `actor` where there was none."""
    made = insert(AutomationControl).values(program_id=program_id, is_paused=False, updated_by=actor)
    await session.execute(made.on_conflict_do_nothing())
    return await session.get_one(AutomationControl, program_id, with_for_update=True, populate_existing=True)


def state_of(control: AutomationControl | None) -> ControlState:
    if control is None:
        return NOT_PAUSED
    return ControlState(control.is_paused, control.paused_until)
