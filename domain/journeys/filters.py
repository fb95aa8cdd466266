"""The filters of journeys, as they are stored. Omnisend's shapes (`filterGroup`, `filterGroups`)."""

from enum import StrEnum
from typing import Any, Literal

from domain.journeys.shape import Shape


class LogicalOperator(StrEnum):
    AND = "and"
    OR = "or"


class EventFilter(Shape):
    """On the data of an event. `value` is absent for exists and notExists."""

    field: str
    operator: str
    value: Any = None


class EventFilterGroup(Shape):
    logical_operator: LogicalOperator
    filters: tuple[EventFilter, ...]


class AudienceFilter(Shape):
    """On the contact: segmentID, tag, dateAdded, firstName, lastName, gender, country, state, city, postalCode."""

    field: str
    operator: str
    value: str


class AudienceFilterGroup(Shape):
    logical_operator: LogicalOperator
    filters: tuple[AudienceFilter, ...]


class UrlMatch(Shape):
    operator: Literal["any", "is", "contains", "startsWith", "endsWith"]
    value: str | None = None


class SplitFilterType(StrEnum):
    EVENT = "event"
    CONTACT = "contact"
    MESSAGE = "message"


class SplitFilter(Shape):
    """`message`: field `blockID`, operator openedEmail, clickedEmail, clickedSms, openedPush or clickedPush, and
    the id of a send block above as value; `url_match` for clicked ones alone."""

    type: SplitFilterType
    field: str
    operator: str
    value: Any = None
    url_match: UrlMatch | None = None


class SplitFilterGroup(Shape):
    logical_operator: LogicalOperator
    filters: tuple[SplitFilter, ...]
