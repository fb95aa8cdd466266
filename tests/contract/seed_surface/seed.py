"""What the seed documents, read from scrip.yml, and whether an answer is like it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml

DOCUMENT: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "scrip.yml").read_text())

NOT_TRIGGERABLE: str = DOCUMENT["messages"]["not_triggerable"]
ENUMS: dict[str, frozenset[str]] = {name: frozenset(values) for name, values in DOCUMENT["enums"].items()}
LIST_PARAMETERS = frozenset(DOCUMENT["list_parameters"])
PAGINATION = frozenset(DOCUMENT["pagination"])


@dataclass(frozen=True)
class Field:
    """One documented field. `type` is string, uuid, instant, integer, object or object[]."""

    name: str
    type: str
    enum: str | None = None
    only: tuple[str, ...] = ()
    scope: str | None = None
    always: bool = False
    required: bool = False
    min_length: int | None = None
    max_length: int | None = None

    def belongs_to(self, thing: Mapping[str, Any]) -> bool:
        """Whether an automation of this trigger type and scope has the field."""
        of_this_type = not self.only or thing["trigger_type"] in self.only
        return of_this_type and self.scope in {None, thing.get("scope")}

    def problem(self, value: object) -> str | None:
        """Why a value that is not null is none of this field's."""
        if not _is_of_type(value, self.type):
            return f"{self.name}: {value!r} is no {self.type}"
        if self.enum is not None and value not in ENUMS[self.enum]:
            return f"{self.name}: {value!r} is not one of {sorted(ENUMS[self.enum])}"
        return None


@dataclass(frozen=True)
class Pair:
    """A trigger type with a scope it may have."""

    trigger_type: str
    scope: str
    triggerable: bool

    def __str__(self) -> str:
        return f"{self.trigger_type} x {self.scope}"


@dataclass(frozen=True)
class Endpoint:
    """`path` is below /v1/programs/{program_id}/automations; `status` is that of success."""

    method: str
    path: str
    status: int

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def fields_of(section: str) -> dict[str, Field]:
    return {name: Field(name, **_tupled(stated)) for name, stated in DOCUMENT[section].items()}


def extensions_of(section: str) -> frozenset[str]:
    return frozenset(DOCUMENT["extensions"].get(section, ()))


def _tupled(stated: Mapping[str, Any]) -> dict[str, Any]:
    return {**stated, "only": tuple(stated.get("only", ()))}


RESPONSE = fields_of("response")
SUBSCRIPTION = fields_of("subscription")
PAIRS = [Pair(**stated) for stated in DOCUMENT["pairs"]]
ENDPOINTS = [Endpoint(**stated) for stated in DOCUMENT["endpoints"]]


def differences(shown: Mapping[str, Any]) -> list[str]:
    """How an automation, as it is shown, differs from the seed's; empty when it does not."""
    return [*_of_names(shown), *_of_values(shown, RESPONSE)]


def subscription_differences(shown: Mapping[str, Any], automation: Mapping[str, Any]) -> list[str]:
    names = sorted(set(shown) ^ set(SUBSCRIPTION))
    values = _of_values({**shown, "trigger_type": automation["trigger_type"]}, SUBSCRIPTION)
    return [*(f"{name}: shown by one of the two only" for name in names), *values]


def error_differences(shown: Mapping[str, Any]) -> list[str]:
    allowed = {*DOCUMENT["error"]}
    details = {*DOCUMENT["error_details"], *extensions_of("error_details")}
    wrong = set(shown) - allowed | set(shown.get("details", {})) - details
    missing = {"code", "message"} - set(shown)
    return [f"{name}: unknown" for name in sorted(wrong)] + [f"{name}: missing" for name in sorted(missing)]


def _of_names(shown: Mapping[str, Any]) -> Iterator[str]:
    omitted = {
        name for name in ("participants_total", "participants_processed") if shown["scope"] == "program"
    }
    expected = set(RESPONSE) - omitted | extensions_of("response")
    yield from (f"{name}: missing" for name in sorted(expected - set(shown)))
    yield from (f"{name}: unknown" for name in sorted(set(shown) - expected))


def _of_values(shown: Mapping[str, Any], fields: Mapping[str, Field]) -> Iterator[str]:
    for field in fields.values():
        value = shown.get(field.name)
        if not field.belongs_to(shown):
            if value not in (None, []):
                yield f"{field.name}: {value!r}, though it belongs to other automations"
        elif value is None:
            if field.always:
                yield f"{field.name}: null"
        elif problem := field.problem(value):
            yield problem


def _is_of_type(value: object, type_: str) -> bool:
    match type_:
        case "string":
            return isinstance(value, str)
        case "uuid":
            return isinstance(value, str) and str(UUID(value)) == value
        case "instant":
            return isinstance(value, str) and "T" in value and value.endswith("Z") and _parsed(value)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "object":
            return isinstance(value, dict)
        case "object[]":
            return isinstance(value, list) and all(isinstance(item, dict) for item in value)
    raise ValueError(type_)


def _parsed(value: str) -> bool:
    return datetime.fromisoformat(value).utcoffset() is not None
