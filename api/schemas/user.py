from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool

from api.schemas.session import NewPassword
from api.schemas.text import Label, ShownName
from domain.login_credentials import login_email
from domain.roles import Role

EmailAddress = Annotated[Label, AfterValidator(login_email)]


class CreateUser(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "email": "ana@example.com",
                    "name": "Ana",
                    "role": "supervisor",
                    "password": "correct horse battery",
                }
            ]
        },
    )

    email: EmailAddress
    name: ShownName = Field(description="What records and operators are told of who did something")
    role: Role
    password: NewPassword
    program_id: UUID | None = Field(
        default=None,
        description="Binds the user to one program; a bound admin makes users of their own program only",
    )


class PatchUser(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: ShownName | None = None
    role: Role | None = None
    program_id: UUID | None = Field(default=None, description="null lets them reach every program")
    disabled: StrictBool | None = Field(
        default=None, description="Who is disabled is logged out, and stays out"
    )
    password: NewPassword | None = Field(default=None, description="Ends their sessions")


class UserOut(BaseModel):
    """A person who logs in."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    email: str
    name: str
    role: Role
    program_id: UUID | None
    created_at: datetime
    disabled_at: datetime | None
