from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from store.tables.columns import JsonObject, created_instant, document, instant, reference, text_field

NOT_ARCHIVED = text("archived_at IS NULL")


class MessageTemplate(SQLModel, table=True):
    """A message that is written once and sent by many: as it is now, its version included.

    `contents`: by language. One that was removed stays, archived, for what has begun with it.
    """

    __tablename__ = "message_template"
    __table_args__ = (
        Index(
            "message_template_name_is_unique",
            "program_id",
            "name",
            unique=True,
            postgresql_where=NOT_ARCHIVED,
        ),
        Index("message_template_page", "program_id", "created_at", "id", postgresql_where=NOT_ARCHIVED),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    program_id: UUID = reference("program.id")
    name: str = text_field()
    description: str | None = text_field(nullable=True)
    channel: str = text_field()
    default_locale: str = text_field()
    contents: JsonObject = document()
    version: int = 1
    created_at: datetime = created_instant()
    updated_at: datetime = created_instant()
    archived_at: datetime | None = instant()


class MessageTemplateVersion(SQLModel, table=True):
    """What a message template says in one version of it, the newest one included. It never changes."""

    __tablename__ = "message_template_version"

    template_id: UUID = Field(foreign_key="message_template.id", primary_key=True, ondelete="CASCADE")
    version: int = Field(primary_key=True)
    default_locale: str = text_field()
    contents: JsonObject = document()
    created_at: datetime = created_instant()
