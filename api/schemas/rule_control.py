from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, field_validator

from api.schemas.text import LongText
from domain.instants import Instant


class PatchControl(BaseModel):
    """Only the fields present change. `is_paused: false` resumes, and clears the reason and the end."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"is_paused": True, "pause_reason": "the shop is closed"}]},
    )

    is_paused: StrictBool | None = None
    pause_reason: LongText | None = None
    paused_until: Instant | None = Field(
        default=None, description="When the pause ends by itself; null: when somebody ends it"
    )

    @field_validator("is_paused", mode="before")
    @classmethod
    def _not_null(cls, value: Any) -> Any:
        if value is None:
            raise ValueError("cannot be null; expected true or false, or leave it out")
        return value


class ControlOut(BaseModel):
    """Whether the program's rules rest. `is_paused` is false again once `paused_until` has passed. `updated_by` is
    null as long as nobody has paused them."""

    singleton: Literal[True] = True
    is_paused: bool
    updated_at: datetime
    pause_reason: str | None
    paused_until: datetime | None
    updated_by: str | None
