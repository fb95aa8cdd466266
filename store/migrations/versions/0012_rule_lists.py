"""indexes that hold what the lists of rule runs and events are filtered and counted by"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

PAGE = ["program_id", "created_at", "id"]


def upgrade() -> None:
    _replace("event_program_page", "event", PAGE, ["type", "status", "source", "processed_at"])
    _replace("rule_run_page", "rule_run", PAGE, ["matched", "executed"])
    _replace(
        "rule_run_of_rule",
        "rule_run",
        ["program_id", "rule_id", "created_at", "id"],
        ["matched", "executed", "event_id"],
    )
    _replace("rule_run_of_event", "rule_run", ["event_id", "rule_id"])
    op.create_index(
        "event_of_payload",
        "event",
        [sa.text("uuid_hash_extended(program_id, hashtextextended(payload_hash, 0))"), "created_at"],
    )
    op.create_index(
        "event_of_conversation",
        "event",
        ["conversation_id", "created_at", "id"],
        postgresql_where=sa.text("conversation_id IS NOT NULL"),
    )
    op.create_index(
        "event_caused_by", "event", ["causation_id"], postgresql_where=sa.text("causation_id IS NOT NULL")
    )


def downgrade() -> None:
    for name in ("event_caused_by", "event_of_conversation", "event_of_payload"):
        op.drop_index(name, table_name="event")
    _replace("rule_run_of_event", "rule_run", ["event_id", "created_at", "id"])
    _replace("rule_run_of_rule", "rule_run", ["rule_id", "created_at", "id"])
    _replace("rule_run_page", "rule_run", PAGE)
    _replace("event_program_page", "event", PAGE)


def _replace(name: str, table: str, columns: list[str], included: list[str] | None = None) -> None:
    op.drop_index(name, table_name=table)
    op.create_index(name, table, columns, postgresql_include=included)
