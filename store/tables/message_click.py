from datetime import datetime
from uuid import UUID

from sqlmodel import Field, SQLModel

from store.tables.columns import created_instant, text_field


class MessageClick(SQLModel, table=True):
    """A link of a message that was followed, when it was first. It goes when the person is erased."""

    __tablename__ = "message_click"

    message_id: UUID = Field(primary_key=True, foreign_key="message.id", ondelete="CASCADE")
    url: str = text_field(primary_key=True)
    at: datetime = created_instant()
