"""One text for equal JSON, so that equal payloads have equal fingerprints."""

import hashlib
import json
from typing import Any

from domain.json_limits import MAX_INT64, MIN_INT64


def canonical_json(value: Any) -> str:
    """Sorted keys, no blanks, no escapes beyond those JSON needs; 1.0 is 1, as it is in JSON."""
    plain = _whole_numbers(value)
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def fingerprint(value: Any) -> str:
    """SHA-256 of the canonical text, as 64 hexadecimal digits."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def _whole_numbers(value: Any) -> Any:
    """`value` with each float that is also a 64-bit integer as that integer."""
    if isinstance(value, dict):
        return {key: _whole_numbers(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_whole_numbers(item) for item in value]
    if isinstance(value, float) and value.is_integer() and MIN_INT64 <= value <= MAX_INT64:
        return int(value)
    return value
