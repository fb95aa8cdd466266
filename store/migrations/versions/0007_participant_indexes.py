"""an index of tags, which filters name most often"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("participant_tags", "participant", ["tags"], postgresql_using="gin")


def downgrade() -> None:
    op.drop_index("participant_tags", "participant")
