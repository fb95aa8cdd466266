"""Idempotency-Key: a POST that is repeated with the same key is carried out once."""

import hashlib
import json
import logging
from datetime import UTC, datetime
from math import ceil
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import Depends, Request
from sqlalchemy.exc import SQLAlchemyError
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.auth import authenticate
from api.body_limit import STREAMED_SUFFIX
from api.errors import Refusal, invalid
from api.rate_limiting import LIMITED_PATHS
from domain.identity import Identity
from store.database import Database
from store.idempotency import (
    Answer,
    Claim,
    InProgressError,
    KeyReusedError,
    RepeatableRequest,
    claim_request,
    keep_answer,
    key_hash,
    release_request,
)

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
LONGEST_KEY = 255
TOO_MANY_REQUESTS = 429


async def _request_id(request: Request) -> UUID | None:
    return getattr(request.state, "request_id", None)


# The same for each attempt at a request that came with a key, else None: what a route makes may take it
# as its own id, and then a second attempt finds what the first one left.
RequestId = Annotated[UUID | None, Depends(_request_id)]


def is_repeatable(method: str, path: str) -> bool:
    """Whether the operation takes the key."""
    return method == "POST" and path.startswith(LIMITED_PATHS) and not path.endswith(STREAMED_SUFFIX)


class Idempotency:
    """ASGI middleware for POSTs, except uploads that are read as a stream.

    Server errors are not kept, so the same key may be tried again after them.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        repeatable = scope["type"] == "http" and is_repeatable(scope["method"], scope["path"])
        key = Headers(scope=scope).get(HEADER) if repeatable else None
        if key is None:
            await self._app(scope, receive, send)
            return
        incoming = Request(scope, receive)
        caller = await authenticate(incoming)
        if not 1 <= len(key) <= LONGEST_KEY:
            raise invalid(HEADER, "has the wrong length", f"1 to {LONGEST_KEY} characters")
        try:
            body = await incoming.body()
        except ClientDisconnect:
            return
        answer = await self._answer(scope, _with_body(body, receive), _described(incoming, caller, key, body))
        await answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, request: RepeatableRequest) -> Response:
        database: Database = scope["app"].state.database
        claimed = await _claimed(database, request)
        if isinstance(claimed, Answer):
            headers = {REPLAYED: "true"}
            return Response(claimed.body, claimed.status, headers, claimed.content_type)
        scope["state"]["request_id"] = claimed.request_id
        try:
            response = await _collected(self._app, scope, receive)
        except Exception:
            await _end(database, claimed, None)
            raise
        await _end(database, claimed, _worth_keeping(response, scope["state"].get("shown_once", ())))
        return response


async def _claimed(database: Database, request: RepeatableRequest) -> Claim | Answer:
    now = datetime.now(UTC)
    try:
        async with database.transaction() as session:
            return await claim_request(session, request, now)
    except KeyReusedError:
        message = f"This {HEADER} was used for another request"
        raise Refusal(409, message, code="idempotency_conflict") from None
    except InProgressError as error:
        seconds = max(1, ceil((error.until - now).total_seconds()))
        raise Refusal(
            409,
            f"The first request with this {HEADER} is in progress",
            headers={"Retry-After": str(seconds)},
            code="idempotency_in_progress",
        ) from None


def _described(incoming: Request, caller: Identity, key: str, body: bytes) -> RepeatableRequest:
    """Callers of one program and role share a scope: each may do, and see, what any other of them did."""
    target = f"POST {quote(incoming.scope['path'])}?{incoming.scope['query_string'].decode('latin-1')}"
    program = incoming.headers.get("X-Program-Id", "")
    # With the key in it, which is kept as a hash only: the body may hold a password, which could be guessed.
    digest = hashlib.sha256(f"{key}\n{target}\n{program}\n".encode())
    digest.update(body)
    return RepeatableRequest(
        scope=f"{caller.program_id or 'organisation'}/{caller.role}",
        key_hash=key_hash(key),
        request=target.removesuffix("?"),
        request_hash=digest.hexdigest(),
    )


def _with_body(body: bytes, receive: Receive) -> Receive:
    """What is left to receive once the body has been read, and the body before it."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


async def _collected(app: ASGIApp, scope: Scope, receive: Receive) -> Response:
    """The whole answer, held back: a client that has it may count on seeing it again."""
    response = Response()
    parts: list[bytes] = []

    async def hold(message: Message) -> None:
        if message["type"] == "http.response.start":
            response.status_code = message["status"]
            response.raw_headers = list(message["headers"])
        elif message["type"] == "http.response.body":
            parts.append(message.get("body", b""))

    await app(scope, receive, hold)
    response.body = b"".join(parts)
    return response


def _worth_keeping(response: Response, shown_once: tuple[str, ...]) -> Answer | None:
    if response.status_code >= 500 or response.status_code == TOO_MANY_REQUESTS:
        return None
    text = bytes(response.body).decode()
    if shown_once and response.status_code < 400:
        text = json.dumps(json.loads(text) | dict.fromkeys(shown_once), ensure_ascii=False)
    return Answer(response.status_code, response.headers.get("content-type"), text)


async def _end(database: Database, claim: Claim, answer: Answer | None) -> None:
    """The request has been carried out, so a failure here is not the client's: the claim runs out."""
    try:
        async with database.transaction() as session:
            if answer is None:
                await release_request(session, claim, datetime.now(UTC))
            else:
                await keep_answer(session, claim, answer)
    except (SQLAlchemyError, OSError) as error:
        logging.getLogger("carillon.api").warning("an answer was not kept: %s", type(error).__name__)
