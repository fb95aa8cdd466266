"""Inside a journey, over HTTP: who stands where and why, and having them move, leave, restart and go over."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from activities import journeys as rounds
from domain.roles import Role
from store.database import Database
from store.tables import Enrollment
from tests.api.journeys_surface import (
    JourneysSurface,
    assert_faults,
    assert_problem,
    delay,
    journey,
    sms,
    tag,
)
from tests.fixtures.in_process import api_in_process, secret_of_new_key
from tests.fixtures.journeys import advance, let_in
from tests.fixtures.queued_messages import add_person

BLOCKS = (tag("begun"), delay("pause"), sms("hello"))


@pytest.fixture
async def surface(database: Database, database_url: str) -> AsyncIterator[JourneysSurface]:
    """An API that no worker stands behind, so that people move when the test says so."""
    secret = await secret_of_new_key(database, Role.ADMIN)
    async with api_in_process(database_url) as client:
        client.headers["X-API-Key"] = secret
        yield await JourneysSurface.of_new_program(client)


@pytest.fixture(autouse=True)
def _no_lingering(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "STAYS_FOR", timedelta(0))


class Inside:
    """An enabled journey of tag, delay and SMS, with people in it who wait at the delay."""

    def __init__(self, surface: JourneysSurface, database: Database) -> None:
        self.surface = surface
        self.database = database
        self.ids: dict[str, str] = {}
        self.journey_id = ""

    async def begin(self, people: int, *blocks: dict[str, Any]) -> list[str]:
        """`blocks`: other ones."""
        made = await self.surface.create(*(blocks or BLOCKS))
        self.journey_id = made["id"]
        names = ("begun", "pause", "hello")
        self.ids = {name: block["id"] for name, block in zip(names, made["blocks"], strict=False)}
        await self.post("/enable")
        program_id = UUID(self.surface.program_id)
        joined = [await add_person(self.database, program_id, phone="+34612345678") for _ in range(people)]
        now = datetime.now(UTC)
        passes = await let_in(self.database, self.journey_id, joined, now)
        await advance(self.database, self.journey_id, now)
        return [str(one) for one in passes]

    async def get(self, path: str = "", **params: Any) -> dict[str, Any]:
        answer = await self.surface.call("GET", f"/{self.journey_id}{path}", params=params)
        assert answer.status_code == 200, answer.text
        shown: dict[str, Any] = answer.json()
        return shown

    async def try_to(self, path: str, body: object = None) -> httpx.Response:
        return await self.surface.call("POST", f"/{self.journey_id}{path}", json=body)

    async def post(self, path: str, body: object = None) -> dict[str, Any]:
        answer = await self.try_to(path, body)
        assert answer.status_code == 200, answer.text
        shown: dict[str, Any] = answer.json()
        return shown


@pytest.fixture
def inside(surface: JourneysSurface, database: Database) -> Inside:
    return Inside(surface, database)


async def test_the_flow_tells_who_stands_where_and_what_was_decided(inside: Inside) -> None:
    await inside.begin(3)
    flow = await inside.get("/flow")
    counts = ("entered", "inside", "completed", "exited", "cancelled", "converted")
    assert [flow[name] for name in counts] == [3, 3, 0, 0, 0, 0]
    begun, pause, hello = flow["blocks"]
    assert begun == {
        "blockID": inside.ids["begun"],
        "type": "action",
        "inside": 0,
        "overdue": 0,
        "entered": 3,
        "decisions": {"changed": 3},
        "converted": 0,
        "left": 0,
    }
    assert (pause["inside"], pause["overdue"], pause["decisions"]) == (3, 0, {"waiting": 3})
    assert (hello["inside"], hello["entered"], hello["decisions"]) == (0, 0, {})
    await advance(inside.database, inside.journey_id, datetime.now(UTC) + timedelta(days=4))
    flow = await inside.get("/flow")
    assert (flow["inside"], flow["completed"]) == (0, 3)
    assert flow["blocks"][2]["decisions"] == {"skipped:no_consent": 3}
    assert [block["entered"] for block in flow["blocks"]] == [3, 3, 3]


async def test_who_came_to_a_wait_is_counted_once_though_its_end_is_decided_too(inside: Inside) -> None:
    wait = {"event": "paid", "timeout": {"amount": 1, "units": "d"}, "eventBlocks": [tag("paid")]}
    goal = {"temporaryID": "g", "type": "goal", "goal": {"event": "paid"}}
    await inside.begin(2, {"temporaryID": "w", "type": "wait", "wait": wait}, goal, tag())
    flow = await inside.get("/flow")
    assert [block["entered"] for block in flow["blocks"]] == [2, 0, 0, 0]
    await advance(inside.database, inside.journey_id, datetime.now(UTC) + timedelta(days=2))
    waited, *_, last = (await inside.get("/flow"))["blocks"]
    assert (waited["entered"], waited["decisions"]) == (2, {"waiting": 2, "branched:timeout": 2})
    assert last["entered"] == 2


async def test_a_path_tells_each_decision_and_why(inside: Inside) -> None:
    (pass_id,) = await inside.begin(1)
    path = await inside.get(f"/enrollments/{pass_id}")
    assert (path["status"], path["blockID"]) == ("active", inside.ids["pause"])
    steps = [(step["number"], step["blockID"], step["decision"]) for step in path["steps"]]
    assert steps == [(1, inside.ids["begun"], "changed"), (2, inside.ids["pause"], "waiting")]
    assert path["steps"][1]["reason"].startswith("until 20")
    assert path["nextStepAt"] is not None
    assert_problem(
        await inside.surface.call("GET", f"/{inside.journey_id}/enrollments/{uuid4()}"), 404, "not-found"
    )


async def test_passes_are_listed_in_pages_and_by_contact(inside: Inside) -> None:
    passes = await inside.begin(3)
    first = await inside.get("/enrollments", limit=2)
    assert (len(first["enrollments"]), first["paging"]["hasMore"]) == (2, True)
    rest = await inside.get("/enrollments", limit=2, after=first["paging"]["cursors"]["after"])
    assert rest["paging"]["hasMore"] is False
    assert {one["id"] for one in [*first["enrollments"], *rest["enrollments"]]} == set(passes)
    one = first["enrollments"][0]
    assert (await inside.get("/enrollments", contactID=one["contactID"]))["enrollments"] == [one]
    assert (await inside.get("/enrollments", status="completed"))["enrollments"] == []
    wrong = await inside.surface.call("GET", f"/{inside.journey_id}/enrollments", params={"after": "x"})
    assert_faults(wrong, "after")


async def test_a_contact_is_moved_and_goes_on_there_at_once(inside: Inside) -> None:
    (pass_id,) = await inside.begin(1)
    moved = await inside.post(f"/enrollments/{pass_id}/move", {"blockID": inside.ids["hello"]})
    assert (moved["blockID"], moved["waitingSince"]) == (inside.ids["hello"], None)
    await advance(inside.database, inside.journey_id, datetime.now(UTC))
    path = await inside.get(f"/enrollments/{pass_id}")
    assert path["status"] == "completed"
    assert [step["decision"] for step in path["steps"]] == ["changed", "waiting", "moved", "skipped"]
    assert_problem(
        await inside.try_to(f"/enrollments/{pass_id}/move", {"blockID": inside.ids["pause"]}),
        409,
        "enrollment-finished",
    )


async def test_a_contact_cannot_be_moved_to_a_block_that_is_none(inside: Inside) -> None:
    (pass_id,) = await inside.begin(1)
    assert_faults(await inside.try_to(f"/enrollments/{pass_id}/move", {"blockID": "x"}), "blockID")
    assert_faults(await inside.try_to(f"/enrollments/{pass_id}/move", {}), "blockID")


async def test_a_contact_leaves_and_is_sent_through_again(inside: Inside) -> None:
    (pass_id,) = await inside.begin(1)
    left = await inside.post(f"/enrollments/{pass_id}/exit")
    assert (left["status"], left["reason"], left["nextStepAt"]) == ("exited", "by_operator", None)
    assert await inside.post(f"/enrollments/{pass_id}/exit") == left
    assert (await inside.get("/flow"))["blocks"][1]["left"] == 1
    again = await inside.post(f"/enrollments/{pass_id}/restart")
    assert (again["status"], again["blockID"], again["reason"]) == ("active", None, None)
    await advance(inside.database, inside.journey_id, datetime.now(UTC))
    path = await inside.get(f"/enrollments/{pass_id}")
    assert path["blockID"] == inside.ids["pause"]
    assert [step["decision"] for step in path["steps"]] == [
        *("changed", "waiting", "restarted", "changed", "waiting")
    ]


async def test_nobody_begins_again_in_a_journey_that_lets_nobody_in(inside: Inside) -> None:
    (pass_id,) = await inside.begin(1)
    await inside.post("/disable", {"contactsInWorkflow": "exit"})
    left = await inside.get(f"/enrollments/{pass_id}")
    assert_problem(await inside.try_to(f"/enrollments/{pass_id}/restart"), 409, "automation-disabled")
    assert await inside.get(f"/enrollments/{pass_id}") == left
    held = {"contactsInWorkflow": "keep", "resumePolicy": {"mode": "hold"}}
    await inside.post("/disable", held)
    again = await inside.post(f"/enrollments/{pass_id}/restart")
    assert (again["status"], again["blockID"]) == ("active", None)


async def test_a_goal_that_was_reached_stays_reached_when_they_begin_again(inside: Inside) -> None:
    (pass_id,) = await inside.begin(1)
    reached = datetime.now(UTC)
    async with inside.database.transaction() as session:
        (await session.get_one(Enrollment, UUID(pass_id))).goal_at = reached
    again = await inside.post(f"/enrollments/{pass_id}/restart")
    assert datetime.fromisoformat(again["convertedAt"]) == reached
    flow = await inside.get("/flow")
    assert (flow["entered"], flow["converted"]) == (1, 1)


async def test_journeys_of_other_programs_are_not_there(inside: Inside) -> None:
    (pass_id,) = await inside.begin(1)
    other = await JourneysSurface.of_new_program(inside.surface.http)
    for method, path in (
        ("GET", "/flow"),
        ("GET", "/enrollments"),
        ("GET", f"/enrollments/{pass_id}"),
        ("POST", f"/enrollments/{pass_id}/exit"),
        ("POST", f"/enrollments/{pass_id}/restart"),
    ):
        assert_problem(await other.call(method, f"/{inside.journey_id}{path}"), 404, "not-found")


async def test_a_journey_without_anybody_flows_nowhere(surface: JourneysSurface) -> None:
    made = await surface.post(journey())
    answer = await surface.call("GET", f"/{made.json()['id']}/flow")
    flow = answer.json()
    assert (flow["entered"], [block["inside"] for block in flow["blocks"]]) == (0, [0, 0])
