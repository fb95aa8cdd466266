"""Reports on journeys, in the shape of Omnisend's: queries of metrics by dimensions, and a table for each."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
)

from api.schemas.journey_text import Label, Written
from domain.instants import Instant
from domain.journeys.statistics import Dimension, Granularity, Metric

EXAMPLE: dict[str, Any] = {
    "queries": [
        {
            "alias": "week by week",
            "dateRange": {"from": "2026-03-01T00:00:00Z", "to": "2026-04-01T00:00:00Z"},
            "metrics": [{"name": "entered"}, {"name": "sent"}, {"name": "clicked"}],
            "dimensions": [{"name": "timestamp", "granularity": "week"}],
            "filters": [],
        }
    ]
}


class DateRangeIn(Written):
    """From `from`, before `to`."""

    from_: Instant = Field(alias="from")
    to: Instant

    @field_validator("to")
    @classmethod
    def _after_from(cls, value: datetime, info: ValidationInfo) -> datetime:
        since = info.data.get("from_")
        if since is not None and value <= since:
            raise ValueError("not after from; expected an instant after it")
        return value


class DimensionIn(Written):
    """`granularity`: of the timestamp, and of no other; without it, day."""

    name: Dimension
    granularity: Granularity | None = None

    @field_validator("granularity")
    @classmethod
    def _of_timestamps(cls, value: Granularity | None, info: ValidationInfo) -> Granularity | None:
        if value is not None and info.data.get("name") in (Dimension.AUTOMATION, Dimension.BLOCK):
            raise ValueError("goes with the dimension timestamp alone")
        return value


class MetricIn(Written):
    name: Metric


class FilterName(StrEnum):
    AUTOMATION = "automationID"
    BLOCK = "blockID"


class FilterOperator(StrEnum):
    EQ = "eq"
    IN = "in"


class StatisticsFilterIn(Written):
    """Those with one of the values."""

    name: FilterName
    operator: FilterOperator = FilterOperator.IN
    values: Annotated[list[Label], Field(min_length=1, max_length=100)]


class StatisticsQueryIn(Written):
    alias: Label | None = None
    date_range: DateRangeIn
    metrics: Annotated[list[MetricIn], Field(min_length=1, max_length=len(Metric))]
    dimensions: Annotated[list[DimensionIn], Field(max_length=len(Dimension))] = Field(default_factory=list)
    filters: Annotated[list[StatisticsFilterIn], Field(max_length=10)] = Field(default_factory=list)

    @field_validator("dimensions")
    @classmethod
    def _each_once(cls, value: list[DimensionIn]) -> list[DimensionIn]:
        if len({dimension.name for dimension in value}) < len(value):
            raise ValueError("the same one twice; expected each once")
        return value


class StatisticsIn(Written):
    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    queries: Annotated[list[StatisticsQueryIn], Field(min_length=1, max_length=4)]


class DimensionHeader(BaseModel):
    name: Dimension
    granularity: Granularity | None


class MetricHeader(BaseModel):
    name: Metric


class StatisticsTable(BaseModel):
    """Each row has a value by the name of each dimension and of each metric. Where nothing happened there is no row."""

    alias: str | None
    dimensions: list[DimensionHeader]
    metrics: list[MetricHeader]
    rows: list[dict[str, Any]]


class StatisticsOut(BaseModel):
    statistics: list[StatisticsTable]
