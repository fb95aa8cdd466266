"""What JSON may be stored: limits that keep evaluating it, indexing it and reading it back bounded."""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

MAX_JSON_BYTES = 65_536
MAX_ITEMS = 1_000
MAX_STRING_BYTES = 8_192
MAX_DEPTH = 8
MIN_INT64 = -(2**63)
MAX_INT64 = 2**63 - 1
MAX_PROBLEMS = 20


@dataclass(frozen=True, slots=True)
class JsonProblem:
    """`path` is dotted from the value's root (`orders.0.sku`), empty for the root itself."""

    path: str
    reason: str


def check_json_limits(value: object) -> list[JsonProblem]:
    """Every limit that `value` breaks, at most MAX_PROBLEMS of them; an empty list when it may be stored.

    A value is None, bool, int, float, str, or a list or dict of these; anything else is a problem.
    """
    problems: list[JsonProblem] = []
    for problem in _problems(value, "", 1):
        problems.append(problem)
        if len(problems) == MAX_PROBLEMS:
            break
    if not problems:
        size = len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())
        if size > MAX_JSON_BYTES:
            problems.append(JsonProblem("", f"{size} bytes of JSON; at most {MAX_JSON_BYTES} can be stored"))
    return problems


def normalise_json(value: object) -> Any:
    """`value` in the plain types of JSON, where it has an exact counterpart among them.

    Tuples become lists; mappings, dicts; enumerations, their values; UUIDs and dates, text; decimals, numbers;
    times with an offset, `YYYY-MM-DDTHH:MM:SS.ffffffZ`, so that text order is time order. Whatever else,
    and whatever nests past MAX_DEPTH, is left as it is for check_json_limits to refuse.
    """
    return _normalise(value, 1)


def _problems(value: object, path: str, depth: int) -> Iterator[JsonProblem]:
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, list | dict):
        yield from _container_problems(value, path, depth)
        return
    reason = _scalar_reason(value)
    if reason is not None:
        yield JsonProblem(path, reason)


def _container_problems(value: list[Any] | dict[Any, Any], path: str, depth: int) -> Iterator[JsonProblem]:
    if depth > MAX_DEPTH:
        yield JsonProblem(path, f"nested more than {MAX_DEPTH} levels deep")
        return
    if len(value) > MAX_ITEMS:
        kind = "a list" if isinstance(value, list) else "an object"
        yield JsonProblem(path, f"{kind} of {len(value)} items; at most {MAX_ITEMS} can be stored")
        return
    for key, item in enumerate(value) if isinstance(value, list) else value.items():
        if isinstance(value, dict):
            reason = _string_reason(key) if isinstance(key, str) else "a key that is not text"
            if reason is not None:
                yield JsonProblem(path, f"key: {reason}")
                continue
        yield from _problems(item, f"{path}.{key}" if path else str(key), depth + 1)


def _scalar_reason(value: object) -> str | None:
    if isinstance(value, str):
        return _string_reason(value)
    if isinstance(value, int):
        return None if MIN_INT64 <= value <= MAX_INT64 else "an integer that does not fit in 64 bits"
    if isinstance(value, float):
        return None if math.isfinite(value) else "a number that is not finite"
    return f"not a JSON value: {type(value).__name__}"


def _string_reason(text: str) -> str | None:
    if "\0" in text:
        return "text that holds the NUL character"
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        return "text that holds half of a surrogate pair"
    return (
        None
        if size <= MAX_STRING_BYTES
        else f"text of {size} bytes; at most {MAX_STRING_BYTES} can be stored"
    )


def _normalise(value: object, depth: int) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Enum):
        return _normalise(value.value, depth)
    if isinstance(value, Mapping | list | tuple):
        return _normalise_container(value, depth)
    return _normalise_scalar(value)


def _normalise_container(value: Mapping[Any, Any] | list[Any] | tuple[Any, ...], depth: int) -> Any:
    if depth > MAX_DEPTH:
        return value
    if isinstance(value, Mapping):
        return {_plain_key(key): _normalise(item, depth + 1) for key, item in value.items()}
    return [_normalise(item, depth + 1) for item in value]


def _plain_key(key: object) -> object:
    return str.__str__(key) if isinstance(key, str) else key


def _normalise_scalar(value: object) -> Any:
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, Decimal):
        return _normalise_decimal(value)
    if isinstance(value, datetime):
        return value if value.tzinfo is None else _instant(value)
    if isinstance(value, date | UUID):
        return str(value)
    return value


def _normalise_decimal(value: Decimal) -> int | float:
    # A huge exponent would make an integer of as many digits; such a value is out of range either way.
    is_small_integer = value.is_finite() and value.adjusted() < 20 and value == value.to_integral_value()
    return int(value) if is_small_integer else float(value)


def _instant(value: datetime) -> str:
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
