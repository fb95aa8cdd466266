"""Reading and writing participants."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store.paging import Page, PageRequest, page_newest_first
from store.tables import Participant


async def get_participant(
    session: AsyncSession, program_id: UUID, participant_id: UUID
) -> Participant | None:
    participant = await session.get(Participant, participant_id)
    return participant if participant and participant.program_id == program_id else None


async def participant_by_external_id(
    session: AsyncSession, program_id: UUID, external_id: str
) -> Participant | None:
    statement = select(Participant).where(
        col(Participant.program_id) == program_id, col(Participant.external_id) == external_id
    )
    return (await session.exec(statement)).first()


async def list_participants(
    session: AsyncSession, program_id: UUID, status: str | None, request: PageRequest
) -> Page[Participant]:
    statement = select(Participant).where(col(Participant.program_id) == program_id)
    if status is not None:
        statement = statement.where(col(Participant.status) == status)
    return await page_newest_first(session, statement, Participant.created_at, Participant.id, request)


async def upsert_participant(
    session: AsyncSession, program_id: UUID, external_id: str, values: dict[str, Any]
) -> tuple[Participant, bool]:
    """Create the participant, or change only the fields in `values`. Answers (row, created)."""
    now = datetime.now(UTC)
    existing = await participant_by_external_id(session, program_id, external_id)
    identifier = existing.id if existing else uuid4()
    fresh = Participant(id=identifier, program_id=program_id, external_id=external_id, **values)
    statement = insert(Participant).values(**fresh.model_dump())
    statement = statement.on_conflict_do_update(
        index_elements=["program_id", "external_id"],
        set_={**{name: statement.excluded[name] for name in values}, "updated_at": now},
    )
    returned = await session.execute(statement.returning(col(Participant.id)))
    stored = await session.get(Participant, returned.scalar_one(), populate_existing=True)
    assert stored is not None
    return stored, existing is None and stored.id == identifier


async def delete_participant(session: AsyncSession, participant: Participant) -> None:
    await session.delete(participant)
