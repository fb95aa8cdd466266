from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Index, literal_column, text
from sqlmodel import Field, SQLModel

from store.tables.columns import JsonObject, created_instant, instant, optional_document, text_field

# Queries say it in these words: with a parameter in it, a prepared statement could not use the indexes below.
QUEUED = "status = 'queued'"
CLAIMED = "status = 'sending' AND claim IS NOT NULL"
# Most messages are sent in the end: of the others a list shows those of one status without looking at all.
NOT_SENT = "status <> 'sent'"

# Of what is told of a message once it has left.
INSTANTS = (
    "delivered_at",
    "opened_at",
    "clicked_at",
    "bounced_at",
    "complained_at",
    "replied_at",
    "unsubscribed_at",
)


def _page_of(column: str) -> Index:
    """Messages of one thing, as lists page through them."""
    where = text(f"{column} IS NOT NULL")
    return Index(
        f"message_of_{column.removesuffix('_id')}", column, "created_at", "id", postgresql_where=where
    )


class Message(SQLModel, table=True):
    """One attempt to reach one person on one channel. `key` names the effect, so it exists once.

    Messages of runs are claimed in the run's ledger. Those of rules and alerts are queued here: each has a `body`
    while it is to be sent, is due at `available_at`, and `claim` names the attempt that is sending it.
    `options`: what its channel needs besides subject and body, such as `html`; kept as long as the body.
    `sending`: what it asks of the gates, where that is not the usual (`domain/send_policy.py`).
    `gave_way_to`: the message that took the last room under a limit.
    `occasion`: what it was sent for, where its automation sends each person one message for each.
    `priority`: the lower one goes first. `provider_id`: what the provider calls it. The instants at the end
    are of the first time that each of it was told or seen.
    """

    __table_args__ = (
        Index("message_page", "program_id", "created_at", "id"),
        Index(
            "message_not_sent", "program_id", "status", "created_at", "id", postgresql_where=text(NOT_SENT)
        ),
        Index(
            "message_to",
            "program_id",
            literal_column("lower(recipient)").label("address"),
            postgresql_ops={"address": "text_pattern_ops"},
        ),
        *(_page_of(f"{name}_id") for name in ("participant", "automation", "run", "rule", "journey")),
        Index("message_queue", "program_id", "available_at", "id", postgresql_where=text(QUEUED)),
        Index(
            "message_of_channel_due",
            "program_id",
            "channel",
            "available_at",
            "id",
            postgresql_where=text(QUEUED),
        ),
        Index(
            "message_of_enrollment",
            "enrollment_id",
            "block_id",
            postgresql_where=text("enrollment_id IS NOT NULL"),
        ),
        Index("message_of_provider", "provider_id", postgresql_where=text("provider_id IS NOT NULL")),
        Index(
            "message_of_occasion",
            "automation_id",
            "participant_id",
            "occasion",
            postgresql_where=text("occasion IS NOT NULL"),
        ),
        Index("message_claimed", "program_id", postgresql_where=text(CLAIMED)),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    key: str = text_field(unique=True)
    program_id: UUID
    automation_id: UUID | None = Field(default=None)
    run_id: UUID | None = Field(default=None)
    rule_id: UUID | None = Field(default=None)
    event_id: UUID | None = Field(default=None)
    journey_id: str | None = text_field(nullable=True)
    enrollment_id: UUID | None = Field(default=None)
    block_id: str | None = text_field(nullable=True)
    template_id: UUID | None = Field(default=None)
    participant_id: UUID | None = Field(default=None)
    channel: str = text_field()
    recipient: str = text_field()
    subject: str | None = text_field(nullable=True)
    body: str | None = text_field(nullable=True)
    options: JsonObject | None = optional_document()
    sending: JsonObject | None = optional_document()
    priority: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    status: str = text_field()
    claim: UUID | None = Field(default=None)
    attempts: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    available_at: datetime | None = instant()
    error: str | None = text_field(nullable=True)
    gave_way_to: UUID | None = Field(default=None)
    occasion: str | None = text_field(nullable=True)
    provider_id: str | None = text_field(nullable=True)
    created_at: datetime = created_instant()
    settled_at: datetime | None = instant()
    delivered_at: datetime | None = instant()
    opened_at: datetime | None = instant()
    clicked_at: datetime | None = instant()
    bounced_at: datetime | None = instant()
    complained_at: datetime | None = instant()
    replied_at: datetime | None = instant()
    unsubscribed_at: datetime | None = instant()
