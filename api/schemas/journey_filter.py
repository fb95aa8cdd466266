"""The filters of journeys as clients write them."""

from typing import Annotated, Any, Literal

from pydantic import Field

from api.schemas.journey_text import AnyText, Label, Written
from domain.condition_forms.limits import MAX_COMPARISONS
from domain.journeys.filters import LogicalOperator, SplitFilterType


class EventFilterIn(Written):
    """On a property of the event. `value`: of the property's own JSON type; none with exists and notExists."""

    field: Label
    operator: AnyText = Field(
        description="eq, neq, gt, gte, lt, lte, contains, notContains, startsWith, endsWith, exists, notExists, in "
        "or notIn"
    )
    value: Any = None


class EventFilterGroupIn(Written):
    logical_operator: LogicalOperator
    filters: Annotated[list[EventFilterIn], Field(min_length=1, max_length=MAX_COMPARISONS)]


class AudienceFilterIn(Written):
    """On the contact: `segmentID`, `tag`, `dateAdded` (YYYY-MM-DD), `firstName`, `lastName`, `gender` (m or f),
    `country`, `state`, `city` or `postalCode`."""

    field: Label
    operator: AnyText = Field(
        description="eq, neq, gt, lt, contains or notContains, as far as the field takes it"
    )
    value: Label


class AudienceFilterGroupIn(Written):
    logical_operator: LogicalOperator
    filters: Annotated[list[AudienceFilterIn], Field(min_length=1, max_length=MAX_COMPARISONS)]


class UrlMatchIn(Written):
    """`value`: needed unless the operator is any."""

    operator: Literal["any", "is", "contains", "startsWith", "endsWith"]
    value: Label | None = None


class SplitFilterIn(Written):
    """`event`: on what started the journey. `contact`: as an audience filter. `message`: the field is `blockID`, the
    operator openedEmail, clickedEmail, clickedSms, openedPush or clickedPush, the value a send block above."""

    type: SplitFilterType
    field: Label
    operator: AnyText
    value: Any = None
    url_match: UrlMatchIn | None = None


class SplitFilterGroupIn(Written):
    logical_operator: LogicalOperator
    filters: Annotated[list[SplitFilterIn], Field(min_length=1, max_length=MAX_COMPARISONS)]
