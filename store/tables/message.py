from datetime import datetime
from uuid import UUID, uuid4

from sqlmodel import Field, SQLModel

from store.tables.columns import created_instant, instant, text_field


class Message(SQLModel, table=True):
    """One attempt to reach one participant on one channel. `key` names the effect, so it exists once."""

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    key: str = text_field(unique=True)
    program_id: UUID
    automation_id: UUID | None = Field(default=None)
    run_id: UUID | None = Field(default=None, index=True)
    participant_id: UUID
    channel: str = text_field()
    recipient: str = text_field()
    subject: str | None = text_field(nullable=True)
    status: str = text_field()
    error: str | None = text_field(nullable=True)
    created_at: datetime = created_instant()
    settled_at: datetime | None = instant()
