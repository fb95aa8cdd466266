"""CSV that is sent while it is read: never held whole, and not read on once nobody takes it."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import timedelta

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

# The transaction of an export keeps the database from tidying up behind the queue.
LONGEST = timedelta(minutes=30)


class CsvResponse(Response):
    """A file to download. Ends what it reads when the client goes away, or takes longer than LONGEST."""

    media_type = "text/csv"

    def __init__(self, first: bytes, others: AsyncGenerator[bytes, None], filename: str) -> None:
        self._first = first
        self._others = others
        self.status_code = 200
        self.background = None
        self.init_headers({"Content-Disposition": f'attachment; filename="{filename}"'})

    @classmethod
    async def of(cls, pieces: AsyncGenerator[bytes, None], filename: str) -> "CsvResponse":
        """Reads the first piece, so that what prevents the export is still answered as an error."""
        return cls(await anext(pieces), pieces, filename)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        sending = asyncio.create_task(self._send(send))
        leaving = asyncio.create_task(_disconnected(receive))
        try:
            await asyncio.wait(
                {sending, leaving}, timeout=LONGEST.total_seconds(), return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            is_over = sending.done()
            sending.cancel()
            leaving.cancel()
            await asyncio.wait({sending, leaving})
            await self._others.aclose()
        if is_over:
            sending.result()

    async def _send(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send(_part(self._first))
        async for piece in self._others:
            await send(_part(piece))
            # Rows that come as fast as they are sent would leave the other requests no turn.
            await asyncio.sleep(0)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _part(piece: bytes) -> Message:
    return {"type": "http.response.body", "body": piece, "more_body": True}


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
