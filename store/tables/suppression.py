from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from store.tables.columns import created_instant, reference, text_field


class Suppression(SQLModel, table=True):
    """An address that a program sends nothing to on one channel, in the form of `domain/suppressions.py`.

    `source`: who said so, such as `api:CRM` or `callback:twilio`.
    """

    __table_args__ = (
        UniqueConstraint("program_id", "channel", "address"),
        Index("suppression_page", "program_id", "created_at", "id"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    program_id: UUID = reference("program.id")
    channel: str = text_field()
    address: str = text_field()
    reason: str = text_field()
    source: str = text_field()
    created_at: datetime = created_instant()
