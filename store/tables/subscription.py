from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from store.tables.columns import created_instant, instant, text_field


class Subscription(SQLModel, table=True):
    """A participant that a participant_state automation watches, and when it is due for them.

    See `domain.participant_state.Standing`; `created_at` is its `subscribed_at`, so who returns is listed anew.
    """

    __table_args__ = (
        UniqueConstraint("automation_id", "participant_id"),
        Index("subscription_page", "automation_id", "created_at", "id"),
        Index("subscription_of_participant", "participant_id"),
        Index(
            "subscription_due",
            "automation_id",
            "next_trigger_at",
            postgresql_where=text("status = 'active' AND next_trigger_at IS NOT NULL"),
        ),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    automation_id: UUID
    participant_id: UUID
    status: str = text_field()
    next_trigger_at: datetime | None = instant()
    last_triggered_at: datetime | None = instant()
    trigger_count: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    retry_count: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    last_error: str | None = text_field(nullable=True)
    regular_trigger_at: datetime | None = instant()
    anchor: str = text_field()
    satisfied: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})
    created_at: datetime = created_instant()
    updated_at: datetime = created_instant()
