"""What is wrong with a request, in the client's own terms, from what pydantic reports."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

# Reason and expectation, where pydantic's own words would say less.
PLAINLY = {
    "json_invalid": ("malformed JSON", "well-formed JSON"),
    "missing": ("required", "present"),
    "extra_forbidden": ("unknown field", "no such field"),
    "dict_type": ("not a JSON object", "an object"),
    "model_type": ("not a JSON object", "an object"),
    "model_attributes_type": ("not a JSON object", "an object; the body, as application/json"),
}
NOTHING_RECEIVED = frozenset({"json_invalid", "missing"})
TAG_PROBLEMS = frozenset({"union_tag_not_found", "union_tag_invalid"})
ENUM_MEMBER = re.compile(r"<\w+\.\w+: ('[^']*')>")


class Problem(NamedTuple):
    field: str
    reason: str
    expected: str | None
    received: str | None


def first_problem(errors: Sequence[Mapping[str, Any]], body: object) -> Problem:
    """The first field at fault. Where several shapes are allowed, each says why it does not fit."""
    error = errors[0]
    field = _field(error, body)
    kind = error["type"]
    if kind in TAG_PROBLEMS:
        return _tag_problem(field, error["ctx"])
    received = None if kind in NOTHING_RECEIVED else _shown(error["input"])
    if kind in PLAINLY:
        return Problem(field, *PLAINLY[kind], received)
    reasons = dict.fromkeys(_reason(other) for other in errors if _field(other, body) == field)
    expected = error.get("ctx", {}).get("expected")
    return Problem(field, ", or ".join(reasons), expected and str(expected), received)


def _tag_problem(field: str, context: Mapping[str, Any]) -> Problem:
    if "expected_tags" not in context:
        return Problem(field, "required", "present", None)
    return Problem(field, "unknown", ENUM_MEMBER.sub(r"\1", context["expected_tags"]), context["tag"])


def _reason(error: Mapping[str, Any]) -> str:
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    if error["type"] == "string_unicode":
        return "contains an unpaired surrogate"
    return str(error["msg"])


def _field(error: Mapping[str, Any], body: object) -> str:
    """The dotted path of a field as it was sent: pydantic also names the union members it tried."""
    source, *parts = error["loc"]
    if source != "body":
        return ".".join(str(part) for part in parts) or str(source)
    path: list[str] = []
    reached: Any = body
    for part in parts:
        if _has(reached, part):
            path.append(str(part))
            reached = reached[part]
    if error["type"] == "missing":
        path += [str(part) for part in parts[-1:]]
    if error["type"] in TAG_PROBLEMS:
        path.append(str(error["ctx"]["discriminator"]).strip("'"))
    return ".".join(path) or "body"


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
