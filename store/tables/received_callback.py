from datetime import datetime

from sqlalchemy import Index
from sqlmodel import SQLModel

from store.tables.columns import created_instant, text_field


class ReceivedCallback(SQLModel, table=True):
    """A callback that was taken in, so that its repeats are told from others. `source`: who sent it."""

    __tablename__ = "received_callback"
    __table_args__ = (Index("received_callback_age", "received_at"),)

    source: str = text_field(primary_key=True)
    callback_id: str = text_field(primary_key=True)
    received_at: datetime = created_instant()
