"""The OpenAPI document: complete enough to write a client from."""

from collections.abc import Iterator
from string import Formatter
from typing import Any, NamedTuple

import pytest
from jsonschema import Draft202012Validator

from api.app import create_app
from api.plain_errors import CRON_PATHS, tells_plainly
from api.problems import PROBLEM_MEDIA_TYPE, PROBLEM_PATHS, is_versioned
from runtime.settings import Settings

DOCUMENT: dict[str, Any] = create_app(
    Settings(database_url="postgresql://nobody@localhost/nothing")
).openapi()


class Operation(NamedTuple):
    method: str
    path: str
    document: dict[str, Any]

    @property
    def path_parameters(self) -> list[str]:
        return [name for _, name, _, _ in Formatter().parse(self.path) if name]

    @property
    def parameters(self) -> list[dict[str, Any]]:
        return [resolved(parameter) for parameter in self.document.get("parameters", [])]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


OPERATIONS = [
    Operation(method.upper(), path, operation)
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
]
ASKING_WHO = ("/v1/", "/auth/", "/api/")
OPEN_TO_ALL = {"/auth/login", "/auth/logout"}
each_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=str)


def resolved(component: dict[str, Any]) -> dict[str, Any]:
    """The schema, parameter or header itself, where it is only referred to."""
    if "$ref" in component:
        _, _, kind, name = component["$ref"].split("/")
        found: dict[str, Any] = DOCUMENT["components"][kind][name]
        return found
    return component


def bodies() -> Iterator[tuple[str, dict[str, Any]]]:
    for operation in OPERATIONS:
        for media in operation.document.get("requestBody", {}).get("content", {}).values():
            yield str(operation), media


def test_it_describes_every_surface() -> None:
    assert DOCUMENT["openapi"].startswith("3.1")
    assert {operation.path.split("/")[-1] for operation in OPERATIONS} >= {
        *("healthz", "readyz", "programs", "automations", "trigger", "cancel", "runs"),
        *("participants", "import", "next-runs", "preview-schedule", "events", "retry"),
        *("counters", "state-history"),
        *("rules", "snoozed", "snooze", "effective-state", "alert-settings", "schedule", "rollout"),
        *("preview", "control", "dry-run", "counterfactual"),
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
def test_each_error_is_documented_in_the_shape_of_its_surface(operation: Operation) -> None:
    media, shape = "application/json", "ErrorBody"
    if operation.path.startswith(PROBLEM_PATHS):
        media, shape = PROBLEM_MEDIA_TYPE, "Problem"
    versioned = {"400": "ValidationProblem", "409": "ConflictProblem", "429": "RateLimitProblem"}
    if is_versioned(operation.path):
        media = PROBLEM_MEDIA_TYPE
    errors = {
        status: answer
        for status, answer in operation.document["responses"].items()
        if not status.startswith("2")
    }
    plain = {"400": "WrongRequest", "401": "Unauthorized", "500": "ActionFailed", "503": "ActionFailed"}
    for status, answer in errors.items():
        if tells_plainly(operation.path):
            shape = plain.get(status, "PlainError")
        elif is_versioned(operation.path):
            shape = versioned.get(status, "PlainProblem")
        assert answer["content"] == {media: {"schema": {"$ref": f"#/components/schemas/{shape}"}}}, status
        assert answer["description"].strip()
    expected = {"413", "500", "503"}
    if operation.path.startswith(ASKING_WHO):
        expected |= {"400", "401", "403", "404", "409", "429"}
    if is_versioned(operation.path):
        expected |= {"410"}
    assert expected <= set(errors) <= expected | {"415", "422"}


def test_the_error_has_a_code_a_message_and_details_that_name_a_field() -> None:
    error = DOCUMENT["components"]["schemas"]["ErrorBody"]
    assert set(error["properties"]) == {"code", "message", "details"}
    details = DOCUMENT["components"]["schemas"]["ErrorDetails"]
    assert {"field", "reason", "expected", "received"} <= set(details["properties"])
    assert "HTTPValidationError" not in DOCUMENT["components"]["schemas"]


def test_the_problem_has_its_five_members_and_errors_that_name_fields() -> None:
    problem = DOCUMENT["components"]["schemas"]["Problem"]
    assert set(problem["properties"]) == {"type", "title", "status", "detail", "instance", "errors"}
    assert set(problem["required"]) == set(problem["properties"]) - {"errors"}
    fault = DOCUMENT["components"]["schemas"]["FieldProblem"]
    assert set(fault["required"]) == {"field", "code", "message"}


@each_operation
def test_each_operation_that_asks_who_is_calling_takes_a_key_in_either_header_or_a_session(
    operation: Operation,
) -> None:
    asks = operation.path.startswith(ASKING_WHO) and operation.path not in OPEN_TO_ALL
    needed = [{"ApiKey": []}, {"Bearer": []}, {"OmnisendApiKey": []}, {"Session": []}] if asks else None
    if operation.path.startswith(CRON_PATHS):
        needed = [{"CronSecret": []}]
    assert operation.document.get("security") == needed


def test_the_headers_for_a_key_and_the_cookie_of_a_session_are_described() -> None:
    schemes = DOCUMENT["components"]["securitySchemes"]
    assert set(schemes) == {"ApiKey", "Bearer", "OmnisendApiKey", "Session", "CronSecret"}
    omnisend = schemes["OmnisendApiKey"]
    assert (omnisend["type"], omnisend["in"], omnisend["name"]) == ("apiKey", "header", "Authorization")
    assert (schemes["Session"]["in"], schemes["Session"]["name"]) == ("cookie", "carillon_session")
    assert (schemes["ApiKey"]["in"], schemes["ApiKey"]["name"]) == ("header", "X-API-Key")
    assert (schemes["Bearer"]["type"], schemes["Bearer"]["scheme"]) == ("http", "bearer")


@each_operation
def test_each_post_but_the_import_and_logins_takes_an_idempotency_key(operation: Operation) -> None:
    keys = [parameter for parameter in operation.parameters if parameter["name"] == "Idempotency-Key"]
    if (
        operation.method != "POST"
        or operation.path.endswith("/import")
        or operation.path.startswith("/auth/")
    ):
        assert keys == []
        return
    (key,) = keys
    assert (key["in"], key["required"]) == ("header", False)
    assert key["schema"] == {"type": "string", "minLength": 1, "maxLength": 255}
    for status in ("400", "403", "404", "409"):
        assert "Idempotency-Replayed" in operation.document["responses"][status]["headers"]


@each_operation
def test_each_answer_tells_its_headers(operation: Operation) -> None:
    for status, answer in operation.document["responses"].items():
        headers = answer.get("headers", {})
        limits = {"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"} & set(headers)
        assert len(limits) == (3 if operation.path.startswith(("/v1/", "/api/")) else 0)
        assert ("Retry-After" in headers) is (status in {"409", "429", "503"})
        assert ("WWW-Authenticate" in headers) is (status == "401")
        for header in headers.values():
            assert resolved(header)["schema"]["type"] in {"integer", "string"}


@pytest.mark.parametrize(("operation", "media"), list(bodies()), ids=[name for name, _ in bodies()])
def test_each_body_has_examples_that_its_schema_accepts(operation: str, media: dict[str, Any]) -> None:
    schema = media["schema"]
    examples = [media["example"]] if "example" in media else resolved(schema).get("examples", [])
    assert examples or operation.startswith("PATCH ")
    validator = Draft202012Validator({**schema, "components": DOCUMENT["components"]})
    for example in examples:
        validator.validate(example)
