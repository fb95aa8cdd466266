"""alerts of rules, and indexes for what is counted of rules and events"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rule_alert",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("rule_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("matched_runs", sa.Integer(), nullable=False),
        sa.Column("executed_runs", sa.Integer(), nullable=False),
        sa.Column("failure_rate_pct", sa.Float(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recovered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_notified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("snoozed_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["rule_id"], ["automation_rule.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "rule_alert_is_open_once",
        "rule_alert",
        ["rule_id"],
        unique=True,
        postgresql_where=sa.text("recovered_at IS NULL"),
    )
    op.create_index("rule_alert_page", "rule_alert", ["rule_id", "opened_at", "id"])
    op.create_index(
        "automation_rule_alerting",
        "automation_rule",
        ["id"],
        postgresql_where=sa.text("alert_settings IS NOT NULL"),
    )
    op.create_index(
        "event_failed", "event", ["program_id", "created_at"], postgresql_where=sa.text("status = 'FAILED'")
    )


def downgrade() -> None:
    op.drop_index("event_failed", table_name="event")
    op.drop_index("automation_rule_alerting", table_name="automation_rule")
    op.drop_table("rule_alert")
