from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from api.auth import ReadableProgram, WritableProgram, Writer
from api.conversation_service import external_id_taken, found, values_of
from api.dependencies import PageDep, SessionDep
from api.paging import valid_page
from api.schemas.conversation import (
    ConversationOut,
    CreateConversation,
    CreateNote,
    NoteOut,
    PatchConversation,
)
from api.schemas.paging import Listing, listing
from api.schemas.text import Name
from domain.conversation import ConversationStatus
from store.conversations import (
    ConversationFilter,
    add_conversation,
    add_note,
    change_conversation,
    get_conversation,
    list_conversations,
    list_notes,
    lock_conversation,
)
from store.tables import Conversation

router = APIRouter(prefix="/v1/programs/{program_id}/conversations", tags=["conversations"])


async def _readable(session: SessionDep, program: ReadableProgram, conversation_id: UUID) -> Conversation:
    return found(await get_conversation(session, program.id, conversation_id))


async def _writable(session: SessionDep, program: WritableProgram, conversation_id: UUID) -> Conversation:
    return found(await lock_conversation(session, program.id, conversation_id))


Readable = Annotated[Conversation, Depends(_readable, scope="function")]
Writable = Annotated[Conversation, Depends(_writable, scope="function")]


@router.post("", status_code=201)
async def create(session: SessionDep, program: WritableProgram, body: CreateConversation) -> ConversationOut:
    """Keep a conversation. An `external_id` that another one of the program has is a 409; a contact whom nobody
    knows, a 404."""
    values = await values_of(session, program, body)
    stored = await add_conversation(session, Conversation(program_id=program.id, **values))
    if stored is None:
        raise external_id_taken(body.external_id)
    return ConversationOut.model_validate(stored)


@router.get("")
async def list_(
    session: SessionDep,
    program: ReadableProgram,
    page: PageDep,
    status: ConversationStatus | None = None,
    assignee: Name | None = None,
    contact_id: UUID | None = None,
) -> Listing[ConversationOut]:
    """Conversations, newest first."""
    wanted = ConversationFilter(status, assignee, contact_id)
    rows = await valid_page(list_conversations(session, program.id, wanted, page))
    return listing([ConversationOut.model_validate(row) for row in rows.rows], rows.next_cursor)


@router.get("/{conversation_id}")
async def get(conversation: Readable) -> ConversationOut:
    """One conversation."""
    return ConversationOut.model_validate(conversation)


@router.patch("/{conversation_id}")
async def patch(
    session: SessionDep, program: WritableProgram, conversation: Writable, body: PatchConversation
) -> ConversationOut:
    """Change only the fields sent; `labels` are replaced whole."""
    values = await values_of(session, program, body)
    return ConversationOut.model_validate(await change_conversation(session, conversation, values))


@router.delete("/{conversation_id}", status_code=204)
async def delete(session: SessionDep, conversation: Writable) -> Response:
    """Remove it, with its notes. Events about it stay."""
    await session.delete(conversation)
    return Response(status_code=204)


@router.post("/{conversation_id}/notes", status_code=201)
async def note(session: SessionDep, conversation: Writable, key: Writer, body: CreateNote) -> NoteOut:
    """Add a note, signed with the key's name."""
    return NoteOut.model_validate(await add_note(session, conversation, body.body, key.name))


@router.get("/{conversation_id}/notes")
async def notes(session: SessionDep, conversation: Readable, page: PageDep) -> Listing[NoteOut]:
    """Its notes, newest first."""
    rows = await valid_page(list_notes(session, conversation.id, page))
    return listing([NoteOut.model_validate(row) for row in rows.rows], rows.next_cursor)
