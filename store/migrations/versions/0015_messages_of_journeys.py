"""what messages need to be followed after they have left, and to be told to belong to a journey"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

INSTANTS = (
    "delivered_at",
    "opened_at",
    "clicked_at",
    "bounced_at",
    "complained_at",
    "replied_at",
    "unsubscribed_at",
)


def upgrade() -> None:
    op.add_column("message", sa.Column("journey_id", sa.Text(), nullable=True))
    op.add_column("message", sa.Column("enrollment_id", sa.Uuid(), nullable=True))
    op.add_column("message", sa.Column("block_id", sa.Text(), nullable=True))
    op.add_column("message", sa.Column("template_id", sa.Uuid(), nullable=True))
    op.add_column("message", sa.Column("options", JSONB(), nullable=True))
    op.add_column("message", sa.Column("priority", sa.Integer(), server_default="0", nullable=False))
    op.add_column("message", sa.Column("provider_id", sa.Text(), nullable=True))
    for name in INSTANTS:
        op.add_column("message", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "message_of_enrollment",
        "message",
        ["enrollment_id", "block_id"],
        postgresql_where=sa.text("enrollment_id IS NOT NULL"),
    )
    op.create_index(
        "message_of_provider",
        "message",
        ["provider_id"],
        postgresql_where=sa.text("provider_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("message_of_provider", table_name="message")
    op.drop_index("message_of_enrollment", table_name="message")
    for name in reversed(INSTANTS):
        op.drop_column("message", name)
    for name in (
        "provider_id",
        "priority",
        "options",
        "template_id",
        "block_id",
        "enrollment_id",
        "journey_id",
    ):
        op.drop_column("message", name)
