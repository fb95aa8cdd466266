"""Segments at Omnisend's address: their ids and pages as its clients know them, their conditions as ours."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic.config import JsonDict

from api.schemas.contact import NeighbourShape
from api.schemas.expression import ExpressionText
from api.schemas.text import ShownName
from domain.condition_forms import FilterGroup
from domain.condition_forms.limits import MAX_COMPARISONS

VIPS: JsonDict = {
    "name": "VIPs of York",
    "filterGroups": [
        {
            "logicalOperator": "and",
            "filters": [
                {"field": "tag", "operator": "eq", "value": "vip"},
                {"field": "city", "operator": "eq", "value": "York"},
            ],
        }
    ],
}
Cursor = Annotated[str, StringConstraints(max_length=4_000)]


class SegmentCondition(NeighbourShape):
    """`filterGroups` as journeys have them, all of which must hold, or a CEL `expression`: one of the two."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"filterGroups": VIPS["filterGroups"]}]}
    )

    expression: ExpressionText | None = None
    filterGroups: Annotated[list[FilterGroup], Field(max_length=MAX_COMPARISONS)] | None = None  # noqa: N815

    def asked(self) -> dict[str, Any]:
        """Under the names of our own surface."""
        given = {"expression": self.expression, "filter_groups": self.filterGroups}
        return {name: value for name, value in given.items() if value is not None}


class WrittenSegment(SegmentCondition):
    """A segment as a client writes it, whole."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [VIPS]})

    name: ShownName


class SegmentState(StrEnum):
    """`building`: who is in it is being found out, or waits to be; `failed`: that was given up, see `error`."""

    READY = "ready"
    BUILDING = "building"
    FAILED = "failed"


class ContactSegmentOut(BaseModel):
    """A segment. `expression` is what its condition comes to, however it was written."""

    segmentID: str = Field(examples=["000000000000000000000001"])  # noqa: N815
    name: str
    status: SegmentState
    error: str | None
    expression: str
    filterGroups: list[dict[str, Any]] | None  # noqa: N815
    contactsCount: int  # noqa: N815
    isStarred: bool = False  # noqa: N815
    createdAt: datetime  # noqa: N815
    updatedAt: datetime  # noqa: N815
    archivedAt: None = None  # noqa: N815


class Cursors(BaseModel):
    after: str | None
    before: str | None


class Paging(BaseModel):
    limit: int
    hasMore: bool  # noqa: N815
    cursors: Cursors


class ContactSegmentsOut(BaseModel):
    segments: list[ContactSegmentOut]
    paging: Paging


class SegmentStatistics(BaseModel):
    contactsCount: int  # noqa: N815


class SegmentContact(BaseModel):
    """A participant in a segment, and as of which refresh."""

    contactID: UUID  # noqa: N815
    externalID: str  # noqa: N815
    enteredAt: datetime  # noqa: N815


class SegmentContactsOut(BaseModel):
    contacts: list[SegmentContact]
    paging: Paging


class SegmentSort(StrEnum):
    CREATED_AT = "createdAt"
    NAME = "name"


class SegmentDirection(StrEnum):
    ASC = "asc"
    DESC = "desc"


class SegmentListQuery(NeighbourShape):
    """`after` or `before`, which need not be told again what was asked for."""

    limit: int = Field(default=10, ge=1, le=50, description="Segments a page")
    after: Cursor | None = Field(default=None, description="`paging.cursors.after`: the next page")
    before: Cursor | None = Field(default=None, description="`paging.cursors.before`: the previous page")
    sort: SegmentSort | None = Field(default=None, description="Without it, createdAt")
    direction: SegmentDirection | None = Field(default=None, description="Without it, desc")

    @model_validator(mode="after")
    def _one_cursor(self) -> "SegmentListQuery":
        if self.after is not None and self.before is not None:
            raise ValueError("after and before exclude each other; expected one of them")
        return self

    @property
    def asked(self) -> dict[str, str]:
        given = {"sort": self.sort, "direction": self.direction}
        return {name: value.value for name, value in given.items() if value is not None}
