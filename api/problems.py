"""Refusals as problems of RFC 9457, on the surfaces that tell those: everything that is wrong at once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from pydantic import BaseModel, Field

from api.errors import Fault, FaultCode, Refusal, TextPosition
from api.plain_errors import tells_plainly

PROBLEM_PATHS = "/v1/automation/"
VERSIONED_PATHS = "/api/"
PROBLEM_MEDIA_TYPE = "application/problem+json"
VALIDATION_FAILED = "validation_failed"
TOO_MANY_REQUESTS = 429


class FieldProblem(BaseModel):
    """One field that is wrong; `position` is a place in its text."""

    field: str = Field(examples=["actions.0.body"])
    code: FaultCode
    message: str
    expected: str | None = None
    received: str | None = None
    suggestion: str | None = None
    position: TextPosition | None = None


class Problem(BaseModel):
    """`type` tells programs what went wrong, `title` and `detail` people; `instance` is this one request."""

    type: str = Field(examples=["/problems/validation-failed"])
    title: str = Field(examples=["Validation failed"])
    status: int
    detail: str
    instance: str = Field(examples=["urn:carillon:request:6f1c2a52-9a4e-4d3b-8c3f-0d7a54a3a1b7"])
    errors: list[FieldProblem] | None = None


class FieldError(BaseModel):
    """One field that is wrong."""

    field: str = Field(examples=["blocks.0.action.sendEmail.subject"])
    code: str = Field(examples=["required", "invalid_format"])
    message: str


class PlainProblem(BaseModel):
    """`type` tells programs what went wrong, `title` and `detail` people; `instance` is this one request."""

    type: str = Field(examples=["https://problems.omnisend.com/not-found"])
    title: str = Field(examples=["Not found"])
    status: int
    detail: str
    instance: str = Field(examples=["urn:omnisend:request:6f1c2a52-9a4e-4d3b-8c3f-0d7a54a3a1b7"])


class ValidationProblem(PlainProblem):
    """`errors`: every field that is wrong."""

    errors: list[FieldError]


class ConflictProblem(PlainProblem):
    """`errors`: what has to be put right first, where that can be told by field."""

    errors: list[FieldError] | None = None


class RateLimitProblem(PlainProblem):
    """`retryAfter`: seconds to wait before trying again."""

    retry_after: int = Field(alias="retryAfter")


@dataclass(frozen=True, slots=True)
class _Style:
    """How a surface names problems; `types`: where it calls them otherwise than we do."""

    type_base: str
    instance_base: str
    types: Mapping[str, str] = field(default_factory=dict)


_OURS = _Style("/problems/", "urn:carillon:request:")
_OMNISEND = _Style(
    "https://problems.omnisend.com/", "urn:omnisend:request:", {"too_many_requests": "rate_limit_exceeded"}
)
_OMNISEND_CODES = {FaultCode.INVALID: FaultCode.INVALID_FORMAT, FaultCode.MALFORMED: FaultCode.INVALID_FORMAT}


def tells_problems(path: str) -> bool:
    """Whether a request to `path` is refused with a problem."""
    return path.startswith(PROBLEM_PATHS) or is_versioned(path)


def is_versioned(path: str) -> bool:
    """Whether `path` belongs to the surface that clients name the version of."""
    return path.startswith(VERSIONED_PATHS) and not tells_plainly(path)


def problem_of(refusal: Refusal, path: str = PROBLEM_PATHS) -> dict[str, Any]:
    """The JSON of the problem that a refused request to `path` is answered with."""
    style = _OMNISEND if is_versioned(path) else _OURS
    code = VALIDATION_FAILED if refusal.status == 400 and refusal.faults else refusal.body.code
    name = style.types.get(code, code)
    problem: dict[str, Any] = {
        "type": f"{style.type_base}{name.replace('_', '-')}",
        "title": name.replace("_", " ").replace("-", " ").capitalize(),
        "status": refusal.status,
        "detail": _detail(refusal),
        "instance": f"{style.instance_base}{uuid4()}",
    }
    if refusal.faults:
        told = _field_error if style is _OMNISEND else _field_problem
        problem["errors"] = [told(fault) for fault in refusal.faults]
    if style is _OMNISEND and refusal.status == TOO_MANY_REQUESTS and refusal.headers:
        problem["retryAfter"] = int(refusal.headers["Retry-After"])
    return problem


def _detail(refusal: Refusal) -> str:
    more = len(refusal.faults) - 1
    return f"{refusal.body.message} (and {more} more)" if more > 0 else refusal.body.message


def _field_problem(fault: Fault) -> dict[str, Any]:
    told: dict[str, Any] = dict(fault)
    return FieldProblem(message=told.pop("reason"), **told).model_dump(exclude_none=True)


def _field_error(fault: Fault) -> dict[str, Any]:
    code = _OMNISEND_CODES.get(fault.code, fault.code)
    message = fault.reason if fault.expected is None else f"{fault.reason}; expected {fault.expected}"
    return {"field": fault.field, "code": code.value, "message": message}
