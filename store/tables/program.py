from datetime import datetime
from uuid import UUID, uuid4

from sqlmodel import Field, SQLModel

from store.tables.columns import JsonObject, created_instant, document, text_field


class Program(SQLModel, table=True):
    """A tenant: people, automations and events belong to one."""

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    name: str = text_field()
    timezone: str = text_field(default="UTC")
    settings: JsonObject = document()
    created_at: datetime = created_instant()
    updated_at: datetime = created_instant()
