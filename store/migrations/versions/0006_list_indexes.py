"""indexes that keep lists at constant time, whatever they are filtered by"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

NOT_ARCHIVED = sa.text("status <> 'archived'")
FILTERS = ("trigger_type", "scope", "source")


def upgrade() -> None:
    # Trusted since PostgreSQL 13: whoever may create schemas in the database may create it.
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    op.create_index(
        "automation_page",
        "automation",
        ["program_id", "created_at", "id"],
        postgresql_where=NOT_ARCHIVED,
    )
    op.create_index("automation_page_by_status", "automation", ["program_id", "status", "created_at", "id"])
    for name in FILTERS:
        op.create_index(
            f"automation_page_by_{name}",
            "automation",
            ["program_id", name, "created_at", "id"],
            postgresql_where=NOT_ARCHIVED,
        )
    op.create_index(
        "automation_name_search",
        "automation",
        ["name"],
        postgresql_using="gin",
        postgresql_ops={"name": "gin_trgm_ops"},
    )
    op.drop_index("automation_program_page", table_name="automation")
    op.create_index(
        "participant_page_not_active",
        "participant",
        ["program_id", "status", "created_at", "id"],
        postgresql_where=sa.text("status <> 'ACTIVE'"),
    )


def downgrade() -> None:
    op.drop_index("participant_page_not_active", table_name="participant")
    op.create_index("automation_program_page", "automation", ["program_id", "created_at", "id"])
    for name in ("automation_name_search", *(f"automation_page_by_{name}" for name in FILTERS)):
        op.drop_index(name, table_name="automation")
    op.drop_index("automation_page_by_status", table_name="automation")
    op.drop_index("automation_page", table_name="automation")
