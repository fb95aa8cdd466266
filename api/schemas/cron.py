from typing import Literal

from pydantic import BaseModel, Field


class AutomationsRun(BaseModel):
    success: Literal[True] = True
    executed: int = Field(description="Automations that ran; those that failed are not among them")
    totalSent: int = Field(description="What all of them sent, as far as it was counted by then")  # noqa: N815


class PeopleScored(BaseModel):
    success: Literal[True] = True
    programs: int = Field(description="Programs that were scored")
    changed: int = Field(description="People whose scores are others than before")
    failed: int = Field(description="Programs that could not be scored: the log tells why")


class StepDone(BaseModel):
    """A step that answered, well or not: as if it had been called alone."""

    endpoint: str = Field(examples=["/api/cron/automations"])
    status: int
    data: dict[str, object]


class StepFailed(BaseModel):
    endpoint: str
    error: str


class MasterRun(BaseModel):
    success: Literal[True] = True
    master: Literal[True] = True
    timestamp: str = Field(examples=["2026-03-04T10:30:00.000Z"])
    results: list[StepDone | StepFailed]
