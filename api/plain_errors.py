"""Refusals as the run-now surface tells them: `{error}`, with a timestamp where something was asked of an automation."""

import re
from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel, Field

from api.errors import Refusal
from domain.instants import to_the_millisecond

CRON_PATHS = "/api/cron/"
UNAUTHORIZED = 401
BAD_REQUEST = 400
SERVER_ERRORS = 500

_RUN_NOW = re.compile(r"/api/automations/(?:.*/)?run/?")


class Unauthorized(BaseModel):
    error: Literal["Unauthorized"]


class WrongRequest(BaseModel):
    error: str = Field(examples=["Automation ID is required"])
    timestamp: str


class ActionFailed(BaseModel):
    success: Literal[False]
    error: str = Field(examples=["Automation not found"])
    timestamp: str = Field(examples=["2026-03-04T10:30:00.000Z"])


class PlainError(BaseModel):
    error: str
    status: int


def timestamp_now() -> str:
    return to_the_millisecond(datetime.now(UTC))


def tells_plainly(path: str) -> bool:
    """Whether a request to `path` is refused in these shapes."""
    return path.startswith(CRON_PATHS) or _RUN_NOW.fullmatch(path) is not None


def plain_body(refusal: Refusal) -> BaseModel:
    message = refusal.body.message
    if refusal.status == UNAUTHORIZED:
        return Unauthorized(error="Unauthorized")
    if refusal.status == BAD_REQUEST:
        return WrongRequest(error=message, timestamp=timestamp_now())
    if refusal.status >= SERVER_ERRORS:
        return ActionFailed(success=False, error=message, timestamp=timestamp_now())
    return PlainError(error=message, status=refusal.status)
