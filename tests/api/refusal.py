"""What an answer must say that refuses a request for one of its fields."""

from typing import Any

import httpx


def assert_refused(
    answer: httpx.Response, field: str, status: int = 400, code: str = "bad_request"
) -> dict[str, Any]:
    """Answers `details`."""
    assert answer.status_code == status, answer.text
    error: dict[str, Any] = answer.json()
    assert set(error) == {"code", "message", "details"}
    assert error["code"] == code
    assert error["message"]
    details: dict[str, Any] = error["details"]
    assert details["field"] == field
    assert details["reason"]
    return details
