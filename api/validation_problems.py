"""What is wrong with a request, in the client's own terms, from what pydantic reports."""

import json
import re
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from api.errors import RECEIVED_AT_MOST, Fault, FaultCode

# Reason and expectation, where pydantic's own words would say less.
PLAINLY = {
    "json_invalid": ("malformed JSON", "well-formed JSON"),
    "missing": ("required", "present"),
    "extra_forbidden": ("unknown field", "no such field"),
    "dict_type": ("not a JSON object", "an object"),
    "none_required": ("has no value here", "null, or no such field"),
    "model_type": ("not a JSON object", "an object"),
    "model_attributes_type": ("not a JSON object", "an object; the body, as application/json"),
}
NOTHING_RECEIVED = frozenset({"json_invalid", "missing"})
# What a field holds whose name ends so is not told back: an answer may be kept or logged.
UNTOLD_SUFFIX = "password"
TAG_PROBLEMS = frozenset({"union_tag_not_found", "union_tag_invalid"})
ENUM_MEMBER = re.compile(r"<\w+\.\w+: ('[^']*')>")
# Whoever sends more of them is not helped by all.
FAULTS_AT_MOST = 50
ERRORS_READ = 1_000

CODES = {
    "missing": FaultCode.REQUIRED,
    "union_tag_not_found": FaultCode.REQUIRED,
    "extra_forbidden": FaultCode.UNKNOWN_FIELD,
    "json_invalid": FaultCode.MALFORMED,
    **dict.fromkeys(("enum", "literal_error", "union_tag_invalid"), FaultCode.UNKNOWN_VALUE),
    **dict.fromkeys(
        (
            *("greater_than", "greater_than_equal", "less_than", "less_than_equal", "finite_number"),
            *("too_long", "too_short", "string_too_long", "string_too_short"),
        ),
        FaultCode.OUT_OF_RANGE,
    ),
}

Error = Mapping[str, Any]


def faults_of(errors: Sequence[Error], body: object, at_most: int = FAULTS_AT_MOST) -> list[Fault]:
    """The fields at fault, each once, in their order. Where several shapes are allowed, a fault tells why each
    does not fit."""
    by_field: dict[str, list[Error]] = {}
    for error in errors[:ERRORS_READ]:
        by_field.setdefault(_field(error, body), []).append(error)
    return [_fault(field, of_field) for field, of_field in islice(by_field.items(), at_most)]


def _fault(field: str, errors: Sequence[Error]) -> Fault:
    error = errors[0]
    kind = error["type"]
    if kind in TAG_PROBLEMS:
        return _tag_fault(field, kind, error["ctx"])
    untold = kind in NOTHING_RECEIVED or field.endswith(UNTOLD_SUFFIX)
    received = None if untold else _shown(error["input"])[:RECEIVED_AT_MOST]
    if kind in PLAINLY:
        reason, expected = PLAINLY[kind]
    else:
        reason = ", or ".join(dict.fromkeys(_reason(other) for other in errors))
        expected = error.get("ctx", {}).get("expected")
    return Fault(
        field=field, reason=reason, expected=expected and str(expected), received=received, code=_code(kind)
    )


def _code(kind: str) -> FaultCode:
    if kind.endswith(("_type", "_parsing")):
        return FaultCode.WRONG_TYPE
    return CODES.get(kind, FaultCode.INVALID)


def _tag_fault(field: str, kind: str, context: Mapping[str, Any]) -> Fault:
    if "expected_tags" not in context:
        return Fault(field=field, reason="required", expected="present", code=_code(kind))
    expected = ENUM_MEMBER.sub(r"\1", context["expected_tags"])
    received = context["tag"][:RECEIVED_AT_MOST]
    return Fault(field=field, reason="unknown", expected=expected, received=received, code=_code(kind))


def _reason(error: Error) -> str:
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    if error["type"] == "string_unicode":
        return "contains an unpaired surrogate"
    return str(error["msg"])


def _field(error: Error, body: object) -> str:
    """The dotted path of a field as it was sent: pydantic also names the union members it tried."""
    source, *parts = error["loc"]
    if source != "body":
        return ".".join(str(part) for part in parts) or str(source)
    path: list[str] = []
    reached: Any = body
    is_there = True
    for part in parts:
        is_there = _has(reached, part)
        if is_there:
            path.append(str(part))
            reached = reached[part]
    if error["type"] == "missing" and not is_there:
        path += [str(part) for part in parts[-1:]]
    if error["type"] in TAG_PROBLEMS:
        path.append(str(error["ctx"]["discriminator"]).strip("'"))
    return ".".join(path)[:RECEIVED_AT_MOST] or "body"


def _has(value: object, part: object) -> bool:
    if isinstance(value, dict):
        return part in value
    return isinstance(value, list) and isinstance(part, int) and part < len(value)


def _shown(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    return json.dumps(value, default=lambda other: type(other).__name__)
