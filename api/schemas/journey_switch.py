"""What goes with enabling, disabling, copying and trying a journey, and with its UTM tags."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StringConstraints,
    ValidationInfo,
    field_validator,
)

from api.schemas.journey_out import Shown
from api.schemas.journey_text import MaybeEmptyUpTo250, Written
from domain.journeys.resume_policy import ResumeMode, ResumePolicy
from domain.storable_text import storable

MOST_PER_MINUTE = 1_000_000


class EnableJourney(Written):
    """`enrollExisting`: let those in, too, for whom the trigger has held already."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"enrollExisting": False}]})

    enroll_existing: StrictBool = False


class ContactsInWorkflow(StrEnum):
    KEEP = "keep"
    EXIT = "exit"


class ResumePolicyIn(Written):
    """Ours: people stand still until the journey is enabled again. Of steps that fell due meanwhile, `hold` takes them
    at once, `trickle` so many a minute, and `drop` has the people leave who had one; `shift` moves the end of every
    wait by the time that the journey stood still. `perMinute`: with trickle alone."""

    mode: ResumeMode
    per_minute: Annotated[int, Field(strict=True, ge=1, le=MOST_PER_MINUTE)] | None = Field(
        default=None, validate_default=True
    )

    @field_validator("per_minute")
    @classmethod
    def _with_trickle_alone(cls, value: int | None, info: ValidationInfo) -> int | None:
        mode = info.data.get("mode")
        if mode is not None and (mode is ResumeMode.TRICKLE) is (value is None):
            raise ValueError("goes with mode trickle, and with no other")
        return value


class DisableJourney(Written):
    """`keep`: whoever is inside goes on to their end, unless there is a `resumePolicy`. `exit`: they leave at once."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"contactsInWorkflow": "keep"}]})

    contacts_in_workflow: ContactsInWorkflow
    resume_policy: ResumePolicyIn | None = None

    @field_validator("resume_policy")
    @classmethod
    def _with_keep_alone(cls, value: ResumePolicyIn | None, info: ValidationInfo) -> ResumePolicyIn | None:
        if value is not None and info.data.get("contacts_in_workflow") is ContactsInWorkflow.EXIT:
            raise ValueError("goes with contactsInWorkflow keep: with exit nobody stays")
        return value


class CopyJourney(Written):
    """Without a name, or with an empty one, it is `Copy of: ` and the name of the original."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Welcome Series, B"}]})

    name: (
        Annotated[str, Field(strict=True), StringConstraints(max_length=255), AfterValidator(storable)] | None
    ) = None


class StandingOut(Shown):
    """`blockID` null: those who have not begun."""

    block_id: str | None
    inside: int
    overdue: int


class OverdueOut(Shown):
    """People inside whose step is due and has not been taken, as of `asOf`. `lastStepAt`: when the last of them takes
    it, were the journey enabled now; null when nobody would."""

    as_of: datetime
    resume_policy: ResumePolicy | None
    inside: int
    overdue: int
    last_step_at: datetime | None
    blocks: list[StandingOut]


class SendTestEmail(Written):
    model_config = ConfigDict(json_schema_extra={"examples": [{"recipients": ["merchant@example.com"]}]})

    recipients: Annotated[
        list[Annotated[str, Field(max_length=320, json_schema_extra={"format": "email"})]],
        Field(min_length=1, max_length=5),
    ]


class TagsIn(Written):
    """An empty text has the tag be its default again."""

    source: MaybeEmptyUpTo250
    medium: MaybeEmptyUpTo250
    campaign: MaybeEmptyUpTo250


class UpdateUtm(Written):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"tags": {"source": "carillon", "medium": "email", "campaign": "welcome"}}]
        }
    )

    tags: TagsIn


class TagsOut(BaseModel):
    source: str
    medium: str
    campaign: str


class UtmOut(BaseModel):
    tags: TagsOut


class BlockUtmOut(Shown):
    block_id: str
    tags: TagsOut


class UtmsOut(BaseModel):
    """Of each send block."""

    blocks: list[BlockUtmOut]
