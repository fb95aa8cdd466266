"""participants by the digits that their number is dialled with"""

import sqlalchemy as sa
from alembic import op

from domain.phone_digits import dialled_unlike_written

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

WRITTEN = r"regexp_replace(phone, '\D', '', 'g')"
BATCH = 10_000
NEXT = sa.text(
    "SELECT id, phone FROM participant WHERE phone IS NOT NULL AND (CAST(:after AS uuid) IS NULL OR id > :after) "
    "ORDER BY id LIMIT :batch"
)
FILL = sa.text(
    "UPDATE participant SET phone_dialled = given.dialled "
    "FROM unnest(CAST(:ids AS uuid[]), CAST(:dialled AS text[])) AS given(id, dialled) "
    "WHERE participant.id = given.id"
)


def upgrade() -> None:
    op.add_column("participant", sa.Column("phone_dialled", sa.Text(), nullable=True))
    _fill(op.get_bind())
    _index_by(f"COALESCE(phone_dialled, {WRITTEN})")


def downgrade() -> None:
    _index_by(f"({WRITTEN})")
    op.drop_column("participant", "phone_dialled")


def _fill(connection: sa.Connection) -> None:
    """Only of those who have a number that is not dialled as it is written: few, so the table is not written anew."""
    after = None
    while people := connection.execute(NEXT, {"after": after, "batch": BATCH}).all():
        dialled = {id_: dialled_unlike_written(phone) for id_, phone in people}
        unlike = {id_: digits for id_, digits in dialled.items() if digits is not None}
        if unlike:
            connection.execute(FILL, {"ids": list(unlike), "dialled": list(unlike.values())})
        after = people[-1].id


def _index_by(digits: str) -> None:
    op.drop_index("participant_phone", table_name="participant")
    op.create_index(
        "participant_phone",
        "participant",
        ["program_id", sa.text(digits)],
        postgresql_where=sa.text("phone IS NOT NULL"),
    )
