from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from domain.segment_ids import segment_id_of
from domain.segments import SegmentStatus
from store.tables.columns import (
    JsonObject,
    created_instant,
    instant,
    optional_document,
    reference,
    text_field,
)


class Segment(SQLModel, table=True):
    """The participants of a program for whom a condition held when it was last evaluated.

    `form`: the condition as it was given, by the name of its form, when that was not the expression itself.
    `refreshed_at`: as of when the members are; `attempted_at`: when that was last tried, with success or without.
    `refresh_requested_at`: null when nobody waits for a refresh.
    """

    __table_args__ = (
        UniqueConstraint("program_id", "name"),
        Index("segment_page", "program_id", "created_at", "id"),
    )

    id: UUID = Field(default_factory=lambda: segment_id_of(uuid4()), primary_key=True)
    program_id: UUID = reference("program.id")
    name: str = text_field()
    description: str | None = text_field(nullable=True)
    expression: str = text_field()
    form: JsonObject | None = optional_document()
    status: str = text_field(default=SegmentStatus.PENDING.value)
    error: str | None = text_field(nullable=True)
    member_count: int = 0
    refreshed_at: datetime | None = instant()
    attempted_at: datetime | None = instant()
    refresh_requested_at: datetime | None = instant()
    created_at: datetime = created_instant()
    updated_at: datetime = created_instant()


class SegmentMember(SQLModel, table=True):
    """A participant who is in a segment, and since when.

    Like every table that grows by a row per participant, it has no foreign keys: their checks would
    cost more than the insert.
    """

    __tablename__ = "segment_member"
    __table_args__ = (
        Index("segment_member_of_participant", "participant_id", "segment_id"),
        Index("segment_member_page", "segment_id", "entered_at", "participant_id"),
    )

    segment_id: UUID = Field(primary_key=True)
    participant_id: UUID = Field(primary_key=True)
    entered_at: datetime = created_instant()
