"""Keyset pages, newest first: constant time however deep the page."""

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import desc, tuple_
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

Row = TypeVar("Row")


class InvalidCursorError(ValueError):
    """The cursor was not made by this list."""


@dataclass(frozen=True, slots=True)
class PageRequest:
    limit: int
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    rows: list[Row]
    next_cursor: str | None


def encode_cursor(at: datetime, row_id: UUID) -> str:
    return base64.urlsafe_b64encode(plain_cursor(at, row_id).encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> tuple[datetime, UUID]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        plain = base64.b64decode(padded, altchars=b"-_", validate=True).decode()
    except (ValueError, binascii.Error):
        raise InvalidCursorError("expected a next_cursor from this list") from None
    return read_plain_cursor(plain)


def plain_cursor(at: datetime, row_id: UUID) -> str:
    """`ISO8601|uuid`."""
    return f"{at.isoformat()}|{row_id}"


def read_plain_cursor(cursor: str) -> tuple[datetime, UUID]:
    """Raises InvalidCursorError."""
    at, _, row_id = cursor.partition("|")
    try:
        instant = datetime.fromisoformat(at)
        identifier = UUID(row_id)
    except ValueError:
        raise InvalidCursorError("expected a next_cursor from this list") from None
    if instant.tzinfo is None:
        raise InvalidCursorError("expected a next_cursor from this list")
    return instant, identifier


async def page_newest_first(
    session: AsyncSession, statement: SelectOfScalar[Row], at: Any, row_id: Any, request: PageRequest
) -> Page[Row]:
    """One page of `statement` ordered by (at, id) descending. Raises InvalidCursorError."""
    if request.cursor is not None:
        statement = statement.where(tuple_(col(at), col(row_id)) < decode_cursor(request.cursor))
    statement = statement.order_by(desc(col(at)), desc(col(row_id))).limit(request.limit + 1)
    rows = list((await session.exec(statement)).all())
    if len(rows) <= request.limit:
        return Page(rows, None)
    last = rows[request.limit - 1]
    return Page(rows[: request.limit], encode_cursor(getattr(last, at.key), getattr(last, row_id.key)))
