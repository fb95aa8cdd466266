from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import DateTime, Index, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from store.tables.columns import (
    JsonObject,
    created_instant,
    document,
    instant,
    optional_document,
    reference,
    text_field,
)


class AutomationRule(SQLModel, table=True):
    """A rule as its clients wrote it. `conditions`: their form; `condition_expression`: what it comes to."""

    __tablename__ = "automation_rule"
    __table_args__ = (
        Index("automation_rule_of_type", "program_id", "trigger_type", "priority", "created_at", "id"),
        Index("automation_rule_alerting", "id", postgresql_where=text("alert_settings IS NOT NULL")),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    program_id: UUID = reference("program.id")
    name: str = text_field()
    description: str | None = text_field(nullable=True)
    is_active: bool = True
    trigger_type: str = text_field()
    conditions: Any = Field(default=None, sa_type=JSONB(none_as_null=True), nullable=True)
    condition_expression: str | None = text_field(nullable=True)
    actions: list[JsonObject] = document(list)
    priority: int = 0
    rollout_percentage: int = 100
    stop_on_match: bool = False
    cooldown_secs: int = 0
    alert_settings: JsonObject | None = optional_document()
    schedule_settings: JsonObject | None = optional_document()
    snoozed_until: datetime | None = instant()
    created_at: datetime = created_instant()
    updated_at: datetime = created_instant()
    created_by: str = text_field()
    updated_by: str = text_field()


class AutomationControl(SQLModel, table=True):
    """Whether a program's events are processed at all. No row: they are."""

    __tablename__ = "automation_control"

    program_id: UUID = Field(foreign_key="program.id", primary_key=True, ondelete="CASCADE")
    is_paused: bool = False
    pause_reason: str | None = text_field(nullable=True)
    paused_until: datetime | None = instant()
    updated_at: datetime = created_instant()
    updated_by: str = text_field()


class RuleRun(SQLModel, table=True):
    """What one rule made of one event. Its names are those of then: rules may be renamed and deleted."""

    __tablename__ = "rule_run"
    __table_args__ = (
        Index("rule_run_page", "program_id", "created_at", "id", postgresql_include=["matched", "executed"]),
        Index(
            "rule_run_of_rule",
            "program_id",
            "rule_id",
            "created_at",
            "id",
            postgresql_include=["matched", "executed", "event_id"],
        ),
        Index("rule_run_of_event", "event_id", "rule_id"),
    )

    id: UUID = Field(default=None, primary_key=True, sa_column_kwargs={"server_default": func.uuidv7()})
    program_id: UUID
    event_id: UUID
    rule_id: UUID
    rule_name: str = text_field()
    event_type: str = text_field()
    event_source: str = text_field()
    conversation_id: UUID | None = Field(default=None)
    contact_id: UUID | None = Field(default=None)
    channel_source: str | None = text_field(nullable=True)
    matched: bool
    executed: bool
    stopped_by: str | None = text_field(nullable=True)
    result: JsonObject = document()
    created_at: datetime = created_instant()


class RuleRunTally(SQLModel, table=True):
    """The runs of a rule in one hour. `held`: matched, and kept from acting by rollout or cooldown."""

    __tablename__ = "rule_run_tally"
    __table_args__ = (Index("rule_run_tally_page", "program_id", "hour"),)

    rule_id: UUID = Field(primary_key=True)
    hour: datetime = Field(primary_key=True, sa_type=DateTime(timezone=True))
    program_id: UUID
    total: int = 0
    matched: int = 0
    executed: int = 0
    held: int = 0


class RuleCooldown(SQLModel, table=True):
    """When a rule last acted for a subject."""

    __tablename__ = "rule_cooldown"

    rule_id: UUID = Field(primary_key=True)
    subject_id: UUID = Field(primary_key=True)
    executed_at: datetime = Field(sa_type=DateTime(timezone=True))
