from uuid import UUID

from sqlmodel import Field, SQLModel

from store.tables.columns import text_field


class ShortLink(SQLModel, table=True):
    """Where a short link of a text message leads. It goes when the person is erased: its URL may be about them."""

    __tablename__ = "short_link"

    code: str = text_field(primary_key=True)
    message_id: UUID = Field(foreign_key="message.id", ondelete="CASCADE", index=True)
    url: str = text_field()
