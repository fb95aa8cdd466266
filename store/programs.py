"""Reading and writing programs."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store.paging import Page, PageRequest, page_newest_first
from store.tables import Program


async def get_program(session: AsyncSession, program_id: UUID) -> Program | None:
    return await session.get(Program, program_id)


async def lock_program(session: AsyncSession, program_id: UUID) -> Program | None:
    """Nobody else changes the program until the transaction ends."""
    return await session.get(Program, program_id, with_for_update={"key_share": True}, populate_existing=True)


async def list_programs(session: AsyncSession, only: UUID | None, request: PageRequest) -> Page[Program]:
    """Newest first; `only` restricts the list to one program (a program-bound key)."""
    statement = select(Program)
    if only is not None:
        statement = statement.where(col(Program.id) == only)
    return await page_newest_first(session, statement, Program.created_at, Program.id, request)


async def programs_named(session: AsyncSession, name: str) -> Sequence[Program]:
    return (await session.exec(select(Program).where(col(Program.name) == name))).all()


async def program_ids(session: AsyncSession) -> list[UUID]:
    """Of all programs, the oldest first."""
    return list((await session.exec(select(Program.id).order_by(col(Program.created_at)))).all())
