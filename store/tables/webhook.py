from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ARRAY, BigInteger, Identity, Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from domain.webhooks import WebhookDeliveryStatus
from store.tables.columns import JsonObject, created_instant, document, instant, reference, text_field


class WebhookEndpoint(SQLModel, table=True):
    """A URL of a client that is told what happens in a program. No `event_types` are all of them.

    The secrets are kept as they are: a message cannot be signed with a hash.
    """

    __tablename__ = "webhook_endpoint"
    __table_args__ = (Index("webhook_endpoint_program_page", "program_id", "created_at", "id"),)

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    program_id: UUID = reference("program.id")
    url: str = text_field()
    description: str | None = text_field(nullable=True)
    event_types: list[str] = Field(
        default_factory=list,
        sa_type=ARRAY(Text),
        nullable=False,
        sa_column_kwargs={"server_default": "{}"},
    )
    enabled: bool = Field(default=True, sa_column_kwargs={"server_default": "true"})
    disabled_reason: str | None = text_field(nullable=True)
    secret: str = Field(sa_type=Text, nullable=False, repr=False)
    previous_secret: str | None = Field(default=None, sa_type=Text, nullable=True, repr=False)
    previous_secret_until: datetime | None = instant()
    failing_since: datetime | None = instant()
    created_at: datetime = created_instant()
    updated_at: datetime = created_instant()


class WebhookDelivery(SQLModel, table=True):
    """One message for one endpoint. `seq` keeps the order in which things happened to a subject."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        UniqueConstraint("endpoint_id", "message_id"),
        Index("webhook_delivery_page", "endpoint_id", "created_at", "id"),
        Index(
            "webhook_delivery_due",
            "endpoint_id",
            "next_attempt_at",
            postgresql_where=text("status = 'pending'"),
        ),
        Index("webhook_delivery_age", "created_at"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    seq: int | None = Field(
        default=None, sa_type=BigInteger, nullable=False, sa_column_args=(Identity(always=True),)
    )
    endpoint_id: UUID = reference("webhook_endpoint.id")
    message_id: UUID
    type: str = text_field()
    subject_id: UUID
    data: JsonObject = document()
    status: str = text_field(default=WebhookDeliveryStatus.PENDING.value)
    attempts: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    next_attempt_at: datetime | None = instant()
    last_attempt_at: datetime | None = instant()
    last_response_status: int | None = Field(default=None)
    last_response_excerpt: str | None = text_field(nullable=True)
    last_error: str | None = text_field(nullable=True)
    created_at: datetime = created_instant()
