from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ARRAY, Text
from sqlmodel import Field, SQLModel

from store.tables.columns import created_instant, instant, reference, text_field


class ApiKey(SQLModel, table=True):
    """A credential. Only the SHA-256 of the key is kept; `prefix` lets people tell keys apart."""

    __tablename__ = "api_key"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    name: str = text_field()
    prefix: str = text_field()
    key_hash: str = text_field(unique=True)
    role: str = text_field()
    scopes: list[str] = Field(default_factory=list, sa_type=ARRAY(Text), nullable=False)
    program_id: UUID | None = reference("program.id", nullable=True)
    created_at: datetime = created_instant()
    revoked_at: datetime | None = instant()
