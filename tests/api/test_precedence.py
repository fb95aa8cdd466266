"""What is answered when several things are wrong with a request, or nothing is there to answer it."""

import httpx
import pytest
from fastapi import FastAPI

from api.error_handlers import install_error_handlers
from cli.stack import Stack
from tests.fixtures.carillon import Carillon

UNKNOWN = "6f1c2a52-9a4e-4d3b-8c3f-0d7a54a3a1b7"
AUTOMATIONS = f"/v1/programs/{UNKNOWN}/automations"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/v1/programs", b"{"),
        ("POST", "/v1/programs", b"\xff"),
        ("POST", "/v1/programs", b'{"colour": "red"}'),
        ("POST", "/v1/events", b"[" * 10_000),
        ("PATCH", f"{AUTOMATIONS}/no-uuid", b"{"),
        ("GET", "/v1/programs?limit=none", b""),
        ("GET", "/v1/nothing", b""),
        ("PUT", AUTOMATIONS, b"{}"),
    ],
)
@pytest.mark.parametrize("key", [{}, {"Idempotency-Key": "once"}], ids=["", "repeatable"])
async def test_a_stranger_learns_only_that_a_key_is_needed(
    stack: Stack, method: str, path: str, body: bytes, key: dict[str, str]
) -> None:
    async with httpx.AsyncClient(base_url=stack.addresses.api_url) as stranger:
        headers = {"Content-Type": "application/json", **key}
        answer = await stranger.request(method, path, content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
    assert "details" not in answer.json()


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", AUTOMATIONS, "GET, POST"),
        ("PUT", f"{AUTOMATIONS}/{UNKNOWN}", "GET, PATCH, DELETE"),
        ("GET", f"{AUTOMATIONS}/{UNKNOWN}/trigger", "POST"),
        ("OPTIONS", "/v1/programs", "GET, POST"),
        ("TRACE", "/v1/programs", "GET, POST"),
        ("POST", "/healthz", "GET"),
    ],
)
async def test_a_method_that_is_not_there_is_answered_with_those_that_are(
    http: httpx.AsyncClient, method: str, path: str, allowed: str
) -> None:
    answer = await http.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer.headers["Allow"] == allowed


async def test_an_address_that_is_not_there_is_answered_in_the_same_shape(carillon: Carillon) -> None:
    answer = await carillon.http.get("/v1/nothing")
    assert (answer.status_code, answer.json()) == (404, {"code": "not_found", "message": "Not Found"})


async def test_a_fault_of_ours_is_answered_in_the_same_shape_and_says_nothing_of_it() -> None:
    app = FastAPI()
    install_error_handlers(app)

    @app.get("/")
    def fail() -> None:
        raise RuntimeError("a row of Zoë's")

    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://carillon") as client:
        answer = await client.get("/")
    assert (answer.status_code, answer.json()) == (500, {"code": "internal", "message": "Internal error"})
