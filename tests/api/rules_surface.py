"""A small client of the rules surface, and what its refusals must look like."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx

from tests.fixtures.carillon import eventually

BASE = "/v1/automation"
RULES = f"{BASE}/rules"


@dataclass
class RulesSurface:
    """Rules of one program, on behalf of the client's key."""

    http: httpx.AsyncClient
    program_id: str

    @classmethod
    async def of_new_program(cls, http: httpx.AsyncClient, **fields: Any) -> "RulesSurface":
        answer = await http.post("/v1/programs", json={"name": "Cafe members"} | fields)
        assert answer.status_code == 201, answer.text
        return cls(http, answer.json()["id"])

    async def call(self, method: str, path: str, **request: Any) -> httpx.Response:
        """`path` below /v1/automation."""
        headers = {"X-Program-Id": self.program_id} | request.pop("headers", {})
        return await self.http.request(method, BASE + path, headers=headers, **request)

    async def post(self, path: str, body: object) -> httpx.Response:
        return await self.call("POST", path, json=body)

    async def patch(self, path: str, body: object) -> httpx.Response:
        return await self.call("PATCH", path, json=body)

    async def read(self, path: str, **params: Any) -> Any:
        answer = await self.call("GET", path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def create(self, **fields: Any) -> dict[str, Any]:
        """A rule; without other words one that greets nobody."""
        answer = await self.post("/rules", {"name": "Greet", "trigger_type": "signed_up"} | fields)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def run_on(self, event_id: str) -> str:
        """Of an event that a rule listens to, the run, once there is one."""

        async def look() -> str | None:
            runs = (await self.read(f"/runs/event/{event_id}"))["items"]
            return str(runs[0]["id"]) if runs else None

        found: str = await eventually(look)
        return found

    async def webhook(self) -> str:
        answer = await self.http.post(
            f"/v1/programs/{self.program_id}/webhooks", json={"url": "https://receiver.example/hook"}
        )
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def person(self, **fields: Any) -> str:
        answer = await self.http.post(
            f"/v1/programs/{self.program_id}/participants", json={"external_id": "noor"} | fields
        )
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])


def assert_problem(answer: httpx.Response, status: int, type_: str) -> dict[str, Any]:
    """The answer is a problem of this type and says so in each of the ways in which it has to."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert set(problem) - {"errors"} == {"type", "title", "status", "detail", "instance"}
    assert (problem["type"], problem["status"]) == (f"/problems/{type_}", status)
    assert problem["title"] and problem["detail"]
    UUID(problem["instance"].removeprefix("urn:carillon:request:"))
    return problem


def assert_faults(answer: httpx.Response, *fields: str) -> list[dict[str, Any]]:
    """The answer refuses just these fields, in this order; answers what it says of each."""
    faults: list[dict[str, Any]] = assert_problem(answer, 400, "validation-failed")["errors"]
    assert [fault["field"] for fault in faults] == list(fields), faults
    for fault in faults:
        assert set(fault) <= {"field", "code", "message", "expected", "received", "suggestion", "position"}
        assert fault["code"] and fault["message"]
    return faults
