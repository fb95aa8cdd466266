"""Whatever goes wrong, answered in the shape of the surface that was asked."""

import json
import logging
import traceback
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.routing import Match

from api.errors import CODES, Refusal, invalid, invalid_fields, unavailable
from api.plain_errors import plain_body, tells_plainly
from api.problems import PROBLEM_MEDIA_TYPE, problem_of, tells_problems
from api.validation_problems import faults_of

# The framework raises it for one thing only: a body that is no text, or nests too deep to be read.
UNREADABLE_BODY = 400
METHOD_NOT_ALLOWED = 405
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
SERVER_ERRORS = 500

_log = logging.getLogger("carillon.api")


class _ErrorResponse(JSONResponse):
    """Errors repeat what the client sent, which may be text that UTF-8 cannot carry."""

    def render(self, content: Any) -> bytes:
        return json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")


def answer(path: str, refusal: Refusal) -> Response:
    """The answer to a request to `path` that is refused."""
    if tells_plainly(path):
        return _ErrorResponse(plain_body(refusal).model_dump(), refusal.status, refusal.headers)
    if not tells_problems(path):
        body = refusal.body.model_dump(exclude_none=True)
        return _ErrorResponse(body, refusal.status, refusal.headers)
    problem = problem_of(refusal, path)
    if refusal.status >= SERVER_ERRORS:
        _log.warning("%s: %s", problem["instance"], problem["title"])
    return _ErrorResponse(problem, refusal.status, refusal.headers, PROBLEM_MEDIA_TYPE)


def _answer(request: Request, refusal: Refusal) -> Response:
    return answer(request.scope["path"], refusal)


async def _on_refusal(request: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, Refusal)
    return _answer(request, refusal)


async def _on_validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return _answer(request, invalid_fields(faults_of(error.errors(), error.body)))


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == UNREADABLE_BODY:
        reason = "not UTF-8 text, nested too deep, or with a number of too many digits"
        return _answer(request, invalid("body", reason, "well-formed JSON"))
    headers = dict(error.headers or {})
    if error.status_code == METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(_methods_of(request))
    code = CODES.get(error.status_code, "error")
    return _answer(request, Refusal(error.status_code, str(error.detail), headers=headers, code=code))


def _methods_of(request: Request) -> list[str]:
    """What the address takes: the framework asks the first of its routes only, and each has one method."""
    routes = request.app.router.routes
    return [
        method
        for method in METHODS
        if any(route.matches({**request.scope, "method": method})[0] is Match.FULL for route in routes)
    ]


async def _on_database(request: Request, error: Exception) -> Response:
    away = isinstance(error, PoolTimeout | psycopg.OperationalError) or (
        isinstance(error, DBAPIError)
        and (error.connection_invalidated or isinstance(error.orig, psycopg.OperationalError))
    )
    if away:
        cause = error.orig if isinstance(error, DBAPIError) else error
        # A deadlock is answered so too, and would be seen nowhere else.
        _log.warning("database unavailable: %s", type(cause).__name__)
        return _answer(request, unavailable("The database is unavailable"))
    # The driver's own message may quote a row, so only the kind and the place are logged.
    place = "".join(traceback.format_tb(error.__traceback__))
    _log.error("database error %s\n%s", type(error).__name__, place)
    return _internal_error(request)


async def _on_bug(request: Request, _: Exception) -> Response:
    """The framework raises it again once this is sent, so the server logs it."""
    return _internal_error(request)


def _internal_error(request: Request) -> Response:
    return _answer(request, Refusal(500, "Internal error", code="internal"))


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
