"""The default effect: one event per participant, exactly once."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import RowMapping
from sqlmodel.ext.asyncio.session import AsyncSession

from activities.recorded_effect import apply_recorded_effect
from domain.automation import Definition
from domain.contract import CohortInput
from store.database import Database
from store.events import generate_participant_events
from store.ledger import Settlement
from store.tables import AutomationRun


async def generate_events(
    database: Database, run: AutomationRun, definition: Definition, slice_: CohortInput
) -> int:
    """Answers how many rows got an outcome."""

    async def generate(
        session: AsyncSession, rows: Sequence[RowMapping], now: datetime
    ) -> Sequence[Settlement]:
        seqs = [row["seq"] for row in rows]
        await generate_participant_events(session, run, definition, seqs, now)
        return ()

    return await apply_recorded_effect(database, run, definition, slice_, generate)
