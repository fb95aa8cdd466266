"""A request that is wrong is answered with the field at fault, and nothing comes into being."""

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlmodel import col, func, select
from temporalio.client import Client

from cli.stack import Stack
from domain import search_attributes
from store.database import Database
from store.tables import Automation, AutomationChange
from tests.api.bad_automations import ALL, CRON, GOOD, Bad
from tests.api.refusal import assert_refused
from tests.fixtures.carillon import Carillon

JSON = {"Content-Type": "application/json"}
MIB = 1_048_576


class Program:
    """A program in which every request is to be refused."""

    def __init__(self, carillon: Carillon, database: Database, temporal: Client) -> None:
        self._carillon = carillon
        self._database = database
        self._temporal = temporal
        self.path = f"{carillon.base}/automations"

    async def post(self, body: bytes | AsyncIterator[bytes]) -> httpx.Response:
        return await self._carillon.http.post(self.path, content=body, headers=JSON)

    async def contents(self) -> dict[str, int]:
        """How much of it there is, in each of the places where an automation leaves something."""
        listed = await self._carillon.http.get(self.path)
        workflows = await self._temporal.count_workflows(
            f"{search_attributes.PROGRAM.name} = '{self._carillon.program_id}'"
        )
        return {
            "listed": len(listed.json()["data"]),
            "rows": await self._rows(Automation),
            "changes": await self._rows(AutomationChange),
            "workflows": workflows.count,
        }

    async def _rows(self, table: type[Automation] | type[AutomationChange]) -> int:
        wanted = col(table.program_id) == UUID(self._carillon.program_id)
        async with self._database.transaction() as session:
            return (await session.exec(select(func.count()).select_from(table).where(wanted))).one()


NOTHING = {"listed": 0, "rows": 0, "changes": 0, "workflows": 0}


@pytest.fixture(scope="module")
async def program(
    http: httpx.AsyncClient, stack: Stack, record: Database, temporal: Client
) -> AsyncIterator[Program]:
    carillon = await Carillon.with_new_program(http, stack.addresses.inbox_url)
    program = Program(carillon, record, temporal)
    yield program
    assert await program.contents() == NOTHING


@pytest.mark.parametrize("bad", ALL, ids=str)
async def test_a_bad_automation_is_refused_by_its_field_and_leaves_nothing(
    program: Program, bad: Bad
) -> None:
    assert_refused(await program.post(bad.body), bad.field)
    assert await program.contents() == NOTHING


async def test_what_was_expected_and_what_was_received_are_told(program: Program) -> None:
    body = GOOD | {"trigger": CRON | {"timezone": "Mars/Phobos"}, "scope": "everyone"}
    details = (await program.post(json.dumps(body).encode())).json()["details"]
    assert details["expected"] == "'program' or 'participants'"
    assert details["received"] == "everyone"


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"trigger": {"type": "weekly"}}, "'cron', 'one_time', 'immediate', 'participant_state'"),
        ({"trigger": CRON | {"timezone": "Europe/Madird"}}, "a name such as 'Europe/Madrid'"),
        ({"trigger": CRON | {"cron_expression": "61 * * * *"}}, "0-59"),
        ({"colour": "red"}, "no such field"),
    ],
)
async def test_the_expectation_is_one_that_can_be_met(
    program: Program, wrong: dict[str, Any], expected: str
) -> None:
    answer = await program.post(json.dumps(GOOD | wrong).encode())
    assert answer.json()["details"]["expected"] == expected


@pytest.mark.parametrize("field", ["participant_filter", "guard_condition"])
async def test_a_misspelt_variable_is_answered_with_a_suggestion(program: Program, field: str) -> None:
    answer = await program.post(json.dumps(GOOD | {field: '"vip" in participant.tgas'}).encode())
    details = answer.json()["details"]
    assert answer.status_code == 400
    assert details["field"] == field
    assert "participant.tags" in details["suggestion"]


def _streamed(size: int) -> AsyncIterator[bytes]:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(0, size, 65_536):
            yield b" " * 65_536

    return chunks()


@pytest.mark.parametrize("size", [MIB + 1, 11 * MIB // 10, 8 * MIB])
@pytest.mark.parametrize("streamed", [False, True], ids=["declared", "streamed"])
async def test_a_body_past_the_limit_is_refused_with_413(
    program: Program, size: int, *, streamed: bool
) -> None:
    body = _streamed(size) if streamed else json.dumps(GOOD | {"description": "x" * size}).encode()
    assert_refused(await program.post(body), "body", 413, "payload_too_large")
    assert await program.contents() == NOTHING


async def test_the_connection_serves_on_after_a_body_past_the_limit(program: Program) -> None:
    for _ in range(3):
        assert (await program.post(b" " * (MIB + 1))).status_code == 413
        assert (await program.post(b"{}")).status_code == 400


async def test_a_body_of_another_content_type_is_refused(carillon: Carillon) -> None:
    answer = await carillon.http.post(
        f"{carillon.base}/automations", content=json.dumps(GOOD), headers={"Content-Type": "text/plain"}
    )
    details = assert_refused(answer, "body")
    assert "application/json" in details["expected"]


async def test_a_name_that_is_taken_is_a_conflict_and_changes_nothing(carillon: Carillon) -> None:
    first = await carillon.create(name="Welcome")
    answer = await carillon.post(GOOD | {"name": "Welcome", "event_name": "another"})
    details = assert_refused(answer, "name", 409, "conflict")
    assert details["expected"] == "unique in the program"
    listed = (await carillon.http.get(f"{carillon.base}/automations")).json()["data"]
    assert listed == [first]


async def test_a_name_is_free_again_once_its_automation_is_archived(carillon: Carillon) -> None:
    first = await carillon.create(name="Welcome")
    await carillon.delete(first["id"])
    assert (await carillon.post(GOOD | {"name": "Welcome"})).status_code == 201


@pytest.mark.parametrize("name", ["😀" * 255, "x" * 255, "' OR 1=1 --", "<b>", "%s {{ x }}"])
async def test_a_name_may_be_any_text_of_255_characters(carillon: Carillon, name: str) -> None:
    created = await carillon.create(name=name)
    assert (await carillon.get(created["id"]))["name"] == name
