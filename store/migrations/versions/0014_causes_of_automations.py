"""what led to the automations that rules make, so that their events cannot lead to them again"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TABLES = ("automation", "automation_change")


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("causation_id", sa.Uuid(), nullable=True))
        op.add_column(
            table, sa.Column("rule_chain", sa.ARRAY(sa.Uuid()), server_default="{}", nullable=False)
        )


def downgrade() -> None:
    for table in TABLES:
        op.drop_column(table, "rule_chain")
        op.drop_column(table, "causation_id")
