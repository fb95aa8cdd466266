"""Refusals, and the shape that most surfaces tell them in: `{code, message, details: {field, reason, ...}}`."""

from collections.abc import Sequence
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

RETRY_AFTER_SECONDS = 5
RECEIVED_AT_MOST = 200

CODES = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    410: "gone",
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


class FaultCode(StrEnum):
    """What kind of fault a field has, for programs to branch on."""

    REQUIRED = "required"
    UNKNOWN_FIELD = "unknown_field"
    WRONG_TYPE = "wrong_type"
    UNKNOWN_VALUE = "unknown_value"
    OUT_OF_RANGE = "out_of_range"
    MALFORMED = "malformed"
    INVALID = "invalid"
    INVALID_FORMAT = "invalid_format"
    NOT_ALLOWED = "not_allowed"
    NOT_FOUND = "not_found"
    DUPLICATE = "duplicate"


class Fault(ErrorDetails):
    """One field that is wrong."""

    code: FaultCode = FaultCode.INVALID


class ErrorBody(BaseModel):
    code: str = Field(examples=["not_found"])
    message: str
    details: ErrorDetails | None = None


class Refusal(Exception):  # noqa: N818
    """Raised anywhere in the API; answered as an ErrorBody, or as a Problem where the surface tells those.

    `faults`: every field that is wrong, of which an ErrorBody tells one, in `details`.
    """

    def __init__(
        self,
        status: int,
        message: str,
        details: ErrorDetails | None = None,
        headers: dict[str, str] | None = None,
        code: str | None = None,
        faults: Sequence[Fault] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body = ErrorBody(code=code or CODES[status], message=message, details=details)
        self.headers = headers
        self.faults = tuple(faults) or ((Fault(**dict(details)),) if details else ())


def not_found(what: str) -> Refusal:
    return Refusal(404, f"{what} not found")


def invalid(field: str, reason: str, expected: str | None = None, received: str | None = None) -> Refusal:
    """400: one field of the request is wrong."""
    shown = None if received is None else received[:RECEIVED_AT_MOST]
    details = ErrorDetails(field=field, reason=reason, expected=expected, received=shown)
    return Refusal(400, f"{field}: {reason}", details)


def invalid_fields(faults: Sequence[Fault]) -> Refusal:
    """400: each of these fields is wrong."""
    first = faults[0]
    return Refusal(400, f"{first.field}: {first.reason}", first, faults=faults)


def unavailable(message: str) -> Refusal:
    return Refusal(503, message, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})
