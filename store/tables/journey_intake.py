from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index
from sqlmodel import Field, SQLModel

from store.tables.columns import created_instant, text_field


class JourneyListener(SQLModel, table=True):
    """A type of event that a published version of a journey listens to: to let people in (`is_trigger`), or for those
    inside it."""

    __tablename__ = "journey_listener"
    __table_args__ = (
        ForeignKeyConstraint(
            ["journey_id", "content_hash"],
            ["journey_version.journey_id", "journey_version.content_hash"],
            ondelete="CASCADE",
        ),
        Index("journey_listener_of_version", "journey_id", "content_hash"),
    )

    program_id: UUID = Field(primary_key=True)
    event_type: str = text_field(primary_key=True)
    journey_id: str = text_field(primary_key=True)
    content_hash: str = text_field(primary_key=True)
    is_trigger: bool = Field(primary_key=True)


class JourneyRefusal(SQLModel, table=True):
    """Somebody whom a journey did not let in, and why. `entry_key`: of the enrollment that would have been.

    Like every table that grows by a row per participant, it has no foreign keys: their checks would
    cost more than the insert.
    """

    __tablename__ = "journey_refusal"
    __table_args__ = (
        Index("journey_refusal_page", "journey_id", "refused_at", "id"),
        Index("journey_refusal_of_participant", "participant_id"),
        Index("journey_refusal_old", "refused_at"),
    )

    entry_key: str = text_field(primary_key=True)
    id: UUID
    journey_id: str = text_field()
    program_id: UUID
    participant_id: UUID
    event_id: UUID | None = Field(default=None)
    reason: str = text_field()
    refused_at: datetime = created_instant()
