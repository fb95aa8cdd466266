"""links that were followed, callbacks that were taken in, and participants by the digits of their number"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def _instant(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False)


def upgrade() -> None:
    op.create_table(
        "message_click",
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        _instant("at"),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("message_id", "url"),
    )
    op.create_table(
        "received_callback",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("callback_id", sa.Text(), nullable=False),
        _instant("received_at"),
        sa.PrimaryKeyConstraint("source", "callback_id"),
    )
    op.create_index("received_callback_age", "received_callback", ["received_at"])
    op.create_index(
        "participant_phone",
        "participant",
        ["program_id", sa.text(r"(regexp_replace(phone, '\D', '', 'g'))")],
        postgresql_where=sa.text("phone IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("participant_phone", table_name="participant")
    op.drop_table("received_callback")
    op.drop_table("message_click")
