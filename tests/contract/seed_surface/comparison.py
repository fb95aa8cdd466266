"""The seed's fields beside those of our OpenAPI document."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.api.test_openapi import DOCUMENT, resolved
from tests.contract.seed_surface.seed import ENUMS, Field, extensions_of, fields_of

SECTIONS = {
    "response": ("AutomationOut",),
    "create": ("CreateAutomation",),
    "trigger": ("CronTrigger", "OneTimeTrigger", "ImmediateTrigger", "ParticipantStateTrigger"),
    "patch": ("PatchAutomation",),
    "subscription": ("SubscriptionOut",),
}
EXTENSION = "(ours)"


@dataclass(frozen=True)
class Row:
    """One field: what the seed says of it, and what we do."""

    field: str
    seed: str
    ours: str
    agrees: bool


def compared(section: str) -> Iterator[Row]:
    """A row per field of either side; an extension is on our side alone."""
    seed, ours = fields_of(section), dict(_properties(SECTIONS[section]))
    for name, field in seed.items():
        shown = _described(ours[name]) if name in ours else "absent"
        stated = _stated(field)
        yield Row(name, stated, shown, stated == shown)
    for name in sorted(ours.keys() - seed.keys()):
        declared = name in extensions_of(section)
        yield Row(name, EXTENSION if declared else "absent", _described(ours[name]), declared)
    for name in sorted(extensions_of(section) - ours.keys()):
        yield Row(name, EXTENSION, "absent", agrees=False)


def _stated(field: Field) -> str:
    if field.enum is not None:
        return " | ".join(sorted(ENUMS[field.enum]))
    limits = "" if field.max_length is None else f" ({field.min_length} to {field.max_length} characters)"
    return field.type + limits


def _properties(models: tuple[str, ...]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each field once; where several shapes have it, the values that any of them takes."""
    merged: dict[str, list[dict[str, Any]]] = {}
    for model in models:
        for name, schema in DOCUMENT["components"]["schemas"][model]["properties"].items():
            merged.setdefault(name, []).append(_of_values(schema))
    for name, schemas in merged.items():
        allowed = [value for schema in schemas for value in _enum(schema)]
        yield name, {"type": "string", "enum": allowed} if allowed else schemas[0]


def _of_values(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Without null, which stands for the absence of a value."""
    choices = [resolved(choice) for choice in schema.get("anyOf", [dict(schema)])]
    return next(choice for choice in choices if choice.get("type") != "null")


def _enum(schema: Mapping[str, Any]) -> list[str]:
    return [schema["const"]] if "const" in schema else schema.get("enum", [])


def _described(schema: Mapping[str, Any]) -> str:
    if _enum(schema):
        return " | ".join(sorted(_enum(schema)))
    if "oneOf" in schema:
        return "object"
    kind = {"uuid": "uuid", "date-time": "instant"}.get(schema.get("format", ""), schema.get("type", ""))
    if kind == "array":
        kind = f"{schema['items'].get('type', 'any')}[]"
    if "minLength" in schema:
        kind += f" ({schema['minLength']} to {schema['maxLength']} characters)"
    return str(kind)
