"""Publishing an edited journey while people are inside: told before, done as told, and nobody lost."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.journeys.enrolling import EnrollmentStatus
from store.database import Database
from store.enrollments import Entry, enroll
from store.journeys import get_journey, get_version
from store.tables import Enrollment, Journey
from tests.api.journeys_surface import (
    UNKNOWN_ID,
    JourneysSurface,
    assert_faults,
    assert_problem,
    delay,
    tag,
)
from tests.store.journeying import NOON


class Published:
    """An enabled journey of a delay, a tag, a delay and a tag, with people inside."""

    def __init__(self, journeys: JourneysSurface, database: Database, made: dict[str, Any]) -> None:
        self.journeys, self._database = journeys, database
        self.id: str = made["id"]
        self.blocks: list[dict[str, Any]] = made["blocks"]
        self.ids: list[str] = [block["id"] for block in made["blocks"]]

    async def row(self) -> Journey:
        async with self._database.transaction() as session:
            journey = await get_journey(session, UUID(self.journeys.program_id), self.id)
        assert journey is not None
        return journey

    async def put_at(self, block_id: str | None, people: int = 1) -> list[UUID]:
        """New people in the published version, who stand there."""
        version = (await self.row()).published_hash
        assert version is not None
        entries = [
            Entry(
                key=str(uuid4()),
                journey_id=self.id,
                program_id=UUID(self.journeys.program_id),
                participant_id=uuid4(),
                content_hash=version,
                entered_at=NOON,
            )
            for _ in range(people)
        ]
        async with self._database.transaction() as session:
            ids = list((await enroll(session, entries)).values())
            for id_ in ids:
                standing = await session.get_one(Enrollment, id_)
                standing.block_id = block_id
                standing.waiting_since = None if block_id is None else NOON
        return ids

    async def person(self, enrollment_id: UUID) -> Enrollment:
        async with self._database.transaction() as session:
            return await session.get_one(Enrollment, enrollment_id)

    async def publish(self, path: str = "", **body: Any) -> dict[str, Any]:
        answer = await self.journeys.post(body, f"/{self.id}/publish{path}")
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told


@pytest.fixture
async def published(journeys: JourneysSurface, database: Database) -> Published:
    made = await journeys.create(delay("d"), tag("t"), delay("e"), tag("u"))
    assert (await journeys.post(None, f"/{made['id']}/enable")).status_code == 200
    return Published(journeys, database, made)


async def test_the_draft_of_an_enabled_journey_is_edited_and_published_in_one(
    published: Published, database: Database
) -> None:
    first = await published.row()
    changes = {"blocks": [*published.blocks, tag("new")], "exitConditions": [{"event": "refunded"}]}
    told = await published.publish(changes=changes)
    shown = await published.journeys.get(published.id)
    assert [block["id"] for block in shown["blocks"]][:4] == published.ids
    assert shown["isEnabled"]
    assert shown["exitConditions"][0]["event"] == "refunded"
    row = await published.row()
    assert told["contentHash"] == row.published_hash != first.published_hash
    assert row.published_hash is not None and first.published_hash is not None
    async with database.transaction() as session:
        new = await get_version(session, published.id, row.published_hash)
        assert new is not None and new.stored() == row.definition
        assert await get_version(session, published.id, first.published_hash) is not None


async def test_those_inside_are_pinned_unless_asked_otherwise(published: Published) -> None:
    (person,) = await published.put_at(published.ids[0])
    before = await published.person(person)
    told = await published.publish(changes={"blocks": published.blocks[:2]})
    assert [impact["outcome"] for impact in told["impacts"]] == ["pinned"]
    assert await published.person(person) == before


async def test_whoever_follows_goes_on_at_the_same_block_and_the_others_are_pinned(
    published: Published,
) -> None:
    (new,) = await published.put_at(None)
    (stays,) = await published.put_at(published.ids[0])
    (gone,) = await published.put_at(published.ids[2])
    old = await published.person(gone)
    told = await published.publish(mode="follow", changes={"blocks": published.blocks[:2]})
    assert {impact["blockID"]: impact["outcome"] for impact in told["impacts"]} == {
        None: "follows",
        published.ids[0]: "follows",
        published.ids[2]: "pinned",
    }
    for follower in (new, stays):
        assert (await published.person(follower)).content_hash == told["contentHash"]
    kept = await published.person(stays)
    assert (kept.block_id, kept.waiting_since) == (published.ids[0], NOON)
    assert await published.person(gone) == old


async def test_a_step_map_says_where_those_go_whose_block_is_gone(published: Published) -> None:
    first, kept, second, last = published.ids
    (moves,) = await published.put_at(first)
    leaves = await published.put_at(second, people=3)
    (stays,) = await published.put_at(last)
    changes = {"blocks": [published.blocks[1], published.blocks[3]]}
    migration: dict[str, Any] = {"mode": "migrate", "changes": changes}
    answer = await published.journeys.post(migration, f"/{published.id}/publish")
    problem = assert_problem(answer, 409, "step-map-invalid")
    assert [fault["field"] for fault in problem["errors"]] == sorted(
        [f"stepMap.{first}", f"stepMap.{second}"]
    )
    migration["stepMap"] = {first: kept, second: None}
    preview = await published.publish("/preview", **migration)
    assert (preview["contentHash"], preview["people"]) == (None, 5)
    assert (await published.row()).definition["blocks"] == published.blocks
    told = await published.publish(**migration)
    assert told["impacts"] == preview["impacts"]
    assert {impact["blockID"]: (impact["people"], impact["outcome"], impact["toBlockID"]) for impact in told["impacts"]} == {
        first: (1, "moves", kept),
        second: (3, "leaves", None),
        last: (1, "follows", None),
    }  # fmt: skip
    moved = await published.person(moves)
    assert (moved.block_id, moved.waiting_since, moved.content_hash) == (kept, None, told["contentHash"])
    walked = await published.journeys.call("GET", f"/{published.id}/enrollments/{moves}")
    (step,) = walked.json()["steps"]
    assert (step["number"], step["blockID"], step["decision"]) == (moved.steps, kept, "migrated")
    assert (step["reason"], step["version"]) == (f"from {first}", told["contentHash"])
    assert (await published.person(stays)).content_hash == told["contentHash"]
    for one in leaves:
        left = await published.person(one)
        assert (left.status, left.reason) == (EnrollmentStatus.EXITED, "block_gone")
    assert (await published.publish(mode="follow"))["people"] == 0


async def test_a_step_map_that_leads_nowhere_is_refused(published: Published) -> None:
    first, *_ = published.ids
    await published.put_at(first)
    body = {
        "mode": "migrate",
        "changes": {"blocks": published.blocks[1:]},
        "stepMap": {first: UNKNOWN_ID, published.ids[1]: None},
    }
    answer = await published.journeys.post(body, f"/{published.id}/publish/preview")
    problem = assert_problem(answer, 409, "step-map-invalid")
    assert {fault["field"] for fault in problem["errors"]} == {
        f"stepMap.{first}",
        f"stepMap.{published.ids[1]}",
    }


async def test_everything_that_is_wrong_is_told_at_once_by_its_place(published: Published) -> None:
    body = {
        "mode": "push",
        "stepMap": {"x": 3},
        "colour": "red",
        "changes": {
            "blocks": [published.blocks[0] | {"id": UNKNOWN_ID}],
            "settings": {"frequencyLimiter": {"mode": "interval"}},
            "trigger": {"condition": None},
        },
    }
    assert_faults(
        await published.journeys.post(body, f"/{published.id}/publish"),
        "mode",
        "stepMap.x",
        "colour",
        "changes.blocks.0.id",
        "changes.blocks.0",
        "changes.settings.frequencyLimiter.duration",
        "changes.trigger.condition",
    )
    for content in (b"", b"[]", b"3"):
        answer = await published.journeys.call(
            "POST", f"/{published.id}/publish", content=content, headers={"Content-Type": "application/json"}
        )
        assert_faults(answer, "body")


async def test_a_disabled_draft_is_published_for_those_inside_without_letting_anybody_in(
    published: Published,
) -> None:
    (person,) = await published.put_at(published.ids[0])
    await published.journeys.post({"contactsInWorkflow": "keep"}, f"/{published.id}/disable")
    await published.journeys.put_blocks(published.id, published.blocks[0], tag("only"))
    told = await published.publish(mode="follow")
    assert (await published.person(person)).content_hash == told["contentHash"]
    assert not (await published.journeys.get(published.id))["isEnabled"]
