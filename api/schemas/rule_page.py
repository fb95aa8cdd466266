from typing import Generic, TypeVar

from pydantic import BaseModel, Field

Item = TypeVar("Item")


class RulePageOut(BaseModel, Generic[Item]):
    """One page. `total`: of all pages."""

    items: list[Item]
    next_cursor: str | None = Field(
        description="What to send as `cursor` for the next page: `ISO8601|uuid`. Null on the last page, and where "
        "the order allows no cursor",
        examples=["2026-11-21T10:00:00.123456+00:00|6f1c2a52-9a4e-4d3b-8c3f-0d7a54a3a1b7"],
    )
    total: int
