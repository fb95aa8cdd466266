"""Conversations and their notes. Each change is an event where a rule listens."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.conversation_events import conversation_event_data, noted_event_data
from domain.events import CONVERSATION_SOURCE
from store.generated_events import GeneratedEvent, emit_if_listened
from store.paging import Page, PageRequest, page_newest_first
from store.tables import Conversation, ConversationNote


@dataclass(frozen=True, slots=True)
class ConversationFilter:
    status: str | None = None
    assignee: str | None = None
    contact_id: UUID | None = None


async def get_conversation(
    session: AsyncSession, program_id: UUID, conversation_id: UUID
) -> Conversation | None:
    conversation = await session.get(Conversation, conversation_id)
    return conversation if conversation and conversation.program_id == program_id else None


async def lock_conversation(
    session: AsyncSession, program_id: UUID, conversation_id: UUID
) -> Conversation | None:
    conversation = await session.get(Conversation, conversation_id, with_for_update={"key_share": True})
    return conversation if conversation and conversation.program_id == program_id else None


async def contacts_of(
    session: AsyncSession, program_id: UUID, conversation_ids: Collection[UUID]
) -> dict[UUID, UUID | None]:
    """The contact of each of these conversations that exists in the program."""
    if not conversation_ids:
        return {}
    statement = select(Conversation.id, Conversation.contact_id).where(
        col(Conversation.program_id) == program_id, col(Conversation.id).in_(conversation_ids)
    )
    return dict((await session.exec(statement)).all())


async def list_conversations(
    session: AsyncSession, program_id: UUID, wanted: ConversationFilter, request: PageRequest
) -> Page[Conversation]:
    """Newest first. Raises InvalidCursorError."""
    statement = select(Conversation).where(col(Conversation.program_id) == program_id)
    for name in ("status", "assignee", "contact_id"):
        value = getattr(wanted, name)
        if value is not None:
            statement = statement.where(col(getattr(Conversation, name)) == value)
    return await page_newest_first(session, statement, Conversation.created_at, Conversation.id, request)


async def add_conversation(session: AsyncSession, conversation: Conversation) -> Conversation | None:
    """As stored; None when its program has one with this external_id."""
    statement = (
        insert(Conversation)
        .values(**conversation.model_dump())
        .on_conflict_do_nothing(index_elements=["program_id", "external_id"])
        .returning(Conversation)
    )
    stored: Conversation | None = (await session.execute(statement)).scalar_one_or_none()
    if stored is not None:
        await _tell(session, stored, conversation_event_data(None, stored.model_dump()))
    return stored


async def change_conversation(
    session: AsyncSession, conversation: Conversation, values: Mapping[str, Any]
) -> Conversation:
    """Change the fields in `values` of a conversation that this transaction has locked."""
    before = conversation.model_dump()
    statement = (
        update(Conversation)
        .where(col(Conversation.id) == conversation.id)
        .values(**values, updated_at=datetime.now(UTC))
        .returning(Conversation)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    changed: Conversation = (await session.execute(statement)).scalar_one()
    await _tell(session, changed, conversation_event_data(before, changed.model_dump()))
    return changed


async def add_note(
    session: AsyncSession, conversation: Conversation, body: str, author: str
) -> ConversationNote:
    note = ConversationNote(conversation_id=conversation.id, body=body, author=author)
    session.add(note)
    await _tell(session, conversation, noted_event_data(conversation.model_dump()))
    return note


async def list_notes(
    session: AsyncSession, conversation_id: UUID, request: PageRequest
) -> Page[ConversationNote]:
    """Newest first. Raises InvalidCursorError."""
    statement = select(ConversationNote).where(col(ConversationNote.conversation_id) == conversation_id)
    return await page_newest_first(
        session, statement, ConversationNote.created_at, ConversationNote.id, request
    )


async def detach_conversations_of(session: AsyncSession, participant_id: UUID) -> None:
    """Leave of the conversations with a participant who is being erased neither who it was nor what was noted."""
    detached = await session.scalars(
        update(Conversation)
        .where(col(Conversation.contact_id) == participant_id)
        .values(contact_id=None, updated_at=datetime.now(UTC))
        .returning(col(Conversation.id))
        .execution_options(synchronize_session=False)
    )
    # A statement of its own: the one above has waited for those who were adding notes.
    await session.execute(
        delete(ConversationNote)
        .where(col(ConversationNote.conversation_id).in_(detached.all()))
        .execution_options(synchronize_session=False)
    )


async def _tell(session: AsyncSession, conversation: Conversation, data: dict[str, Any] | None) -> None:
    if data is None:
        return
    event = GeneratedEvent(
        data,
        CONVERSATION_SOURCE,
        participant_id=conversation.contact_id,
        conversation_id=conversation.id,
        channel_source=conversation.channel_source,
    )
    await emit_if_listened(session, conversation.program_id, [event])
