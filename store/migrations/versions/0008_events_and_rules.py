"""the queue of events, rules and what they make of events, conversations"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# Whoever stores events, they are told of when their transaction commits.
TELL = """
    CREATE FUNCTION tell_of_events() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_notify('carillon_events', '');
        RETURN NULL;
    END
    $$
"""
TOLD = "CREATE TRIGGER event_told AFTER INSERT ON event FOR EACH STATEMENT EXECUTE FUNCTION tell_of_events()"


def upgrade() -> None:
    _create_tables()
    _extend_events()
    # What was sent with a key before is known when it is sent again.
    op.execute("UPDATE event SET request_hash = payload_hash WHERE idempotency_key IS NOT NULL")
    op.execute(TELL)
    op.execute(TOLD)


def _create_tables() -> None:
    op.create_table(
        "rule_cooldown",
        sa.Column("rule_id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("executed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("rule_id", "subject_id"),
    )
    op.create_table(
        "rule_run",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("rule_id", sa.Uuid(), nullable=False),
        sa.Column("rule_name", sa.Text(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("event_source", sa.Text(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=True),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("channel_source", sa.Text(), nullable=True),
        sa.Column("matched", sa.Boolean(), nullable=False),
        sa.Column("executed", sa.Boolean(), nullable=False),
        sa.Column("stopped_by", sa.Text(), nullable=True),
        sa.Column("result", JSONB(), server_default="{}", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("rule_run_of_event", "rule_run", ["event_id", "created_at", "id"])
    op.create_index("rule_run_of_rule", "rule_run", ["rule_id", "created_at", "id"])
    op.create_index("rule_run_page", "rule_run", ["program_id", "created_at", "id"])
    op.create_table(
        "rule_run_tally",
        sa.Column("rule_id", sa.Uuid(), nullable=False),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("matched", sa.Integer(), nullable=False),
        sa.Column("executed", sa.Integer(), nullable=False),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("rule_id", "hour"),
    )
    op.create_index("rule_run_tally_page", "rule_run_tally", ["program_id", "hour"])
    op.create_table(
        "automation_control",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("is_paused", sa.Boolean(), nullable=False),
        sa.Column("pause_reason", sa.Text(), nullable=True),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["program_id"], ["program.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("program_id"),
    )
    op.create_table(
        "automation_rule",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("trigger_type", sa.Text(), nullable=False),
        sa.Column("conditions", JSONB(), nullable=True),
        sa.Column("condition_expression", sa.Text(), nullable=True),
        sa.Column("actions", JSONB(), server_default="[]", nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("rollout_percentage", sa.Integer(), nullable=False),
        sa.Column("stop_on_match", sa.Boolean(), nullable=False),
        sa.Column("cooldown_secs", sa.Integer(), nullable=False),
        sa.Column("alert_settings", JSONB(), nullable=True),
        sa.Column("schedule_settings", JSONB(), nullable=True),
        sa.Column("snoozed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("updated_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["program_id"], ["program.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "automation_rule_of_type",
        "automation_rule",
        ["program_id", "trigger_type", "priority", "created_at", "id"],
    )
    op.create_table(
        "conversation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("channel_source", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("assignee", sa.Text(), nullable=True),
        sa.Column("priority", sa.Text(), nullable=True),
        sa.Column("labels", sa.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["program_id"], ["program.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("program_id", "external_id"),
    )
    op.create_index("conversation_of_contact", "conversation", ["contact_id"])
    op.create_index("conversation_page", "conversation", ["program_id", "created_at", "id"])
    op.create_table(
        "event_type",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("properties", JSONB(), server_default="{}", nullable=False),
        sa.Column("sources", JSONB(), server_default="[]", nullable=False),
        sa.Column(
            "first_seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column(
            "last_seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.ForeignKeyConstraint(["program_id"], ["program.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("program_id", "type"),
    )
    op.create_table(
        "conversation_note",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversation.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("conversation_note_page", "conversation_note", ["conversation_id", "created_at", "id"])


def _extend_events() -> None:
    op.add_column("event", sa.Column("request_hash", sa.Text(), nullable=True))
    op.add_column("event", sa.Column("conversation_id", sa.Uuid(), nullable=True))
    op.add_column("event", sa.Column("channel_source", sa.Text(), nullable=True))
    op.add_column("event", sa.Column("causation_id", sa.Uuid(), nullable=True))
    op.add_column("event", sa.Column("rule_chain", sa.ARRAY(sa.Uuid()), server_default="{}", nullable=False))
    op.add_column("event", sa.Column("attempts", sa.Integer(), server_default="0", nullable=False))
    op.add_column(
        "event",
        sa.Column(
            "available_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
    )
    op.add_column("event", sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False))
    op.add_column(
        "event",
        sa.Column(
            "subject_id",
            sa.Uuid(),
            sa.Computed("COALESCE(participant_id, conversation_id, id)", persisted=True),
            nullable=True,
        ),
    )
    op.add_column(
        "event",
        sa.Column(
            "shard",
            sa.SmallInteger(),
            sa.Computed(
                "abs(mod(uuid_hash_extended(COALESCE(participant_id, conversation_id, id), 0), 8))::smallint",
                persisted=True,
            ),
            nullable=True,
        ),
    )
    op.create_index(
        "event_queue",
        "event",
        ["shard", "program_id", "seq"],
        postgresql_where=sa.text("status IN ('RECEIVED', 'PENDING')"),
    )
    op.create_index("event_retrying", "event", ["subject_id"], postgresql_where=sa.text("status = 'PENDING'"))


def downgrade() -> None:
    op.execute("DROP TRIGGER event_told ON event")
    op.execute("DROP FUNCTION tell_of_events()")
    op.drop_index("event_retrying", table_name="event")
    op.drop_index("event_queue", table_name="event")
    op.drop_column("event", "shard")
    op.drop_column("event", "subject_id")
    op.drop_column("event", "seq")
    op.drop_column("event", "available_at")
    op.drop_column("event", "attempts")
    op.drop_column("event", "rule_chain")
    op.drop_column("event", "causation_id")
    op.drop_column("event", "channel_source")
    op.drop_column("event", "conversation_id")
    op.drop_column("event", "request_hash")
    op.drop_table("conversation_note")
    op.drop_table("event_type")
    op.drop_table("conversation")
    op.drop_table("automation_rule")
    op.drop_table("automation_control")
    op.drop_table("rule_run_tally")
    op.drop_table("rule_run")
    op.drop_table("rule_cooldown")
