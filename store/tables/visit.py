from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Index, Numeric
from sqlmodel import Field, SQLModel

from store.tables.columns import instant


class ParticipantVisits(SQLModel, table=True):
    """How often a participant came, what they spent, and when they came last: of all events, also of those that
    are kept no longer. `counted_at`: when it changed last."""

    __tablename__ = "participant_visits"
    __table_args__ = (Index("participant_visits_counted", "program_id", "counted_at"),)

    participant_id: UUID = Field(foreign_key="participant.id", primary_key=True, ondelete="CASCADE")
    program_id: UUID
    visits: int
    spent: Decimal = Field(sa_type=Numeric, nullable=False)
    last_at: datetime = instant(nullable=False)
    counted_at: datetime = instant(nullable=False)


class RfmScoring(SQLModel, table=True):
    """When the visits of a program were last scored, or could not be."""

    __tablename__ = "rfm_scoring"

    program_id: UUID = Field(foreign_key="program.id", primary_key=True, ondelete="CASCADE")
    scored_at: datetime = instant(nullable=False)
