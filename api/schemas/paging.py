from typing import Generic, TypeVar

from pydantic import BaseModel

Item = TypeVar("Item")


class Pagination(BaseModel):
    has_more: bool
    next_cursor: str | None = None


class Listing(BaseModel, Generic[Item]):
    """One page of a list."""

    data: list[Item]
    pagination: Pagination


def listing(items: list[Item], next_cursor: str | None) -> Listing[Item]:
    return Listing(
        data=items, pagination=Pagination(has_more=next_cursor is not None, next_cursor=next_cursor)
    )
