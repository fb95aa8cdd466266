from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.text import ShownName
from domain.roles import Role, ScopeName


class CreateApiKey(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"name": "Nightly import", "role": "supervisor"}]},
    )

    name: ShownName
    role: Role
    program_id: UUID | None = Field(
        default=None,
        description="Binds the key to one program; a bound key makes keys of its own program only",
    )


class ApiKeyOut(BaseModel):
    """A key without its secret: `prefix` is how people tell keys apart."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    prefix: str
    role: Role
    scopes: list[ScopeName]
    program_id: UUID | None
    created_at: datetime
    revoked_at: datetime | None


class ApiKeyCreated(ApiKeyOut):
    """The only answer that ever holds the secret."""

    key: str | None = Field(description="The secret; null when the answer is a repetition")
