"""Lists as CSV (RFC 4180), written by the database itself and handed on row by row."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import psycopg
from sqlalchemy import (
    Boolean,
    ColumnElement,
    DateTime,
    SQLColumnExpression,
    Uuid,
    case,
    func,
    literal,
    select,
)
from sqlalchemy import Text as SqlText
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from store.rule_pages import RuleList, Selection, Sorting, plan_for_lists

CHUNK_BYTES = 64 * 1024
# A spreadsheet takes a cell that starts with one of these for a formula, and computes it.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_ISO_8601 = 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'
_PLAIN = (Boolean, Uuid)


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """The first `limit` rows; the period includes its beginning and excludes its end."""

    limit: int
    sorting: Sorting
    created_from: datetime | None = None
    created_to: datetime | None = None


async def export_csv(
    session: AsyncSession, listed: RuleList, request: ExportRequest
) -> AsyncGenerator[bytes, None]:
    """A header and the rows, in pieces of some CHUNK_BYTES. Closing the iterator ends the query."""
    await plan_for_lists(session)
    connection = await session.connection()
    compiled = exported(listed, request).compile(
        dialect=connection.dialect, compile_kwargs={"render_postcompile": True}
    )
    driver = (await connection.get_raw_connection()).driver_connection
    assert isinstance(driver, psycopg.AsyncConnection)
    copy_out = f"COPY ({compiled}) TO STDOUT (FORMAT csv, HEADER, ENCODING 'UTF8')".encode()
    piece = bytearray()
    async with driver.cursor() as cursor, cursor.copy(copy_out, compiled.params) as copy:
        async for row in copy:
            piece += bytes(row).removesuffix(b"\n") + b"\r\n"
            if len(piece) >= CHUNK_BYTES:
                yield bytes(piece)
                piece.clear()
    yield bytes(piece)


def exported(listed: RuleList, request: ExportRequest) -> Selection:
    """The rows, each value as the text of its cell."""
    table, sorting = listed.table, request.sorting
    conditions = listed.where
    if request.created_from is not None:
        conditions.append(col(table.created_at) >= request.created_from)
    if request.created_to is not None:
        conditions.append(col(table.created_at) < request.created_to)
    cells = (_cell(column).label(name) for name, column in listed.columns.items())
    return (
        select(*cells)
        .where(*conditions)
        .order_by(*sorting.of(col(getattr(table, sorting.by)), col(table.id)))
        .limit(request.limit)
    )


def _cell(column: SQLColumnExpression[Any]) -> ColumnElement[Any]:
    shown = cast(ColumnElement[Any], column)
    if isinstance(shown.type, DateTime):
        return func.to_char(func.timezone("UTC", shown), _ISO_8601)
    text = shown.cast(SqlText)
    if isinstance(shown.type, _PLAIN):
        return text
    return case((func.left(text, 1).in_(FORMULA_STARTS), literal("'") + text), else_=text)
