"""what lists of messages are read from, and the addresses that nothing is sent to"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

THINGS = ("participant", "automation", "run", "rule", "journey")


def upgrade() -> None:
    op.drop_index("message_of_participant", table_name="message")
    op.drop_index("ix_message_run_id", table_name="message")
    op.create_index("message_page", "message", ["program_id", "created_at", "id"])
    op.create_index(
        "message_not_sent",
        "message",
        ["program_id", "status", "created_at", "id"],
        postgresql_where=sa.text("status <> 'sent'"),
    )
    op.create_index("message_to", "message", ["program_id", sa.text("lower(recipient) text_pattern_ops")])
    for thing in THINGS:
        op.create_index(
            f"message_of_{thing}",
            "message",
            [f"{thing}_id", "created_at", "id"],
            postgresql_where=sa.text(f"{thing}_id IS NOT NULL"),
        )
    op.create_table(
        "suppression",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["program_id"], ["program.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("program_id", "channel", "address"),
    )
    op.create_index("suppression_page", "suppression", ["program_id", "created_at", "id"])


def downgrade() -> None:
    op.drop_table("suppression")
    for thing in reversed(THINGS):
        op.drop_index(f"message_of_{thing}", table_name="message")
    for name in ("message_to", "message_not_sent", "message_page"):
        op.drop_index(name, table_name="message")
    op.create_index("ix_message_run_id", "message", ["run_id"])
    op.create_index("message_of_participant", "message", ["participant_id"])
