"""What goes on inside a journey, as it is shown, and what may be asked of the people there. All of it is ours."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.journey_out import PagingOut, Shown
from api.schemas.journey_text import Filled, Written
from domain.journeys.blocks import BlockType
from domain.journeys.enrolling import EnrollmentStatus

BlockId = Annotated[Filled, Field(max_length=64)]


class BlockFlowOut(Shown):
    """`type` null: a block that the published version does not have any more. `blockID` null: before the first block.

    `inside`: who stands there now, `overdue` of them with a step due. `entered`: how often a step was taken to it.
    `decisions`: how often what was decided there, such as `sent`, `skipped:no_consent`, `branched:true`. `converted`:
    who reached a goal there. `left`: who left there before the end.
    """

    block_id: str | None
    type: BlockType | None
    inside: int
    overdue: int
    entered: int
    decisions: dict[str, int]
    converted: int
    left: int


class FlowOut(Shown):
    """`entered`: all who ever did, each as often as they did."""

    as_of: datetime
    entered: int
    inside: int
    completed: int
    exited: int
    cancelled: int
    converted: int
    blocks: list[BlockFlowOut]


class EnrollmentOut(Shown):
    """One pass of one contact. `blockID`: where they stand, or left; null before the first block. `nextStepAt`: null
    once it is over. `reason`: why they left before the end."""

    id: UUID
    contact_id: UUID
    status: EnrollmentStatus
    version: str = Field(description="The content hash of the version that they walk")
    entered_at: datetime
    trigger_event_id: UUID | None
    block_id: str | None
    waiting_since: datetime | None
    next_step_at: datetime | None
    converted_at: datetime | None
    finished_at: datetime | None
    reason: str | None
    exit_event_id: UUID | None


class EnrollmentsOut(BaseModel):
    enrollments: list[EnrollmentOut]
    paging: PagingOut


class StepOut(Shown):
    """One decision, and why. `version`: the one that they walked then."""

    number: int
    at: datetime
    version: str
    block_id: str | None
    decision: str
    reason: str | None


class PathOut(EnrollmentOut):
    steps: list[StepOut]


class MoveEnrollment(Written):
    """A block of the version that the contact walks."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"blockID": "000000000000000000000001"}]})

    block_id: BlockId
