from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, Column, Computed, Identity, Index, SmallInteger, Uuid, text
from sqlmodel import Field, SQLModel

from domain.events import SHARDS
from store.tables.columns import JsonObject, created_instant, document, instant, rule_chain, text_field

# Queries say it in these words: with a parameter in it, a prepared statement could not use the indexes below.
QUEUED = "status IN ('RECEIVED', 'PENDING')"
SUBJECT = "COALESCE(participant_id, conversation_id, id)"
# Fingerprints are long and at random: indexed as they are they would double the cost of storing an event.
PAYLOAD_DIGEST = "uuid_hash_extended(program_id, hashtextextended(payload_hash, 0))"


class Event(SQLModel, table=True):
    """Something that happened: received by the API (EXTERNAL) or made by Carillon (SYSTEM).

    Events of one `subject_id` are processed one after the other, by `seq`. `rule_chain`: the rules that led to it,
    the first one first; `causation_id`: the event that the last of them reacted to.

    Like every table that grows by a row per participant, it has no foreign keys: their checks would
    cost more than the insert.
    """

    __table_args__ = (
        Index(
            "event_idempotency_key_is_unique",
            "program_id",
            "idempotency_key",
            unique=True,
            postgresql_where=text("idempotency_key IS NOT NULL"),
        ),
        Index(
            "event_program_page",
            "program_id",
            "created_at",
            "id",
            postgresql_include=["type", "status", "source", "processed_at"],
        ),
        Index("event_of_payload", text(PAYLOAD_DIGEST), "created_at"),
        Index(
            "event_of_conversation",
            "conversation_id",
            "created_at",
            "id",
            postgresql_where=text("conversation_id IS NOT NULL"),
        ),
        Index("event_caused_by", "causation_id", postgresql_where=text("causation_id IS NOT NULL")),
        Index(
            "event_of_participant",
            "participant_id",
            postgresql_where=text("kind = 'EXTERNAL' AND participant_id IS NOT NULL"),
        ),
        Index("event_queue", "shard", "program_id", "seq", postgresql_where=text(QUEUED)),
        Index("event_failed", "program_id", "created_at", postgresql_where=text("status = 'FAILED'")),
        Index("event_retrying", "subject_id", postgresql_where=text("status = 'PENDING'")),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    program_id: UUID
    participant_id: UUID | None = Field(default=None)
    kind: str = text_field()
    type: str = text_field()
    event_data: JsonObject = document()
    payload_hash: str = text_field()
    idempotency_key: str | None = text_field(nullable=True)
    request_hash: str | None = text_field(nullable=True)
    source: str = text_field()
    automation_id: UUID | None = Field(default=None)
    run_id: UUID | None = Field(default=None)
    conversation_id: UUID | None = Field(default=None)
    channel_source: str | None = text_field(nullable=True)
    causation_id: UUID | None = Field(default=None)
    rule_chain: list[UUID] = rule_chain()
    status: str = text_field(default="RECEIVED", sa_column_kwargs={"server_default": "RECEIVED"})
    event_timestamp: datetime = created_instant()
    created_at: datetime = created_instant()
    processed_at: datetime | None = instant()
    error: str | None = text_field(nullable=True)
    attempts: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    available_at: datetime = created_instant()
    seq: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), nullable=False))
    subject_id: UUID | None = Field(default=None, sa_column=Column(Uuid, Computed(SUBJECT, persisted=True)))
    shard: int | None = Field(
        default=None,
        sa_column=Column(
            SmallInteger,
            Computed(f"abs(mod(uuid_hash_extended({SUBJECT}, 0), {SHARDS}))::smallint", persisted=True),
        ),
    )


MADE_BY_THE_DATABASE = frozenset({"seq", "subject_id", "shard"})
