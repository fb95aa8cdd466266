from datetime import datetime

from sqlmodel import Field, SQLModel

from store.tables.columns import instant, text_field


class ChannelPace(SQLModel, table=True):
    """How fast a channel may go, for all workers together: a bucket of tokens, one a message.

    It held `tokens` at `refilled_at`, and `granted` is what was taken out then. Until `held_until` its provider
    wants to be left alone.
    """

    __tablename__ = "channel_pace"

    channel: str = text_field(primary_key=True)
    tokens: float = Field(default=0)
    granted: int = Field(default=0)
    refilled_at: datetime = instant(nullable=False)
    held_until: datetime | None = instant()
