from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.expression import AskedExpression
from api.schemas.text import LongText, ShownName
from domain.segments import SegmentStatus


class CreateSegment(AskedExpression):
    """The condition as in a preview: the expression itself, or one of the forms. It cannot ask for segments."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"name": "Regulars", "expression": "participant.counters.orders >= 5"},
                {
                    "name": "VIPs of York",
                    "filter_groups": [
                        {
                            "logicalOperator": "and",
                            "filters": [
                                {"field": "tag", "operator": "eq", "value": "vip"},
                                {"field": "city", "operator": "eq", "value": "York"},
                            ],
                        }
                    ],
                },
            ]
        },
    )

    name: ShownName
    description: LongText | None = None


class PatchSegment(AskedExpression):
    """Only the fields sent change; a condition, in whatever form, takes the place of the one before."""

    model_config = ConfigDict(extra="forbid")

    name: ShownName | None = None
    description: LongText | None = None


class SegmentOut(BaseModel):
    """A segment, and how many were in it when it was last refreshed."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    program_id: UUID
    name: str
    description: str | None
    expression: str
    form: dict[str, Any] | None = Field(
        description="The condition as it was given, by the name of its form; null for an expression"
    )
    status: SegmentStatus = Field(
        description="pending: not evaluated since it was made or its condition changed; failed: see error"
    )
    error: str | None = Field(description="Why it could not be evaluated; its members are those of before")
    member_count: int
    refreshed_at: datetime | None = Field(description="As of when its members are")
    refresh_requested_at: datetime | None = Field(description="Null when no refresh is waited for")
    created_at: datetime
    updated_at: datetime


class SegmentMemberOut(BaseModel):
    """A participant in a segment, and as of which refresh."""

    model_config = ConfigDict(from_attributes=True)

    participant_id: UUID
    external_id: str
    entered_at: datetime
