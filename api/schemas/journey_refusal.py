"""Whom a journey did not let in."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.journey_out import Shown
from domain.journeys.entering import EntryRefusal


class JourneyRefusalQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=100, ge=1, le=250, description="Refusals a page")
    after: str | None = Field(
        default=None, max_length=4_000, description="`paging.cursors.after`: the next page"
    )
    reason: EntryRefusal | None = None
    participantID: UUID | None = None  # noqa: N815


class JourneyRefusalOut(Shown):
    """`event_id`: of the event that would have let them in; null where there was none."""

    model_config = ConfigDict(from_attributes=True)

    participant_id: UUID
    event_id: UUID | None
    reason: EntryRefusal
    refused_at: datetime


class RefusalCursors(Shown):
    after: str | None


class RefusalPaging(Shown):
    limit: int
    has_more: bool
    cursors: RefusalCursors


class JourneyRefusalsOut(Shown):
    refusals: list[JourneyRefusalOut]
    paging: RefusalPaging
