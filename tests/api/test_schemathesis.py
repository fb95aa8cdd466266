"""Thousands of requests made from the OpenAPI document: no server error, no answer that it does not foresee."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from cli.stack import Stack
from store.database import Database
from tests.api.journeys_surface import JourneysSurface, sms
from tests.api.rules_surface import RulesSurface
from tests.api.test_openapi import OPERATIONS
from tests.fixtures.carillon import Carillon
from tests.fixtures.journeys import pass_of
from tests.fixtures.users import new_user

CONFIG = Path(__file__).parent / "schemathesis.toml"
COMMAND = Path(sys.executable).with_name("schemathesis")
# What these operations take away is not what the other ones are tried on.
DELETIONS = {
    "/api/products/{productID}": "productID",
    "/api/segments/{segmentID}": "segmentID",
    "/v1/programs/{program_id}/message-templates/{template_id}": "template_id",
    "/api/automations/{id}": "id",
    "/v1/automation/rules/{rule_id}": "rule_id",
    "/v1/programs/{program_id}/automations/{automation_id}": "automation_id",
    "/v1/users/{user_id}": "user_id",
    "/v1/programs/{program_id}/conversations/{conversation_id}": "conversation_id",
    "/v1/programs/{program_id}/participants/{participant_id}": "participant_id",
    "/v1/programs/{program_id}/segments/{segment_id}": "segment_id",
    "/v1/programs/{program_id}/suppressions/{suppression_id}": "suppression_id",
    "/v1/programs/{program_id}/webhooks/{webhook_id}": "webhook_id",
}
# Messages to the webhooks that requests make leave this machine no more than any other test does.
EXAMPLES_HOST, NOBODY = "https://example.com", "https://127.0.0.1:9"

Ids = dict[str, str]


class Target:
    """A running API, and ids there of one thing of each kind."""

    def __init__(self, stack: Stack, ids: Ids, ids_to_lose: Ids, folder: Path) -> None:
        self._addresses = stack.addresses
        self._ids = ids
        self._ids_to_lose = ids_to_lose
        self._folder = folder

    async def try_requests(self, *arguments: str) -> None:
        """Each operation on things that exist."""
        config = [CONFIG.read_text(), *_parameters(self._ids)]
        for path, name in DELETIONS.items():
            config += ["[[operations]]", f'include-path = "{path}"', 'include-method = "DELETE"']
            config.append(f'parameters = {{ "path.{name}" = "{self._ids_to_lose[name]}" }}')
        await self._run(config, *arguments)

    async def try_chains(self, *arguments: str) -> None:
        """Operations one after another, each on what the one before it answered."""
        program = {"program_id": self._ids["program_id"]}
        await self._run([CONFIG.read_text(), *_parameters(program)], "--phases", "stateful", *arguments)

    async def _run(self, config: list[str], *arguments: str) -> None:
        file, document = self._folder / "schemathesis.toml", self._folder / "openapi.json"
        file.write_text("\n".join(config))
        async with httpx.AsyncClient(base_url=self._addresses.api_url, timeout=60) as client:
            document.write_text((await client.get("/openapi.json")).text.replace(EXAMPLES_HOST, NOBODY))
        run = await asyncio.create_subprocess_exec(
            *(COMMAND, "--config-file", file, "--no-color", "run", *arguments),
            *("--warnings", "off", "--continue-on-failure", "--url", self._addresses.api_url, document),
            cwd=self._folder,
            env=os.environ | {"API_KEY": self._addresses.admin_key},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await run.communicate()
        assert run.returncode == 0, output.decode()
        assert "No test cases were generated" not in output.decode()


def _parameters(ids: Ids) -> list[str]:
    parameters = {f"path.{name}": value for name, value in ids.items()}
    parameters["header.X-Program-Id"] = ids["program_id"]
    return ["[parameters]", *(f'"{name}" = "{value}"' for name, value in parameters.items())]


async def things(carillon: Carillon, record: Database) -> Ids:
    (person,) = await carillon.add_people(1)
    automation = await carillon.create(trigger={"type": "immediate"})
    run = await carillon.closed_run(automation["id"])
    event = {"program_id": carillon.program_id, "event_data": {"type": "walked"}}
    key = {"name": "of the requests", "role": "viewer"}
    segment = {"name": f"of {person}", "expression": "true"}
    conversation = await carillon.http.post(f"{carillon.base}/conversations", json={})
    rule = await carillon.http.post(
        "/v1/automation/rules",
        headers={"X-Program-Id": carillon.program_id},
        json={"name": "of the requests", "trigger_type": "walked"},
    )
    suppressed = {"channel": "email", "address": "nobody@example.com"}
    suppression = await carillon.http.post(f"{carillon.base}/suppressions", json=suppressed)
    journeys = JourneysSurface(carillon.http, carillon.program_id)
    journey = await journeys.create(sms())
    of_program = {"X-Program-Id": carillon.program_id}
    made = (await carillon.http.post(f"{carillon.base}/segments", json=segment)).json()
    product = {"id": f"of {person}", "title": "Shoes", "url": "https://example.com", "currency": "USD"}
    product |= {"status": "outOfStock"}
    assert (await carillon.http.post("/api/products", headers=of_program, json=product)).is_success
    webhooks = f"{carillon.base}/webhooks"
    received = (await carillon.http.post("/v1/events", json=event)).json()
    webhook = (await carillon.http.post(webhooks, json={"url": NOBODY})).json()
    delivery = (await carillon.http.post(f"{webhooks}/{webhook['id']}/test")).json()
    return {
        "program_id": carillon.program_id,
        "participant_id": person,
        "automation_id": automation["id"],
        "run_id": run["id"],
        "event_type": automation["event_name"],
        "conversation_id": conversation.json()["id"],
        "rule_id": rule.json()["id"],
        "segment_id": made["id"],
        "segmentID": made["id"].replace("-", "")[:24],
        "productID": product["id"],
        "contactID": person,
        "template_id": await journeys.template(),
        "message_id": (await carillon.mailed())["id"],
        "suppression_id": suppression.json()["id"],
        "event_id": received["id"],
        "payload_hash": received["payload_hash"],
        "rule_run_id": await RulesSurface(carillon.http, carillon.program_id).run_on(received["id"]),
        "webhook_id": webhook["id"],
        "delivery_id": delivery["id"],
        "id": journey["id"],
        "enrollmentID": await pass_of(record, UUID(carillon.program_id), journey["id"], UUID(person)),
        "blockID": journey["blocks"][0]["id"],
        "api_key_id": (await carillon.http.post("/v1/api-keys", json=key)).json()["id"],
        "stock_name": "birthday",
        "user_id": (await carillon.http.post("/v1/users", json=new_user())).json()["id"],
    }


@pytest.fixture
async def target(
    stack: Stack, http: httpx.AsyncClient, carillon: Carillon, record: Database, tmp_path: Path
) -> AsyncIterator[Target]:
    ids = await things(carillon, record)
    documented = {name for operation in OPERATIONS for name in operation.path_parameters}
    assert set(ids) == documented, "each id in a path is to be one of a thing that exists"
    yield Target(stack, ids, await things(carillon, record), tmp_path)
    for path in (f"{carillon.base}/automations", f"{carillon.base}/webhooks"):
        while left := (await http.get(path)).json()["data"]:
            for thing in left:
                deleted = await http.delete(f"{path}/{thing['id']}")
                assert deleted.status_code == 204, (deleted.text, thing)


@pytest.mark.timeout(400)
async def test_no_request_meets_a_server_error_or_an_undocumented_answer(target: Target) -> None:
    await target.try_requests("--phases", "examples,fuzzing", "--max-examples", "8")


async def test_no_chain_of_requests_meets_one_either(target: Target) -> None:
    await target.try_chains("--max-examples", "15")


@pytest.mark.slow
@pytest.mark.timeout(1_000)
async def test_nor_do_many_more_of_them(target: Target) -> None:
    await target.try_requests("--phases", "examples,coverage,fuzzing", "--max-time", "150")
    await target.try_chains("--max-examples", "120", "--max-time", "90")
