"""what messages were sent for, where an automation sends one for each"""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("message", sa.Column("occasion", sa.Text(), nullable=True))
    op.create_index(
        "message_of_occasion",
        "message",
        ["automation_id", "participant_id", "occasion"],
        postgresql_where=sa.text("occasion IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("message_of_occasion", "message")
    op.drop_column("message", "occasion")
