from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import DateTime, UniqueConstraint
from sqlmodel import Field, SQLModel

from store.tables.columns import created_instant, instant, text_field


class IdempotencyKey(SQLModel, table=True):
    """A request that its client may repeat, and its answer once there is one.

    `claim` is the attempt that works on it until `claimed_until`; an attempt that crashed just runs out.
    """

    __tablename__ = "idempotency_key"
    __table_args__ = (UniqueConstraint("scope", "key_hash"),)

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    scope: str = text_field()
    key_hash: str = text_field()
    request: str = text_field()
    request_hash: str = text_field()
    claim: UUID
    claimed_until: datetime = instant(nullable=False)
    status: int | None = Field(default=None)
    content_type: str | None = text_field(nullable=True)
    body: str | None = text_field(nullable=True)
    created_at: datetime = created_instant()
    expires_at: datetime = Field(sa_type=DateTime(timezone=True), nullable=False, index=True)
