from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api.schemas.text import ShownName


class CreateProgram(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"name": "Café rewards", "timezone": "Europe/Madrid"}]},
    )

    name: ShownName
    timezone: str = Field(default="UTC", max_length=64)
    settings: dict[str, Any] = Field(default_factory=dict)


class ProgramPatch(BaseModel):
    """What is absent stays as it is; `settings` are replaced whole."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "settings": {
                        "counters": {
                            "lifetime_spend": {"event_type": "purchase", "add": "amount"},
                            "orders": {"event_type": "purchase"},
                        }
                    }
                }
            ]
        },
    )

    name: ShownName | None = None
    timezone: Annotated[str, StringConstraints(max_length=64)] | None = None
    settings: dict[str, Any] | None = None


class ProgramOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    timezone: str
    settings: dict[str, Any]
    created_at: datetime
    updated_at: datetime
