"""who of those with one address a run writes to"""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "run_address",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["automation_run.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "address"),
    )


def downgrade() -> None:
    op.drop_table("run_address")
