"""which events journeys listen to, and whom they did not let in"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "journey_listener",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("journey_id", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("is_trigger", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["journey_id", "content_hash"],
            ["journey_version.journey_id", "journey_version.content_hash"],
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("program_id", "event_type", "journey_id", "content_hash", "is_trigger"),
    )
    op.create_index("journey_listener_of_version", "journey_listener", ["journey_id", "content_hash"])
    op.create_table(
        "journey_refusal",
        sa.Column("entry_key", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("journey_id", sa.Text(), nullable=False),
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("refused_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("entry_key"),
    )
    op.create_index("journey_refusal_page", "journey_refusal", ["journey_id", "refused_at", "id"])
    op.create_index("journey_refusal_of_participant", "journey_refusal", ["participant_id"])
    op.create_index("journey_refusal_old", "journey_refusal", ["refused_at"])


def downgrade() -> None:
    op.drop_table("journey_refusal")
    op.drop_table("journey_listener")
