from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import SQLModel

from store.tables.columns import (
    JsonObject,
    created_instant,
    document,
    instant,
    optional_document,
    reference,
    text_field,
)


class Journey(SQLModel, table=True):
    """A journey as its clients see it. `definition`: the draft, which the API shows and changes.

    `published_hash`: the version that people enter; null until it was enabled once. `utm`: tags by block id.
    Disabled with a `resume_policy`, the people inside stand still; without one, they go on to their end.
    `enroll_existing_requested_at`: null once those whom that concerns have been enrolled.
    `birthdays_until`: up to when birthdays have been looked for that set it going.
    """

    __table_args__ = (
        Index("journey_page", "program_id", "created_at", "id"),
        Index("journey_page_by_change", "program_id", "updated_at", "id"),
    )

    id: str = text_field(primary_key=True)
    program_id: UUID = reference("program.id")
    name: str = text_field()
    is_enabled: bool = False
    definition: JsonObject = document()
    published_hash: str | None = text_field(nullable=True)
    utm: JsonObject = document()
    resume_policy: JsonObject | None = optional_document()
    enroll_existing_requested_at: datetime | None = instant()
    birthdays_until: datetime | None = instant()
    created_at: datetime = created_instant()
    updated_at: datetime = created_instant()
    enabled_at: datetime | None = instant()
    disabled_at: datetime | None = instant()
    first_enabled_at: datetime | None = instant()


class JourneyVersion(SQLModel, table=True):
    """A definition as it was published, which people walk. It never changes; its address is its content hash."""

    __tablename__ = "journey_version"

    journey_id: str = text_field(primary_key=True, foreign_key="journey.id", ondelete="CASCADE")
    content_hash: str = text_field(primary_key=True)
    definition: JsonObject = document()
    published_at: datetime = created_instant()
