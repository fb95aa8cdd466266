"""Refusals, in the seed's shape: `{code, message, details: {field, reason, expected, received}}`."""

import json
import logging
import traceback
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.routing import Match

from api.validation_problems import first_problem

RETRY_AFTER_SECONDS = 5
RECEIVED_AT_MOST = 200
# The framework raises it for one thing only: a body that is no text, or nests too deep to be read.
UNREADABLE_BODY = 400
METHOD_NOT_ALLOWED = 405
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

CODES = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    413: "payload_too_large",
    415: "unsupported_media_type",
    422: "validation_failed",
    429: "too_many_requests",
    503: "unavailable",
}


class TextPosition(BaseModel):
    """A place in a text, its line and column counted from 1, in characters."""

    model_config = ConfigDict(from_attributes=True)

    line: int
    column: int


class ErrorDetails(BaseModel):
    """Where the request is wrong and what was expected instead."""

    field: str
    reason: str
    expected: str | None = None
    received: str | None = None
    suggestion: str | None = None
    position: TextPosition | None = None


class ErrorBody(BaseModel):
    code: str = Field(examples=["not_found"])
    message: str
    details: ErrorDetails | None = None


class Refusal(Exception):  # noqa: N818
    """Raised anywhere in the API; answered as an ErrorBody."""

    def __init__(
        self,
        status: int,
        message: str,
        details: ErrorDetails | None = None,
        headers: dict[str, str] | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body = ErrorBody(code=code or CODES[status], message=message, details=details)
        self.headers = headers


def not_found(what: str) -> Refusal:
    return Refusal(404, f"{what} not found")


def invalid(field: str, reason: str, expected: str | None = None, received: str | None = None) -> Refusal:
    """400: one field of the request is wrong."""
    shown = None if received is None else received[:RECEIVED_AT_MOST]
    details = ErrorDetails(field=field, reason=reason, expected=expected, received=shown)
    return Refusal(400, f"{field}: {reason}", details)


def unavailable(message: str) -> Refusal:
    return Refusal(503, message, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})


class _ErrorResponse(JSONResponse):
    """Errors repeat what the client sent, which may be text that UTF-8 cannot carry."""

    def render(self, content: Any) -> bytes:
        return json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")


def _answer(refusal: Refusal) -> JSONResponse:
    return _ErrorResponse(
        refusal.body.model_dump(exclude_none=True), status_code=refusal.status, headers=refusal.headers
    )


async def _on_refusal(_: Request, refusal: Exception) -> JSONResponse:
    assert isinstance(refusal, Refusal)
    return _answer(refusal)


async def _on_validation(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    return _answer(invalid(*first_problem(error.errors(), error.body)))


async def _on_http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    if error.status_code == UNREADABLE_BODY:
        reason = "not UTF-8 text, nested too deep, or with a number of too many digits"
        return _answer(invalid("body", reason, "well-formed JSON"))
    headers = dict(error.headers or {})
    if error.status_code == METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(_methods_of(request))
    code = CODES.get(error.status_code, "error")
    body = ErrorBody(code=code, message=str(error.detail))
    return _ErrorResponse(body.model_dump(exclude_none=True), status_code=error.status_code, headers=headers)


def _methods_of(request: Request) -> list[str]:
    """What the address takes: the framework asks the first of its routes only, and each has one method."""
    routes = request.app.router.routes
    return [
        method
        for method in METHODS
        if any(route.matches({**request.scope, "method": method})[0] is Match.FULL for route in routes)
    ]


async def _on_database(_: Request, error: Exception) -> JSONResponse:
    away = isinstance(error, PoolTimeout | psycopg.OperationalError) or (
        isinstance(error, DBAPIError)
        and (error.connection_invalidated or isinstance(error.orig, psycopg.OperationalError))
    )
    if away:
        return _answer(unavailable("The database is unavailable"))
    # The driver's own message may quote a row, so only the kind and the place are logged.
    place = "".join(traceback.format_tb(error.__traceback__))
    logging.getLogger("carillon.api").error("database error %s\n%s", type(error).__name__, place)
    return _internal_error()


def _internal_error() -> JSONResponse:
    return JSONResponse(
        ErrorBody(code="internal", message="Internal error").model_dump(exclude_none=True), 500
    )


async def _on_bug(_: Request, __: Exception) -> JSONResponse:
    """The framework raises it again once this is sent, so the server logs it."""
    return _internal_error()


HANDLERS: dict[Any, Callable[[Request, Exception], Awaitable[Response]]] = {
    Refusal: _on_refusal,
    RequestValidationError: _on_validation,
    HTTPException: _on_http,
    **dict.fromkeys((DBAPIError, PoolTimeout, psycopg.Error), _on_database),
}


def install_error_handlers(app: FastAPI) -> None:
    for kind, handler in HANDLERS.items():
        app.add_exception_handler(kind, handler)
    app.add_exception_handler(Exception, _on_bug)
