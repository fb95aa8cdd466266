"""Lists: what each filter selects, and pages."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from cli.stack import Stack
from tests.contract.seed_surface.automations import PAIRS, differences
from tests.contract.seed_surface.bodies import create
from tests.contract.seed_surface.seed import SCRIP
from tests.fixtures.carillon import Carillon

Automation = dict[str, Any]


class Program:
    """An automation of each pair, one of them paused, one archived."""

    def __init__(self, carillon: Carillon, created: list[Automation]) -> None:
        self._carillon = carillon
        self.created = created

    async def page(self, **filters: str) -> dict[str, Any]:
        answer = await self._carillon.http.get(f"{self._carillon.base}/automations", params=filters)
        assert answer.status_code == 200, answer.text
        page: dict[str, Any] = answer.json()
        return page

    async def listed(self, **filters: str) -> list[Automation]:
        """Each row is checked against the seed."""
        rows: list[Automation] = (await self.page(**filters))["data"]
        assert [difference for row in rows for difference in differences(row)] == []
        return rows

    async def everything(self) -> list[Automation]:
        """As they are now, newest first."""
        return [await self._carillon.get(automation["id"]) for automation in reversed(self.created)]


@pytest.fixture(scope="module")
async def program(http: httpx.AsyncClient, stack: Stack) -> AsyncIterator[Program]:
    carillon = await Carillon.with_new_program(http, stack.addresses.inbox_url)
    created = [await create(carillon, pair, name=f"{pair}, 100%_sure") for pair in PAIRS]
    await carillon.patch(created[0]["id"], status="paused")
    await carillon.delete(created[1]["id"])
    for automation in created:
        if automation["trigger_type"] == "immediate":
            await carillon.closed_run(automation["id"])
    yield Program(carillon, created)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (name, value)
        for name in ("trigger_type", "scope", "status", "source")
        for value in sorted(SCRIP.enums[name])
    ],
)
async def test_each_filter_selects_by_its_value_newest_first(program: Program, name: str, value: str) -> None:
    wanted = [
        automation["id"]
        for automation in await program.everything()
        if automation[name] == value and (name == "status" or automation["status"] != "archived")
    ]
    assert [row["id"] for row in await program.listed(**{name: value})] == wanted


async def test_without_a_filter_the_archived_are_left_out(program: Program) -> None:
    statuses = [row["status"] for row in await program.listed()]
    assert len(statuses) == len(program.created) - 1
    assert "archived" not in statuses


@pytest.mark.parametrize(
    "text", ["one_time", "ONE_TIME", "100%_sure", "x participants", "nothing like it", "%"]
)
async def test_search_finds_a_part_of_the_name_whatever_its_case(program: Program, text: str) -> None:
    found = {row["name"] for row in await program.listed(search=text)}
    names = {row["name"] for row in await program.listed()}
    assert found == {name for name in names if text.lower() in name.lower()}


async def test_filters_are_combined_with_and(program: Program) -> None:
    rows = await program.listed(trigger_type="one_time", scope="participants", search="one")
    assert [(row["trigger_type"], row["scope"]) for row in rows] == [("one_time", "participants")]
    assert await program.listed(trigger_type="immediate", scope="program") == []


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
async def test_pages_hold_each_row_once_and_say_whether_more_follow(program: Program, limit: int) -> None:
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = await program.page(limit=str(limit), **({"cursor": cursor} if cursor else {}))
        seen += [row["id"] for row in page["data"]]
        assert len(page["data"]) <= limit
        cursor = page["pagination"]["next_cursor"]
        assert page["pagination"]["has_more"] is (cursor is not None)
    assert seen == [row["id"] for row in await program.listed()]
