"""Pages of rule runs and of events: behind a cursor, at constant time however deep, or by their number."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, RowMapping, Select, SQLColumnExpression, func, literal, select, tuple_
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from store.paging import InvalidCursorError, plain_cursor, read_plain_cursor
from store.tables import Event, RuleRun

Selection = Select[*tuple[Any, ...]]


class SortOrder(StrEnum):
    ASC = "asc"
    DESC = "desc"


@dataclass(frozen=True, slots=True)
class RuleList:
    """The rows of `table` in a program that meet all `conditions`, and the columns that are shown of them.

    `columns`: by the name under which each is shown; `id` and `created_at` are among them.
    """

    table: type[RuleRun] | type[Event]
    program_id: UUID
    columns: Mapping[str, SQLColumnExpression[Any]]
    conditions: Sequence[ColumnElement[bool]] = ()

    @property
    def where(self) -> list[ColumnElement[bool]]:
        return [col(self.table.program_id) == self.program_id, *self.conditions]


@dataclass(frozen=True, slots=True)
class Sorting:
    """`by`: a column of the table. Rows that have no value there come last."""

    by: str = "created_at"
    order: SortOrder = SortOrder.DESC

    @property
    def allows_cursor(self) -> bool:
        """Only what never changes keeps pages from skipping rows or repeating them."""
        return self.by == "created_at"

    def of(
        self, at: SQLColumnExpression[Any], row_id: SQLColumnExpression[Any]
    ) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
        up = self.order is SortOrder.ASC
        place = at.asc() if up else at.desc()
        return (
            place if self.allows_cursor else place.nulls_last(),
            row_id.asc() if up else row_id.desc(),
        )


@dataclass(frozen=True, slots=True)
class RulePageRequest:
    """The rows behind `cursor`, or else those of `page`, counted from 1."""

    per_page: int
    page: int = 1
    cursor: str | None = None
    sorting: Sorting = Sorting()


@dataclass(frozen=True, slots=True)
class RulePage:
    """`total`: of all pages."""

    rows: Sequence[RowMapping]
    next_cursor: str | None
    total: int


async def plan_for_lists(session: AsyncSession) -> None:
    """Until the transaction ends, tables are not read as a whole, and each list is planned for what it asks.

    The planner takes indexes to lie on a spinning disk: it would rather read a table, or by way of a bitmap all of an
    index on something else and then the table, than count in the right index.
    """
    settings = {"enable_seqscan": "off", "enable_bitmapscan": "off", "plan_cache_mode": "force_custom_plan"}
    await session.execute(select(*(func.set_config(name, value, True) for name, value in settings.items())))


async def read_page(session: AsyncSession, listed: RuleList, request: RulePageRequest) -> RulePage:
    """Raises InvalidCursorError for a cursor that is not of a row there is."""
    await plan_for_lists(session)
    beyond = await _beyond(session, listed, request)
    total = await session.scalar(select(func.count()).select_from(listed.table).where(*listed.where))
    assert total is not None
    skipped = 0 if beyond is not None else (request.page - 1) * request.per_page
    rows = await read_rows(
        session, listed, request.sorting, request.per_page + 1, skipped=skipped, beyond=beyond
    )
    return RulePage(rows[: request.per_page], _next_cursor(rows, request), total)


async def read_rows(
    session: AsyncSession,
    listed: RuleList,
    sorting: Sorting,
    limit: int,
    *,
    skipped: int = 0,
    beyond: ColumnElement[bool] | None = None,
) -> Sequence[RowMapping]:
    """Up to `limit` rows, in order. Found in an index alone: only what is shown is read from the table."""
    table = listed.table
    at, row_id = col(getattr(table, sorting.by)), col(table.id)
    found: Selection = select(row_id, at.label("place")).where(*listed.where)
    if beyond is not None:
        found = found.where(beyond)
    found = found.order_by(*sorting.of(at, row_id)).limit(limit).offset(skipped)
    wanted = found.subquery("wanted")
    statement = (
        shown(listed).join(wanted, wanted.c.id == row_id).order_by(*sorting.of(wanted.c.place, wanted.c.id))
    )
    return (await session.execute(statement)).mappings().all()


async def read_one(session: AsyncSession, listed: RuleList, row_id: UUID) -> RowMapping | None:
    statement = shown(listed).where(*listed.where, col(listed.table.id) == row_id)
    return (await session.execute(statement)).mappings().one_or_none()


def shown(listed: RuleList) -> Selection:
    columns: Iterator[ColumnElement[Any]] = (column.label(name) for name, column in listed.columns.items())
    return select(*columns).select_from(listed.table)


async def _beyond(
    session: AsyncSession, listed: RuleList, request: RulePageRequest
) -> ColumnElement[bool] | None:
    """What holds for the rows behind the cursor."""
    if request.cursor is None:
        return None
    # A plus sign that a client forgot to encode arrives as a blank.
    at, row_id = read_plain_cursor(request.cursor.replace(" ", "+"))
    table = listed.table
    created_at = await session.scalar(
        select(col(table.created_at)).where(
            col(table.id) == row_id, col(table.program_id) == listed.program_id
        )
    )
    if created_at != at:
        raise InvalidCursorError("expected a next_cursor from this list")
    place = tuple_(col(table.created_at), col(table.id))
    cursor = tuple_(literal(created_at), literal(row_id))
    return place > cursor if request.sorting.order is SortOrder.ASC else place < cursor


def _next_cursor(rows: Sequence[RowMapping], request: RulePageRequest) -> str | None:
    if len(rows) <= request.per_page or not request.sorting.allows_cursor:
        return None
    last = rows[request.per_page - 1]
    return plain_cursor(last["created_at"], last["id"])
