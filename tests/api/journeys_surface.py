"""A small client of the journeys' surface, and what its refusals must look like."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx

from tests.fixtures.message_templates import add_template

BASE = "/api/automations"
PROBLEMS = "https://problems.omnisend.com/"
UNKNOWN_ID = "0" * 24

DELAY: dict[str, Any] = {"mode": "duration", "duration": {"amount": 3, "units": "d"}}
TAG: dict[str, Any] = {"type": "addTag", "addTag": {"value": "customer"}}
TRIGGER: dict[str, Any] = {"condition": {"event": "placed order"}}


def delay(name: str = "wait", **fields: Any) -> dict[str, Any]:
    return {"temporaryID": name, "type": "delay", "delay": DELAY | fields}


def tag(name: str = "tag", value: str = "customer") -> dict[str, Any]:
    return action(name, "addTag", value=value)


def action(name: str, kind: str, /, **fields: Any) -> dict[str, Any]:
    return {"temporaryID": name, "type": "action", "action": {"type": kind, kind: fields}}


def sms(name: str = "sms", **fields: Any) -> dict[str, Any]:
    return action(name, "sendSms", **{"message": "Hello", "compliance": COMPLIANCE} | fields)


def email(name: str, template_id: str, **fields: Any) -> dict[str, Any]:
    said = {"subject": "Hi", "preheader": "", "senderName": "Shop", "language": "en_US"}
    return action(name, "sendEmail", templateID=template_id, **said | fields)


COMPLIANCE = {"isStopKeywordIncluded": False, "isUnsubscribeLinkIncluded": False}


def split(
    name: str, filters: list[dict[str, Any]], yes: list[dict[str, Any]], no: list[dict[str, Any]]
) -> dict[str, Any]:
    group = {"logicalOperator": "and", "filters": filters}
    return {
        "temporaryID": name,
        "type": "split",
        "split": {"filterGroup": group, "trueBlocks": yes, "falseBlocks": no},
    }


def journey(*blocks: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """The body of a journey of these blocks, or else of a delay and a tag."""
    return {"name": "Welcome", "trigger": TRIGGER, "blocks": list(blocks) or [delay(), tag()]} | fields


def nested(depth: int) -> dict[str, Any]:
    """A journey whose splits are so deep in each other."""
    filters = [{"type": "contact", "field": "tag", "operator": "eq", "value": "a"}]
    inner = [tag("t")]
    for level in range(depth - 1):
        inner = [split(f"s{level}", filters, inner, [])]
    return journey(*inner)


@dataclass
class JourneysSurface:
    """Journeys of one program, on behalf of the client's key."""

    http: httpx.AsyncClient
    program_id: str

    @classmethod
    async def of_new_program(cls, http: httpx.AsyncClient, **fields: Any) -> "JourneysSurface":
        answer = await http.post("/v1/programs", json={"name": "Shop"} | fields)
        assert answer.status_code == 201, answer.text
        return cls(http, answer.json()["id"])

    async def call(self, method: str, path: str = "", **request: Any) -> httpx.Response:
        """`path` below /api/automations."""
        headers = {"X-Program-Id": self.program_id} | request.pop("headers", {})
        return await self.http.request(method, BASE + path, headers=headers, **request)

    async def post(self, body: object, path: str = "") -> httpx.Response:
        return await self.call("POST", path, json=body)

    async def create(self, *blocks: dict[str, Any], **fields: Any) -> dict[str, Any]:
        answer = await self.post(journey(*blocks, **fields))
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def get(self, journey_id: str) -> dict[str, Any]:
        answer = await self.call("GET", f"/{journey_id}")
        assert answer.status_code == 200, answer.text
        shown: dict[str, Any] = answer.json()
        return shown

    async def patch(self, journey_id: str, **fields: Any) -> httpx.Response:
        return await self.call("PATCH", f"/{journey_id}", json=fields)

    async def put_blocks(self, journey_id: str, *blocks: dict[str, Any]) -> httpx.Response:
        return await self.call("PUT", f"/{journey_id}/blocks", json={"blocks": list(blocks)})

    async def template(self, **fields: Any) -> str:
        """The id of a template of a mail."""
        made = await add_template(self.http, f"/v1/programs/{self.program_id}", **fields)
        return str(made["id"])

    async def listed(self, **params: Any) -> dict[str, Any]:
        answer = await self.call("GET", params=params)
        assert answer.status_code == 200, answer.text
        page: dict[str, Any] = answer.json()
        return page


def assert_problem(answer: httpx.Response, status: int, type_: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert set(problem) - {"errors", "retryAfter"} == {"type", "title", "status", "detail", "instance"}
    assert (problem["type"], problem["status"]) == (f"{PROBLEMS}{type_}", status)
    assert problem["title"] and problem["detail"]
    UUID(problem["instance"].removeprefix("urn:omnisend:request:"))
    return problem


def assert_faults(answer: httpx.Response, *fields: str) -> list[dict[str, Any]]:
    """The answer refuses just these fields, in any order; answers what it says of each."""
    faults: list[dict[str, Any]] = assert_problem(answer, 400, "validation-failed")["errors"]
    assert sorted(fault["field"] for fault in faults) == sorted(fields), faults
    for fault in faults:
        assert set(fault) == {"field", "code", "message"}
        assert fault["code"] and fault["message"]
    return faults
