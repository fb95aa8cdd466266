"""Refusals as problems of RFC 9457, which the rules surface answers: everything that is wrong at once."""

from typing import Any
from uuid import uuid4

from pydantic import BaseModel, Field

from api.errors import Fault, FaultCode, Refusal, TextPosition

PROBLEM_PATHS = "/v1/automation/"
PROBLEM_MEDIA_TYPE = "application/problem+json"
VALIDATION_FAILED = "validation_failed"


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


def tells_problems(path: str) -> bool:
    """Whether a request to `path` is refused with a problem."""
    return path.startswith(PROBLEM_PATHS)


def problem_of(refusal: Refusal) -> Problem:
    code = VALIDATION_FAILED if refusal.status == 400 and refusal.faults else refusal.body.code
    return Problem(
        type=f"/problems/{code.replace('_', '-')}",
        title=code.replace("_", " ").capitalize(),
        status=refusal.status,
        detail=_detail(refusal),
        instance=f"urn:carillon:request:{uuid4()}",
        errors=[_field_problem(fault) for fault in refusal.faults] or None,
    )


def _detail(refusal: Refusal) -> str:
    more = len(refusal.faults) - 1
    return f"{refusal.body.message} (and {more} more)" if more > 0 else refusal.body.message


def _field_problem(fault: Fault) -> FieldProblem:
    told: dict[str, Any] = dict(fault)
    return FieldProblem(message=told.pop("reason"), **told)
