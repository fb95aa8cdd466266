from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, DateTime, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from domain.outcomes import Outcome
from store.tables.columns import (
    JsonObject,
    created_instant,
    document,
    instant,
    optional_document,
    reference,
    text_field,
)

# Queries say it in these words: with a parameter in them, a prepared statement could not use the indexes below.
EXECUTING = "status = 'executing'"
WITH_DEFERRED = "(counts->>'deferred')::integer > 0"


class AutomationRun(SQLModel, table=True):
    """One execution of an automation, with the definition frozen as it was when the run was requested.

    `held_at`: when too many of its messages had failed, as long as it is held. `resumed_at`: when it last went on.
    `template_version`: the version of its message template that everybody in it is sent.
    """

    __tablename__ = "automation_run"
    __table_args__ = (
        UniqueConstraint("automation_id", "number"),
        Index("automation_run_page", "automation_id", "requested_at", "id"),
        Index("automation_run_executing", "program_id", postgresql_where=text(EXECUTING)),
        Index("automation_run_with_deferred", "program_id", postgresql_where=text(WITH_DEFERRED)),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    automation_id: UUID = reference("automation.id")
    program_id: UUID = reference("program.id")
    number: int
    scope: str = text_field()
    cause: str = text_field()
    nominal_at: datetime | None = instant()
    status: str = text_field()
    error: str | None = text_field(nullable=True)
    requested_by: str = text_field()
    definition: JsonObject = document()
    template_version: int | None = Field(default=None)
    cohort_size: Any = Field(default="auto", sa_type=JSONB, nullable=False)
    total: int = 0
    counts: JsonObject | None = optional_document()
    event_id: UUID | None = Field(default=None)
    requested_at: datetime = created_instant()
    started_at: datetime | None = instant()
    completed_at: datetime | None = instant()
    held_at: datetime | None = instant()
    resumed_at: datetime | None = instant()


class RunParticipant(SQLModel, table=True):
    """The outcome ledger: one row for each participant a run enrolled."""

    __tablename__ = "run_participant"
    __table_args__ = (UniqueConstraint("run_id", "participant_id"), {"postgresql_with": {"fillfactor": "70"}})

    run_id: UUID = Field(primary_key=True)
    seq: int = Field(sa_type=BigInteger, primary_key=True)
    participant_id: UUID
    outcome: str = text_field(default=Outcome.PENDING.value, sa_column_kwargs={"server_default": "pending"})
    reason: str | None = text_field(nullable=True)
    error: str | None = text_field(nullable=True)
    claim: UUID | None = Field(default=None)
    updated_at: datetime = created_instant()


class FireReceipt(SQLModel, table=True):
    """What became of one occurrence of a schedule: fired, or skipped and why."""

    __tablename__ = "fire_receipt"

    automation_id: UUID = Field(foreign_key="automation.id", primary_key=True, ondelete="CASCADE")
    nominal_at: datetime = Field(primary_key=True, sa_type=DateTime(timezone=True))
    outcome: str = text_field()
    reason: str | None = text_field(nullable=True)
    run_id: UUID | None = Field(default=None)
    recorded_at: datetime = created_instant()
