"""history of participants' state, written by the database itself so that no writer can pass it by"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

COLUMNS = {"ATTRIBUTE": "attributes", "COUNTER": "counters", "TAG": "tags", "TIER": "tiers"}


def _held(row: str, column: str) -> str:
    """The expression for a column of state as an object; a tag is a key whose value is true."""
    if column != "tags":
        return f"{row}.{column}"
    return f"(SELECT COALESCE(jsonb_object_agg(tag, true), '{{}}') FROM unnest({row}.tags) AS tag)"  # noqa: S608


def _only_in(row: str, other: str) -> str:
    """The expression for what `row` holds otherwise than `other`, by state type and key.

    Written out for each column, as calling functions in their place would double the time of an import.
    """
    parts = (
        f"""'{state_type}', CASE WHEN {row}.{column} = {other}.{column} THEN '{{}}' ELSE COALESCE((
            SELECT jsonb_object_agg(one.key, one.value) FROM jsonb_each({_held(row, column)}) AS one
            WHERE {_held(other, column)} -> one.key IS DISTINCT FROM one.value
        ), '{{}}') END"""  # noqa: S608
        for state_type, column in COLUMNS.items()
    )
    return f"jsonb_build_object({', '.join(parts)})"


FUNCTIONS = {
    "carillon_source()": """
        RETURNS text LANGUAGE sql STABLE AS $$
            SELECT COALESCE(NULLIF(current_setting('carillon.source', true), ''), 'api')
        $$
    """,
    # clock_timestamp() and not now(): the rows are locked by then, so the changes of a participant are dated in
    # the order in which they were made, however long their transactions waited.
    "record_first_state()": f"""
        RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO participant_state_change
                (participant_id, program_id, old_state, new_state, source, changed_at)
            SELECT id, program_id, '{{}}',
                   jsonb_build_object('ATTRIBUTE', attributes, 'COUNTER', counters,
                                      'TAG', {_held("created", "tags")}, 'TIER', tiers),
                   carillon_source(), clock_timestamp()
            FROM new_rows AS created
            WHERE attributes <> '{{}}' OR counters <> '{{}}' OR tags <> '{{}}' OR tiers <> '{{}}';
            RETURN NULL;
        END
        $$
    """,  # noqa: S608
    # Its plan is kept for the session and must suit one row and thousands: never a nested loop over both tables.
    "record_changed_state()": f"""
        RETURNS trigger LANGUAGE plpgsql SET enable_nestloop = off AS $$
        BEGIN
            WITH difference AS MATERIALIZED (
                SELECT later.id, later.program_id,
                       {_only_in("earlier", "later")} AS old_state,
                       {_only_in("later", "earlier")} AS new_state
                FROM old_rows AS earlier
                JOIN new_rows AS later ON later.id = earlier.id
                WHERE (earlier.attributes, earlier.counters, earlier.tags, earlier.tiers)
                    IS DISTINCT FROM (later.attributes, later.counters, later.tags, later.tiers)
            )
            INSERT INTO participant_state_change
                (participant_id, program_id, old_state, new_state, source, changed_at)
            SELECT id, program_id, old_state, new_state, carillon_source(), clock_timestamp()
            FROM difference WHERE old_state <> new_state;
            RETURN NULL;
        END
        $$
    """,  # noqa: S608
    "erase_state_history()": """
        RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            DELETE FROM participant_state_change WHERE participant_id IN (SELECT id FROM old_rows);
            RETURN NULL;
        END
        $$
    """,
}

TRIGGERS = (
    "CREATE TRIGGER participant_first_state AFTER INSERT ON participant "
    "REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION record_first_state()",
    "CREATE TRIGGER participant_changed_state AFTER UPDATE ON participant "
    "REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows "
    "FOR EACH STATEMENT EXECUTE FUNCTION record_changed_state()",
    "CREATE TRIGGER participant_erased_state AFTER DELETE ON participant "
    "REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION erase_state_history()",
)


def upgrade() -> None:
    op.create_table(
        "participant_state_change",
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("old_state", JSONB(), server_default="{}", nullable=False),
        sa.Column("new_state", JSONB(), server_default="{}", nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("participant_id", "id"),
    )
    for signature, definition in FUNCTIONS.items():
        op.execute(f"CREATE FUNCTION {signature} {definition}")
    for trigger in TRIGGERS:
        op.execute(trigger)
    op.create_index(
        "event_of_participant",
        "event",
        ["participant_id"],
        postgresql_where=sa.text("kind = 'EXTERNAL' AND participant_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("event_of_participant", table_name="event")
    for trigger in ("first_state", "changed_state", "erased_state"):
        op.execute(f"DROP TRIGGER participant_{trigger} ON participant")
    for signature in reversed(FUNCTIONS):
        op.execute(f"DROP FUNCTION {signature}")
    op.drop_table("participant_state_change")
