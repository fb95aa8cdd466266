from datetime import datetime
from uuid import UUID

from sqlmodel import Field, SQLModel

from store.tables.columns import JsonObject, created_instant, document, text_field


class EventType(SQLModel, table=True):
    """A type of event that a program has had, and what its data hold: types by dotted path."""

    __tablename__ = "event_type"

    program_id: UUID = Field(foreign_key="program.id", primary_key=True, ondelete="CASCADE")
    type: str = text_field(primary_key=True)
    properties: JsonObject = document()
    sources: list[str] = document(list)
    first_seen_at: datetime = created_instant()
    last_seen_at: datetime = created_instant()
