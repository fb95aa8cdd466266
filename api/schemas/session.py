from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from api.schemas.text import Label
from domain.identity import CallerKind
from domain.login_credentials import LONGEST_PASSWORD, SHORTEST_PASSWORD, acceptable_password
from domain.roles import Role, ScopeName
from domain.storable_text import storable

# One that somebody has already: only as long as can be hashed in good time.
GivenPassword = Annotated[str, StringConstraints(max_length=LONGEST_PASSWORD), AfterValidator(storable)]
NewPassword = Annotated[
    str,
    StringConstraints(min_length=SHORTEST_PASSWORD, max_length=LONGEST_PASSWORD),
    AfterValidator(storable),
    AfterValidator(acceptable_password),
]


class LogIn(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"email": "ana@example.com", "password": "correct horse battery"}]},
    )

    email: Label
    password: GivenPassword


class ChangePassword(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"current_password": "correct horse battery", "new_password": "staple of another kind"}
            ]
        },
    )

    current_password: GivenPassword
    new_password: NewPassword


class WhoIAm(BaseModel):
    """The caller: a person in a session, or an API key, which has no `email` and no `expires_at`."""

    kind: CallerKind
    id: UUID
    name: str
    email: str | None
    role: Role
    scopes: list[ScopeName]
    program_id: UUID | None
    expires_at: datetime | None = Field(description="When the session ends at the latest")
