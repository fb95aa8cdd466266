"""who changed each of many participants that one statement changes, in their state's history"""

from importlib import import_module

from alembic import op

history = import_module("store.migrations.versions.0004_state_history")

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

BEFORE = history.FUNCTIONS["record_changed_state()"]
_ONE_FOR_ALL = "SELECT id, program_id, old_state, new_state, carillon_source(), clock_timestamp()\n            FROM difference"
_EACH = """SELECT id, program_id, old_state, new_state, COALESCE(named.source, carillon_source()), clock_timestamp()
            FROM difference LEFT JOIN (
                SELECT CAST(key AS uuid) AS participant_id, value AS source
                FROM jsonb_each_text(COALESCE(NULLIF(current_setting('carillon.sources', true), ''), '{}')::jsonb)
            ) AS named ON named.participant_id = id"""
AFTER = BEFORE.replace(_ONE_FOR_ALL, _EACH)


def upgrade() -> None:
    op.execute(f"CREATE OR REPLACE FUNCTION record_changed_state() {AFTER}")


def downgrade() -> None:
    op.execute(f"CREATE OR REPLACE FUNCTION record_changed_state() {BEFORE}")
