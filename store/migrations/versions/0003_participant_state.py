"""subscriptions of participant_state automations, failures in a row, pauses by operators"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "automation",
        sa.Column("consecutive_failures", sa.Integer(), server_default=sa.text("0"), nullable=False),
    )
    op.add_column("automation", sa.Column("refresh_requested_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "automation",
        sa.Column("schedule_paused", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.add_column("automation", sa.Column("schedule_pause_note", sa.Text(), nullable=True))
    op.create_table(
        "subscription",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("automation_id", sa.Uuid(), nullable=False),
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("next_trigger_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_triggered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("trigger_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("retry_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("regular_trigger_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("anchor", sa.Text(), nullable=False),
        sa.Column("satisfied", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("automation_id", "participant_id"),
    )
    op.create_index("subscription_page", "subscription", ["automation_id", "created_at", "id"])
    op.create_index("subscription_of_participant", "subscription", ["participant_id"])
    op.create_index(
        "subscription_due",
        "subscription",
        ["automation_id", "next_trigger_at"],
        postgresql_where=sa.text("status = 'active' AND next_trigger_at IS NOT NULL"),
    )
    op.create_index("participant_program_walk", "participant", ["program_id", "id"])


def downgrade() -> None:
    op.drop_index("participant_program_walk", "participant")
    op.drop_table("subscription")
    for column in ("schedule_pause_note", "schedule_paused", "refresh_requested_at", "consecutive_failures"):
        op.drop_column("automation", column)
