"""queued messages"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column("message", "participant_id", nullable=True)
    op.add_column("message", sa.Column("rule_id", sa.Uuid(), nullable=True))
    op.add_column("message", sa.Column("event_id", sa.Uuid(), nullable=True))
    op.add_column("message", sa.Column("body", sa.Text(), nullable=True))
    op.add_column("message", sa.Column("claim", sa.Uuid(), nullable=True))
    op.add_column("message", sa.Column("attempts", sa.Integer(), server_default="0", nullable=False))
    op.add_column("message", sa.Column("available_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("message_of_participant", "message", ["participant_id"])
    op.create_index(
        "message_queue",
        "message",
        ["program_id", "available_at", "id"],
        postgresql_where=sa.text("status = 'queued'"),
    )
    op.create_index(
        "message_claimed",
        "message",
        ["program_id"],
        postgresql_where=sa.text("status = 'sending' AND claim IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("message_claimed", table_name="message")
    op.drop_index("message_queue", table_name="message")
    op.drop_index("message_of_participant", table_name="message")
    op.drop_column("message", "available_at")
    op.drop_column("message", "attempts")
    op.drop_column("message", "claim")
    op.drop_column("message", "body")
    op.drop_column("message", "event_id")
    op.drop_column("message", "rule_id")
    op.execute("DELETE FROM message WHERE participant_id IS NULL")
    op.alter_column("message", "participant_id", nullable=False)
