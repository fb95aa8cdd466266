from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from domain.automation import AutomationStatus, ExecutionStatus, MissedRunPolicy, Source
from store.tables.columns import (
    JsonObject,
    created_instant,
    document,
    instant,
    optional_document,
    reference,
    rule_chain,
    text_field,
)

# Queries say it in these words: with a parameter in it, a prepared statement could not use the indexes below.
NOT_ARCHIVED = text("status <> 'archived'")


class Automation(SQLModel, table=True):
    """The record of an automation: its definition and its state. Written only through AutomationWorkflow.

    `causation_id`, `rule_chain`: of one that a rule has made, the event it reacted to and the rules that led to it.
    """

    __table_args__ = (
        Index(
            "automation_name_is_unique",
            "program_id",
            "name",
            unique=True,
            postgresql_where=NOT_ARCHIVED,
        ),
        Index("automation_page", "program_id", "created_at", "id", postgresql_where=NOT_ARCHIVED),
        Index("automation_page_by_status", "program_id", "status", "created_at", "id"),
        *(
            Index(
                f"automation_page_by_{name}",
                "program_id",
                name,
                "created_at",
                "id",
                postgresql_where=NOT_ARCHIVED,
            )
            for name in ("trigger_type", "scope", "source")
        ),
        Index(
            "automation_name_search",
            "name",
            postgresql_using="gin",
            postgresql_ops={"name": "gin_trgm_ops"},
        ),
    )

    id: UUID = Field(primary_key=True)
    program_id: UUID = reference("program.id")
    name: str = text_field()
    description: str | None = text_field(nullable=True)
    event_name: str = text_field()
    payload: JsonObject = document()
    source: str = text_field(default=Source.API.value)
    status: str = text_field(default=AutomationStatus.ACTIVE.value)
    trigger_type: str = text_field()
    scope: str = text_field()
    timezone: str = text_field(default="UTC")
    cron_expression: str | None = text_field(nullable=True)
    trigger_at: datetime | None = instant()
    participant_id: UUID | None = Field(default=None)
    schedule_type: str | None = text_field(nullable=True)
    schedule_config: JsonObject | None = optional_document()
    participant_filter: str | None = text_field(nullable=True)
    guard_condition: str | None = text_field(nullable=True)
    filter_hints: list[JsonObject] = document(list)
    action: JsonObject | None = optional_document()
    cohort_size: Any = Field(default="auto", sa_type=JSONB, nullable=False)
    dst_policy: JsonObject = document()
    missed_run_policy: str = text_field(default=MissedRunPolicy.LAST.value)
    jitter_seconds: int = 0

    next_run_at: datetime | None = instant()
    last_run_at: datetime | None = instant()
    last_error: str | None = text_field(nullable=True)
    last_evaluated_at: datetime | None = instant()
    processed_at: datetime | None = instant()
    error_message: str | None = text_field(nullable=True)
    execution_status: str = text_field(default=ExecutionStatus.IDLE.value)
    execution_started_at: datetime | None = instant()
    execution_completed_at: datetime | None = instant()
    execution_error: str | None = text_field(nullable=True)
    current_run_id: UUID | None = Field(default=None)
    run_count: int = 0
    consecutive_failures: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    refresh_requested_at: datetime | None = instant()
    schedule_paused: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})
    schedule_pause_note: str | None = text_field(nullable=True)
    causation_id: UUID | None = Field(default=None)
    rule_chain: list[UUID] = rule_chain()
    created_at: datetime = created_instant()
    updated_at: datetime = created_instant()


class AutomationChange(SQLModel, table=True):
    """A definition or patch that the API staged and the workflow applies: texts stay out of histories."""

    __tablename__ = "automation_change"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    automation_id: UUID = Field(index=True)
    program_id: UUID = reference("program.id")
    kind: str = text_field()
    body: JsonObject = document()
    actor: str = text_field()
    causation_id: UUID | None = Field(default=None)
    rule_chain: list[UUID] = rule_chain()
    created_at: datetime = created_instant()
    applied_at: datetime | None = instant()
