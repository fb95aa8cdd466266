"""How much of what takes long may go on at once in this process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from api.errors import RETRY_AFTER_SECONDS, Refusal


class Slots:
    """So many of `what` at once: each takes a connection, of which the other requests need theirs."""

    def __init__(self, count: int, what: str) -> None:
        self._left = count
        self._what = what

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Raises a Refusal (429) when none is left."""
        if self._left == 0:
            raise Refusal(
                429,
                f"Too many {self._what} at once; try again when one has ended",
                headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
            )
        self._left -= 1
        try:
            yield
        finally:
            self._left += 1
