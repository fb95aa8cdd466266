"""The OpenAPI document: complete enough to write a client from."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from jsonschema import Draft202012Validator

from api.app import create_app
from runtime.settings import Settings

DOCUMENT: dict[str, Any] = create_app(
    Settings(database_url="postgresql://nobody@localhost/nothing")
).openapi()


class Operation(NamedTuple):
    method: str
    path: str
    document: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


OPERATIONS = [
    Operation(method.upper(), path, operation)
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
]
each_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=str)


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema itself, where another one is only referred to."""
    if "$ref" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def bodies() -> Iterator[tuple[str, dict[str, Any]]]:
    for operation in OPERATIONS:
        for media in operation.document.get("requestBody", {}).get("content", {}).values():
            yield str(operation), media


def test_it_describes_every_surface() -> None:
    assert DOCUMENT["openapi"].startswith("3.1")
    assert {operation.path.split("/")[-1] for operation in OPERATIONS} >= {
        *("healthz", "readyz", "programs", "automations", "trigger", "cancel", "runs"),
        *("participants", "import", "next-runs", "preview-schedule", "events", "retry"),
    }


@each_operation
def test_each_operation_says_what_it_does(operation: Operation) -> None:
    assert operation.document["summary"].strip()
    assert operation.document["description"].strip()
    assert operation.document["tags"]


def test_operation_ids_are_unique() -> None:
    identifiers = [operation.document["operationId"] for operation in OPERATIONS]
    assert len(set(identifiers)) == len(identifiers)


@each_operation
def test_each_error_is_documented_in_the_one_shape(operation: Operation) -> None:
    errors = {
        status: answer
        for status, answer in operation.document["responses"].items()
        if not status.startswith("2")
    }
    for status, answer in errors.items():
        assert answer["content"]["application/json"]["schema"] == {
            "$ref": "#/components/schemas/ErrorBody"
        }, status
        assert answer["description"].strip()
    if operation.path.startswith("/v1/"):
        assert {"400", "401", "403", "404", "409", "413", "503", "default"} <= set(errors)


def test_the_error_has_a_code_a_message_and_details_that_name_a_field() -> None:
    error = DOCUMENT["components"]["schemas"]["ErrorBody"]
    assert set(error["properties"]) == {"code", "message", "details"}
    details = DOCUMENT["components"]["schemas"]["ErrorDetails"]
    assert {"field", "reason", "expected", "received"} <= set(details["properties"])
    assert "HTTPValidationError" not in DOCUMENT["components"]["schemas"]


@each_operation
def test_each_operation_that_needs_a_key_says_so(operation: Operation) -> None:
    assert bool(operation.document.get("security")) is operation.path.startswith("/v1/")


@pytest.mark.parametrize(("operation", "media"), list(bodies()), ids=[name for name, _ in bodies()])
def test_each_body_has_examples_that_its_schema_accepts(operation: str, media: dict[str, Any]) -> None:
    schema = media["schema"]
    examples = [media["example"]] if "example" in media else resolved(schema).get("examples", [])
    assert examples or operation.startswith("PATCH ")
    validator = Draft202012Validator({**schema, "components": DOCUMENT["components"]})
    for example in examples:
        validator.validate(example)
