"""Which page of runs or events is asked for: by cursor or by number, and in which order."""

from enum import StrEnum
from typing import Annotated

from fastapi import Depends, Query

from api.errors import invalid
from store.rule_pages import RulePageRequest, Sorting, SortOrder

DEEPEST_ROW = 100_000


class RunSortBy(StrEnum):
    CREATED_AT = "created_at"


class EventSortBy(StrEnum):
    """By `processed_at`, events that are not processed yet come last, and pages have no cursor."""

    CREATED_AT = "created_at"
    PROCESSED_AT = "processed_at"


Order = Annotated[SortOrder, Query(description="Newest first, unless asked otherwise")]
Cursor = Annotated[
    str | None, Query(max_length=200, description="`next_cursor` of the page before: `ISO8601|uuid`")
]
PageNumber = Annotated[
    int | None,
    Query(ge=1, le=DEEPEST_ROW, description=f"From 1, in place of a cursor; to row {DEEPEST_ROW:,} at most"),
]
PerPage = Annotated[int, Query(ge=1, le=100, description="Rows a page")]


async def run_sorting(
    sort_by: RunSortBy = RunSortBy.CREATED_AT, sort_order: Order = SortOrder.DESC
) -> Sorting:
    return Sorting(sort_by.value, sort_order)


async def event_sorting(
    sort_by: EventSortBy = EventSortBy.CREATED_AT, sort_order: Order = SortOrder.DESC
) -> Sorting:
    return Sorting(sort_by.value, sort_order)


RunSortingDep = Annotated[Sorting, Depends(run_sorting)]
EventSortingDep = Annotated[Sorting, Depends(event_sorting)]


async def _run_page(
    sorting: RunSortingDep, cursor: Cursor = None, page: PageNumber = None, per_page: PerPage = 50
) -> RulePageRequest:
    return _page_request(sorting, cursor, page, per_page)


async def _event_page(
    sorting: EventSortingDep, cursor: Cursor = None, page: PageNumber = None, per_page: PerPage = 50
) -> RulePageRequest:
    return _page_request(sorting, cursor, page, per_page)


def _page_request(sorting: Sorting, cursor: str | None, page: int | None, per_page: int) -> RulePageRequest:
    """Raises a Refusal for what cannot be had together."""
    if cursor is not None and page is not None:
        raise invalid("page", "given beside cursor", "one of the two")
    if cursor is not None and not sorting.allows_cursor:
        raise invalid("cursor", f"given beside sort_by={sorting.by}", "sort_by=created_at, or page")
    number = 1 if page is None else page
    if number * per_page > DEEPEST_ROW:
        raise invalid(
            "page",
            f"lies behind row {DEEPEST_ROW:,}",
            "the next_cursor of the page before, sent as cursor: with it every row is reached",
            str(page),
        )
    return RulePageRequest(per_page, number, cursor, sorting)


RunPageDep = Annotated[RulePageRequest, Depends(_run_page)]
EventPageDep = Annotated[RulePageRequest, Depends(_event_page)]
