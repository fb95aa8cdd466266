"""birthdays that set journeys going, and what led to passes"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

# Of the attributes `birthdate` and `birthday`, the first one that is there.
BIRTHDAY_OF = """
CREATE FUNCTION birthday_of(attributes jsonb) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT CASE jsonb_typeof(COALESCE(attributes->'birthdate', attributes->'birthday'))
        WHEN 'number' THEN 'number'
        WHEN 'string' THEN substring(
            COALESCE(attributes->'birthdate', attributes->'birthday')->>0
            FROM '^(?:--|[0-9]{4}-)?([0-9]{2}-[0-9]{2})(?:[Tt ].*)?$'
        )
    END
$$
"""


def upgrade() -> None:
    op.add_column("journey", sa.Column("birthdays_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("enrollment", sa.Column("chain", sa.ARRAY(sa.Uuid()), server_default="{}", nullable=False))
    op.execute(BIRTHDAY_OF)
    op.create_index(
        "participant_birthday",
        "participant",
        ["program_id", sa.text("birthday_of(attributes)"), "id"],
        postgresql_where=sa.text("birthday_of(attributes) IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("participant_birthday", "participant")
    op.execute("DROP FUNCTION birthday_of(jsonb)")
    op.drop_column("enrollment", "chain")
    op.drop_column("journey", "birthdays_until")
