from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, func, text
from sqlmodel import Field, SQLModel

from store.tables.columns import created_instant, instant, rule_chain, text_field

# Queries say it in these words: with a parameter in it, a prepared statement could not use the index below.
INSIDE = "finished_at IS NULL"


class Enrollment(SQLModel, table=True):
    """One person's pass through one version of a journey.

    They stand at `block_id` (null: they have not begun), which has begun to wait if `waiting_since` is set, and
    are due at `wake_at`. `pass_number` counts up when they are sent through again; `steps`: how many they have
    taken. `awaited_event_id`: the event that ended the wait they stand in. `reason`: why they left.
    `chain`: the rules and journeys that led here, the first one first.
    """

    __table_args__ = (
        Index("enrollment_due", "journey_id", "wake_at", postgresql_where=text(INSIDE)),
        Index("enrollment_of_participant", "participant_id", "journey_id", "entered_at"),
        Index("enrollment_page", "journey_id", "entered_at", "id"),
    )

    id: UUID = Field(default=None, primary_key=True, sa_column_kwargs={"server_default": func.uuidv7()})
    entry_key: str = text_field(unique=True)
    journey_id: str = text_field()
    program_id: UUID
    participant_id: UUID
    content_hash: str = text_field()
    status: str = text_field()
    trigger_event_id: UUID | None = Field(default=None)
    chain: list[UUID] = rule_chain()
    entered_at: datetime = created_instant()
    pass_number: int = Field(default=1, sa_column_kwargs={"server_default": "1"})
    block_id: str | None = text_field(nullable=True)
    waiting_since: datetime | None = instant()
    awaited_event_id: UUID | None = Field(default=None)
    wake_at: datetime | None = instant()
    steps: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    goal_at: datetime | None = instant()
    reason: str | None = text_field(nullable=True)
    exit_event_id: UUID | None = Field(default=None)
    finished_at: datetime | None = instant()


class EnrollmentStep(SQLModel, table=True):
    """What was decided about one person at one block of the version they walked, and why."""

    __tablename__ = "enrollment_step"

    enrollment_id: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True)
    journey_id: str = text_field()
    content_hash: str = text_field()
    block_id: str | None = text_field(nullable=True)
    decision: str = text_field()
    reason: str | None = text_field(nullable=True)
    at: datetime = created_instant()


class JourneyTally(SQLModel, table=True):
    """How often something was decided at a block of a journey. `decision`: with its branch or reason, if it has one,
    as `branched:true` and `skipped:no_consent`."""

    __tablename__ = "journey_tally"

    journey_id: str = text_field(primary_key=True)
    block_id: str = text_field(primary_key=True)
    decision: str = text_field(primary_key=True)
    count: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": "0"})
