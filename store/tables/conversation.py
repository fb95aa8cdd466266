from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ARRAY, Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from domain.conversation import ConversationStatus
from store.tables.columns import created_instant, reference, text_field


class Conversation(SQLModel, table=True):
    """An exchange with a contact, as a support inbox keeps it. `external_id`: the inbox's own id."""

    __table_args__ = (
        UniqueConstraint("program_id", "external_id"),
        Index("conversation_page", "program_id", "created_at", "id"),
        Index("conversation_of_contact", "contact_id"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    program_id: UUID = reference("program.id")
    external_id: str | None = text_field(nullable=True)
    contact_id: UUID | None = Field(default=None)
    channel_source: str | None = text_field(nullable=True)
    status: str = text_field(default=ConversationStatus.OPEN.value)
    assignee: str | None = text_field(nullable=True)
    priority: str | None = text_field(nullable=True)
    labels: list[str] = Field(
        default_factory=list,
        sa_type=ARRAY(Text),
        nullable=False,
        sa_column_kwargs={"server_default": "{}"},
    )
    created_at: datetime = created_instant()
    updated_at: datetime = created_instant()


class ConversationNote(SQLModel, table=True):
    """`author`: the name of an API key, or `rule:<id>`."""

    __tablename__ = "conversation_note"
    __table_args__ = (Index("conversation_note_page", "conversation_id", "created_at", "id"),)

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    conversation_id: UUID = reference("conversation.id")
    body: str = text_field()
    author: str = text_field()
    created_at: datetime = created_instant()
