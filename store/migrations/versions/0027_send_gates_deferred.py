"""finding runs that ended before all their messages were sent"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "automation_run_with_deferred",
        "automation_run",
        ["program_id"],
        postgresql_where=sa.text("(counts->>'deferred')::integer > 0"),
    )


def downgrade() -> None:
    op.drop_index("automation_run_with_deferred", table_name="automation_run")
