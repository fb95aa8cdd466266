from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from domain.automation import AutomationStatus
from domain.schedules import DstPolicy


class PreviewSchedule(BaseModel):
    """The timing of an automation that does not exist yet."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"cron_expression": "30 2 * * *", "timezone": "Europe/Berlin", "limit": 5}]
        },
    )

    cron_expression: Annotated[str, Field(max_length=255)]
    timezone: Annotated[str, Field(max_length=64)] = "UTC"
    dst_policy: DstPolicy = DstPolicy()
    limit: Annotated[int, Field(strict=True, ge=1, le=100)] = 10


class NextRunOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    run_at: datetime = Field(description="In UTC")
    local: datetime = Field(description="The same instant on the wall clock of `timezone`, with its offset")
    note: str | None = Field(
        description="What a change of the clock did to this run, or to one just before it"
    )


class NextRunsOut(BaseModel):
    """`status` is the automation's, null for one that does not exist yet.

    Only an active one has runs ahead, and none while an operator holds its schedule (`schedule_paused`).
    """

    data: list[NextRunOut]
    timezone: str
    status: AutomationStatus | None
    schedule_paused: bool = False
