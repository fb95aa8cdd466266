"""The OpenAPI document: what every operation shares, beside what its route says."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI

from api.errors import ErrorBody
from api.idempotency import HEADER as IDEMPOTENCY_KEY
from api.idempotency import LONGEST_KEY, REPLAYED, is_repeatable
from api.plain_errors import ActionFailed, PlainError, Unauthorized, WrongRequest, tells_plainly
from api.problems import (
    PROBLEM_MEDIA_TYPE,
    ConflictProblem,
    PlainProblem,
    Problem,
    RateLimitProblem,
    ValidationProblem,
    is_versioned,
    tells_problems,
)
from api.rate_limiting import LIMITED_PATHS

Document = dict[str, Any]
Answers = dict[int | str, dict[str, Any]]

# With a default the framework adds no 422, which nothing answers; it is taken out again.
_NO_422: Answers = {"default": {"model": ErrorBody}}

ERRORS: Answers = _NO_422 | {
    status: {"model": ErrorBody, "description": meaning}
    for status, meaning in (
        (400, "The request is wrong; `details` names the field"),
        (401, "No valid API key"),
        (403, "The key may not do this"),
        (404, "No such thing in this program"),
        (409, "It conflicts with what exists"),
        (413, "The body is too large"),
        (429, "Too many requests; try again after `Retry-After` seconds"),
        (500, "A fault of the server"),
        (503, "The database or Temporal is away; try again after `Retry-After` seconds"),
    )
}
ERRORS_WITHOUT_A_KEY = {status: ERRORS[status] for status in (413, 500, 503)} | _NO_422
_PROBLEMS: Answers = {
    **{status: {**answer, "model": Problem} for status, answer in ERRORS.items()},
    400: {"model": Problem, "description": "The request is wrong; `errors` names every field"},
}
_PLAIN_SHAPES = {400: WrongRequest, 401: Unauthorized, 500: ActionFailed, 503: ActionFailed}
_PLAIN: Answers = _NO_422 | {
    status: {**answer, "model": _PLAIN_SHAPES.get(status, PlainError)}
    for status, answer in ERRORS.items()
    if isinstance(status, int)
}
_VERSIONED_PROBLEMS: Answers = {
    **{status: {**answer, "model": PlainProblem} for status, answer in ERRORS.items()},
    400: {"model": ValidationProblem, "description": "The request is wrong; `errors` names every field"},
    409: {"model": ConflictProblem, "description": "What there is stands against it"},
    410: {"model": PlainProblem, "description": "The version of the API has been retired"},
    429: {
        "model": RateLimitProblem,
        "description": "Too many requests; try again after `retryAfter` seconds",
    },
}

_COUNT = {"type": "integer", "minimum": 0}
_SECONDS = {"type": "integer", "minimum": 1}
HEADERS: dict[str, Document] = {
    "X-RateLimit-Limit": {"description": "Requests that may come at once", "schema": _COUNT},
    "X-RateLimit-Remaining": {"description": "Requests that would pass now", "schema": _COUNT},
    "X-RateLimit-Reset": {
        "description": "Unix second when as many may come at once again",
        "schema": _COUNT,
    },
    "Retry-After": {"description": "Seconds to wait before trying again", "schema": _SECONDS},
    "WWW-Authenticate": {"description": "How to send a key", "schema": {"type": "string"}},
    REPLAYED: {
        "description": f"This is the stored answer to the first request with this `{IDEMPOTENCY_KEY}`",
        "schema": {"type": "string", "const": "true"},
    },
}
RATE_LIMIT_HEADERS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
HEADERS_BY_STATUS = {
    "401": ("WWW-Authenticate",),
    "409": ("Retry-After",),
    "429": ("Retry-After",),
    "503": ("Retry-After",),
}
NEVER_REPLAYED = frozenset({"401", "413", "429", "500", "503"})

REPEATABLE: Document = {
    "name": IDEMPOTENCY_KEY,
    "in": "header",
    "required": False,
    "description": "Sent again with the same key, the request is carried out once and answered alike",
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY},
}


def errors_below(prefix: str) -> Answers:
    """What the routes of a router with this prefix may answer beside what they say themselves."""
    if tells_plainly(f"{prefix}/"):
        return _PLAIN
    if is_versioned(f"{prefix}/"):
        return _VERSIONED_PROBLEMS
    return _PROBLEMS if tells_problems(f"{prefix}/") else ERRORS


def completed(openapi: Callable[[], Document], app: FastAPI) -> Callable[[], Document]:
    """The framework's own document, with the headers that middleware reads and writes. Made once."""

    def document() -> Document:
        if app.openapi_schema is None:
            made = openapi()
            made["components"]["headers"] = HEADERS
            made["components"]["parameters"] = {IDEMPOTENCY_KEY: REPEATABLE}
            for path, item in made["paths"].items():
                for method, operation in item.items():
                    _complete(operation, method.upper(), path)
        assert app.openapi_schema is not None
        return app.openapi_schema

    return document


def _complete(operation: Document, method: str, path: str) -> None:
    repeatable = is_repeatable(method, path)
    if repeatable:
        reference = {"$ref": f"#/components/parameters/{IDEMPOTENCY_KEY}"}
        operation.setdefault("parameters", []).append(reference)
    del operation["responses"]["default"]
    for status, answer in operation["responses"].items():
        if tells_problems(path) and not status.startswith("2"):
            # The framework writes it down as what the route answers else.
            (shape,) = answer["content"].values()
            answer["content"] = {PROBLEM_MEDIA_TYPE: shape}
        names = [*HEADERS_BY_STATUS.get(status, ())]
        if path.startswith(LIMITED_PATHS):
            names += RATE_LIMIT_HEADERS
        if repeatable and status not in NEVER_REPLAYED:
            names.append(REPLAYED)
        if names:
            answer["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
