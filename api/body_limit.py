"""Refuse request bodies past a limit, declared or streamed, before they are held in memory."""

import contextlib

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.error_handlers import answer
from api.errors import ErrorDetails, Refusal

STREAMED_SUFFIX = "/participants/import"
DISCARDED_AT_MOST = 16_777_216


class BodyTooLargeError(Exception):
    pass


class BodyLimit:
    """ASGI middleware. Uploads that are read as a stream are exempt: they are never held whole."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].endswith(STREAMED_SUFFIX):
            await self._app(scope, receive, send)
            return
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > self._max_bytes:
            await _discard_body(receive)
            await self._refuse(scope, receive, send)
            return
        seen = 0
        started = False

        async def limited() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._max_bytes:
                if message.get("more_body", False):
                    await _discard_body(receive)
                raise BodyTooLargeError
            return message

        async def watched(message: Message) -> None:
            # Whoever reads the body may turn the error into an answer of their own.
            nonlocal started
            if seen <= self._max_bytes:
                started = True
                await send(message)

        with contextlib.suppress(BodyTooLargeError):
            await self._app(scope, limited, watched)
        if seen > self._max_bytes and not started:
            await self._refuse(scope, receive, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        expected = f"at most {self._max_bytes} bytes"
        details = ErrorDetails(field="body", reason="too large", expected=expected)
        message = f"The body is too large; {expected} are accepted"
        refusal = Refusal(413, message, details, headers={"Connection": "close"})
        await answer(scope["path"], refusal)(scope, receive, send)


async def _discard_body(receive: Receive) -> None:
    """Read on, within bounds: most clients look for the answer only once they have sent everything."""
    left = DISCARDED_AT_MOST
    more = True
    while more and left > 0:
        message = await receive()
        left -= len(message.get("body", b""))
        more = message.get("more_body", False)
