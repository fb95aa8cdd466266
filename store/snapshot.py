"""Reading what many statements read as of one instant, and writing nothing."""

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession


async def hold_snapshot(session: AsyncSession) -> None:
    """To be called before anything else in a transaction: it sees what is committed by now, and cannot write."""
    await session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
