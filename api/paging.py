"""A forged or foreign cursor is the client's mistake, not the server's."""

from collections.abc import Awaitable
from typing import TypeVar

from api.errors import invalid
from store.paging import InvalidCursorError

Result = TypeVar("Result")


async def valid_page(page: Awaitable[Result]) -> Result:
    try:
        return await page
    except InvalidCursorError:
        raise invalid("cursor", "not a cursor of this list", "a next_cursor from this list") from None
