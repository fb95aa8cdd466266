"""Instants as clients write and read them: RFC 3339, with an offset."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d")
_EXPECTED = "expected RFC 3339, such as 2026-12-01T09:00:00Z"


def _written_out(at: Any) -> Any:
    if not isinstance(at, datetime) and not (isinstance(at, str) and _RFC_3339.match(at)):
        raise ValueError(f"is not a date and time; {_EXPECTED}")
    return at


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError(f"has no offset; {_EXPECTED}")
    return at


Instant = Annotated[datetime, BeforeValidator(_written_out), AfterValidator(_aware)]


def to_the_millisecond(at: datetime) -> str:
    """`2026-03-04T10:30:00.000Z`: as JavaScript writes an instant."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
