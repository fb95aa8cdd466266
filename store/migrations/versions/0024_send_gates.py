"""what messages ask of the gates at send time, and runs that are held"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("message", sa.Column("sending", postgresql.JSONB(), nullable=True))
    op.add_column("message", sa.Column("gave_way_to", sa.Uuid(), nullable=True))
    op.add_column("automation_run", sa.Column("held_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("automation_run", sa.Column("resumed_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "automation_run_executing",
        "automation_run",
        ["program_id"],
        postgresql_where=sa.text("status = 'executing'"),
    )


def downgrade() -> None:
    op.drop_index("automation_run_executing", table_name="automation_run")
    op.drop_column("automation_run", "resumed_at")
    op.drop_column("automation_run", "held_at")
    op.drop_column("message", "gave_way_to")
    op.drop_column("message", "sending")
