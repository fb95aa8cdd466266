"""A seed's operations and fields beside those of our OpenAPI document."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tests.api.test_openapi import DOCUMENT, OPERATIONS, resolved
from tests.api.test_openapi import Operation as OurOperation
from tests.contract.seed_surface.seed import Field, Operation, Seed

EXTENSION = "(ours)"
ABSENT = "absent"
NAME_LOST = "(its name is ours)"


@dataclass(frozen=True)
class Row:
    """One thing: what the seed says of it, and what we do."""

    name: str
    seed: str
    ours: str
    agrees: bool


def compared_fields(seed: Seed, section: str) -> Iterator[Row]:
    """A row per field of either side; an extension is on our side alone."""
    asked = section in seed.bodies()
    stated = {name: _stated(seed, field) for name, field in seed.fields_of(section).items()}
    ours = dict(_properties(seed.models[section], asked))
    for row in _compared(stated, ours, seed.extensions_of(section)):
        lost = row.name in stated and seed.fields_of(section)[row.name].named_by_us
        yield replace(row, seed=f"{row.seed} {NAME_LOST}") if lost else row


def compared_operation(seed: Seed, operation: Operation) -> Iterator[Row]:
    """A row for what is sent, for what is answered and for each parameter of the query."""
    stated = {
        "sent": _models_of(seed, operation.body),
        "answered": f"{operation.status} {_models_of(seed, operation.answer)}",
    } | {f"?{name}": "a parameter" for name in operation.query}
    own = frozenset(f"?{name}" for name in seed.own_parameters_of(operation))
    return _compared(stated, _told_by_the_document(seed, operation), own)


def operations_of_the_document(seed: Seed) -> dict[str, OurOperation]:
    """Those at and below the base, named as the seed's."""
    return {
        f"{operation.method} {operation.path.removeprefix(seed.base)}": operation
        for operation in OPERATIONS
        if f"{operation.path}/".startswith(f"{seed.base}/")
    }


def _compared(stated: Mapping[str, str], ours: Mapping[str, str], extensions: Iterable[str]) -> Iterator[Row]:
    for name, of_seed in stated.items():
        shown = ours.get(name, ABSENT)
        yield Row(name, of_seed, shown, of_seed == shown)
    for name in sorted(ours.keys() - stated.keys()):
        declared = name in extensions
        yield Row(name, EXTENSION if declared else ABSENT, ours[name], declared)
    for name in sorted(set(extensions) - ours.keys()):
        yield Row(name, EXTENSION, ABSENT, agrees=False)


def _told_by_the_document(seed: Seed, operation: Operation) -> dict[str, str]:
    ours = operations_of_the_document(seed).get(str(operation))
    if ours is None:
        return {}
    sent = ours.document.get("requestBody", {}).get("content", {})
    (status,) = (status for status in ours.document["responses"] if status.startswith("2"))
    answered = ours.document["responses"][status].get("content", {})
    told = {"sent": _model_of(sent), "answered": f"{status} {_model_of(answered)}"}
    named = (parameter["name"] for parameter in ours.parameters if parameter["in"] == "query")
    return told | {f"?{name}": "a parameter" for name in named}


def _models_of(seed: Seed, section: str | None) -> str:
    if section is None:
        return "nothing"
    if section.endswith(".csv"):
        return "text/csv"
    (model,) = seed.models[section.removesuffix("[]")]
    return f"{model}[]" if section.endswith("[]") else model


def _model_of(content: Mapping[str, Any]) -> str:
    if not content:
        return "nothing"
    ((media, told),) = content.items()
    if media != "application/json":
        return media
    schema = told["schema"]
    model = schema.get("items", schema)["$ref"].rpartition("/")[2]
    return f"{model}[]" if schema.get("type") == "array" else model


def _stated(seed: Seed, field: Field) -> str:
    kind = field.type
    if field.enum is not None:
        listed = "[]" if field.type.endswith("[]") else ""
        kind = " | ".join(f"{value}{listed}" for value in sorted(seed.enums[field.enum]))
    if field.max_length is not None:
        listed = "[]" if kind.endswith("[]") else ""
        kind = f"{kind.removesuffix('[]')} ({field.min_length} to {field.max_length} characters){listed}"
    return f"{kind}, required" if field.required else kind


def _properties(models: Iterable[str], asked: bool) -> Iterator[tuple[str, str]]:
    """Each field once; where several shapes have it, what any of them takes. Of what is asked for, also whether all
    require it."""
    schemas = [DOCUMENT["components"]["schemas"][model] for model in models]
    for name in dict.fromkeys(name for schema in schemas for name in schema["properties"]):
        kinds = {
            kind for schema in schemas for kind in _kinds(schema["properties"].get(name, {"type": "null"}))
        }
        required = asked and all(name in schema.get("required", ()) for schema in schemas)
        yield name, " | ".join(sorted(kinds)) + (", required" if required else "")


def _kinds(schema: Mapping[str, Any]) -> set[str]:
    """Without null, which stands for the absence of a value."""
    schema = resolved(dict(schema))
    choices = schema.get("anyOf") or schema.get("oneOf")
    if choices:
        return {kind for choice in choices for kind in _kinds(choice)}
    kind = schema.get("type", "any")
    if kind == "null":
        return set()
    if kind == "array":
        return {f"{item}[]" for item in _kinds(schema["items"])}
    if kind == "string" and ("const" in schema or "enum" in schema):
        return {*schema.get("enum", ()), *([schema["const"]] if "const" in schema else ())}
    kind = {"uuid": "uuid", "date-time": "instant"}.get(schema.get("format", ""), kind)
    if "minLength" in schema:
        kind += f" ({schema['minLength']} to {schema['maxLength']} characters)"
    return {kind}
