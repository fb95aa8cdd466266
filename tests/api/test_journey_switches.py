"""Enabling, disabling and copying journeys over HTTP."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.journeys.enrolling import EnrollmentStatus
from store.database import Database
from store.enrollments import Entry, enroll
from store.journeys import get_journey
from store.tables import Enrollment
from tests.api.journeys_surface import (
    TRIGGER,
    UNKNOWN_ID,
    JourneysSurface,
    assert_faults,
    assert_problem,
    delay,
    sms,
    split,
    tag,
)
from tests.store.journeying import NOON

KEEP = {"contactsInWorkflow": "keep"}
EXIT = {"contactsInWorkflow": "exit"}


async def switched(journeys: JourneysSurface, path: str, body: object = None) -> dict[str, Any]:
    answer = await journeys.call("POST", path, json=body)
    assert answer.status_code in (200, 201), answer.text
    shown: dict[str, Any] = answer.json()
    return shown


async def put_inside(database: Database, journeys: JourneysSurface, journey_id: str) -> UUID:
    """Somebody's pass through the published version; their first step is long due."""
    program_id = UUID(journeys.program_id)
    async with database.transaction() as session:
        journey = await get_journey(session, program_id, journey_id)
        assert journey is not None and journey.published_hash is not None
        key = str(uuid4())
        entry = Entry(
            key=key,
            journey_id=journey_id,
            program_id=program_id,
            participant_id=uuid4(),
            content_hash=journey.published_hash,
            entered_at=NOON,
        )
        return (await enroll(session, [entry]))[key]


async def read(database: Database, enrollment_id: UUID) -> Enrollment:
    async with database.transaction() as session:
        return await session.get_one(Enrollment, enrollment_id)


async def test_enabling_and_disabling_say_when_and_may_be_repeated(journeys: JourneysSurface) -> None:
    made = await journeys.create()
    enabled = await switched(journeys, f"/{made['id']}/enable")
    assert (enabled["isEnabled"], enabled["disabledAt"]) == (True, None)
    assert enabled["enabledAt"] == enabled["updatedAt"] > made["updatedAt"]
    assert await switched(journeys, f"/{made['id']}/enable", {"enrollExisting": False}) == enabled
    disabled = await switched(journeys, f"/{made['id']}/disable", KEEP)
    assert (disabled["isEnabled"], disabled["enabledAt"]) == (False, enabled["enabledAt"])
    assert disabled["disabledAt"] > enabled["enabledAt"]
    assert await switched(journeys, f"/{made['id']}/disable", EXIT) == disabled


async def test_an_enabled_journey_cannot_be_changed(journeys: JourneysSurface) -> None:
    made = await journeys.create()
    await switched(journeys, f"/{made['id']}/enable")
    for answer in (
        await journeys.patch(made["id"], name="Another"),
        await journeys.put_blocks(made["id"], tag()),
    ):
        assert_problem(answer, 409, "automation-enabled")
    await switched(journeys, f"/{made['id']}/disable", KEEP)
    assert (await journeys.patch(made["id"], name="Another")).status_code == 200


async def test_what_has_gone_meanwhile_keeps_a_journey_from_being_enabled(journeys: JourneysSurface) -> None:
    other = await journeys.create(name="Other")
    limit = {"overlapLimiter": {"mode": "currentlyIn", "automationIDs": [other["id"]]}}
    made = await journeys.create(settings=limit)
    await journeys.call("DELETE", f"/{other['id']}")
    problem = assert_problem(await journeys.post(None, f"/{made['id']}/enable"), 409, "automation-invalid")
    assert [fault["field"] for fault in problem["errors"]] == ["settings.overlapLimiter.automationIDs.0"]
    assert not (await journeys.get(made["id"]))["isEnabled"]
    assert (await journeys.patch(made["id"], name="It can still be renamed")).status_code == 200
    assert (await journeys.patch(made["id"], settings={"overlapLimiter": None})).status_code == 200
    await switched(journeys, f"/{made['id']}/enable")


@pytest.mark.parametrize(
    ("trigger", "blocks"),
    [
        ({"condition": {"event": "birthday"}}, [delay(), tag()]),
        ({"condition": {"event": "product back in stock"}}, [delay(), tag()]),
        ({"condition": {"event": "placed order"}}, [tag(), delay(), tag("t")]),
        (TRIGGER | {"inactivitySettings": {"duration": {"amount": 2, "units": "h"}}}, [delay(), tag()]),
    ],
)
async def test_those_for_whom_it_cannot_be_known_are_not_enrolled(
    journeys: JourneysSurface, trigger: dict[str, Any], blocks: list[dict[str, Any]]
) -> None:
    made = await journeys.create(*blocks, trigger=trigger)
    answer = await journeys.post({"enrollExisting": True}, f"/{made['id']}/enable")
    assert_problem(answer, 409, "enroll-existing-not-applicable")
    assert not (await journeys.get(made["id"]))["isEnabled"]


async def test_a_segments_members_are_enrolled_on_the_first_enabling_alone(
    journeys: JourneysSurface, database: Database
) -> None:
    segment = {"condition": {"event": "entered segment", "origin": "omnisend"}}
    for condition, again in ((segment, 409), (TRIGGER, 200)):
        made = await journeys.create(trigger=condition)
        await switched(journeys, f"/{made['id']}/enable", {"enrollExisting": True})
        async with database.transaction() as session:
            journey = await get_journey(session, UUID(journeys.program_id), made["id"])
            assert journey is not None and journey.enroll_existing_requested_at == journey.enabled_at
        await switched(journeys, f"/{made['id']}/disable", KEEP)
        answer = await journeys.post({"enrollExisting": True}, f"/{made['id']}/enable")
        assert answer.status_code == again, answer.text


@pytest.mark.parametrize(
    ("body", "status"), [(KEEP, EnrollmentStatus.ACTIVE), (EXIT, EnrollmentStatus.EXITED)]
)
async def test_disabling_keeps_those_inside_or_has_them_leave(
    journeys: JourneysSurface, database: Database, body: dict[str, Any], status: EnrollmentStatus
) -> None:
    made = await journeys.create()
    await switched(journeys, f"/{made['id']}/enable")
    inside = await put_inside(database, journeys, made["id"])
    await switched(journeys, f"/{made['id']}/disable", body)
    assert (await read(database, inside)).status == status
    await journeys.call("DELETE", f"/{made['id']}")
    left = await read(database, inside)
    assert left.status == EnrollmentStatus.EXITED
    assert left.reason == ("journey_deleted" if body is KEEP else "journey_disabled")
    assert left.finished_at is not None


async def test_of_a_disabled_journey_those_still_inside_can_be_made_to_leave(
    journeys: JourneysSurface, database: Database
) -> None:
    hold = KEEP | {"resumePolicy": {"mode": "hold"}}
    for first in (KEEP, hold):
        made = await journeys.create()
        await switched(journeys, f"/{made['id']}/enable")
        inside = await put_inside(database, journeys, made["id"])
        await switched(journeys, f"/{made['id']}/disable", first)
        await switched(journeys, f"/{made['id']}/disable", EXIT)
        assert (await read(database, inside)).reason == "journey_disabled"
        assert (await journeys.call("GET", f"/{made['id']}/overdue")).json()["resumePolicy"] is None


async def test_how_people_go_on_can_be_changed_while_they_stand_still(journeys: JourneysSurface) -> None:
    made = await journeys.create()
    await switched(journeys, f"/{made['id']}/enable")
    before = await switched(journeys, f"/{made['id']}/disable", KEEP)

    async def told(mode: str | None, **asked: Any) -> dict[str, Any]:
        disabled = await switched(journeys, f"/{made['id']}/disable", KEEP | asked)
        overdue = (await journeys.call("GET", f"/{made['id']}/overdue")).json()
        assert (overdue["resumePolicy"] or {"mode": None})["mode"] == mode
        return disabled

    hold, shift = {"mode": "hold"}, {"mode": "shift"}
    standing = await told("hold", resumePolicy=hold)
    # They went on until now; by this a shift is measured.
    assert standing["disabledAt"] > before["disabledAt"]
    assert await told("hold") == await told("hold", resumePolicy=hold) == standing
    assert (await told("shift", resumePolicy=shift))["disabledAt"] == standing["disabledAt"]
    await told(None, resumePolicy=None)


async def test_whoever_stands_still_is_overdue_until_the_journey_goes_on(
    journeys: JourneysSurface, database: Database
) -> None:
    made = await journeys.create()
    await switched(journeys, f"/{made['id']}/enable")
    for _ in range(3):
        await put_inside(database, journeys, made["id"])
    policy = {"mode": "trickle", "perMinute": 2}
    await switched(journeys, f"/{made['id']}/disable", KEEP | {"resumePolicy": policy})
    told = (await journeys.call("GET", f"/{made['id']}/overdue")).json()
    assert (told["inside"], told["overdue"], told["resumePolicy"]) == (3, 3, policy)
    assert told["blocks"] == [{"blockID": None, "inside": 3, "overdue": 3}]
    assert told["lastStepAt"] > told["asOf"]
    await switched(journeys, f"/{made['id']}/enable")
    told = (await journeys.call("GET", f"/{made['id']}/overdue")).json()
    assert (told["inside"], told["overdue"], told["resumePolicy"]) == (3, 1, None)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "contactsInWorkflow"),
        ({"contactsInWorkflow": "pause"}, "contactsInWorkflow"),
        (EXIT | {"resumePolicy": {"mode": "hold"}}, "resumePolicy"),
        (KEEP | {"resumePolicy": {"mode": "trickle"}}, "resumePolicy"),
        (KEEP | {"resumePolicy": {"mode": "shift", "perMinute": 3}}, "resumePolicy.perMinute"),
        (KEEP | {"resumePolicy": {"mode": "trickle", "perMinute": 0}}, "resumePolicy.perMinute"),
    ],
)
async def test_a_way_of_disabling_that_is_none_is_refused(
    journeys: JourneysSurface, body: dict[str, Any], field: str
) -> None:
    made = await journeys.create()
    assert_faults(await journeys.post(body, f"/{made['id']}/disable"), field)


async def test_a_copy_is_disabled_and_has_blocks_of_its_own(journeys: JourneysSurface) -> None:
    clicked = {"type": "message", "field": "blockID", "operator": "clickedSms", "value": "first"}
    made = await journeys.create(sms("first"), split("did", [clicked], [tag()], []), name="Welcome")
    tags = {"source": "shop", "medium": "", "campaign": "spring"}
    first = made["blocks"][0]["id"]
    await journeys.call("PUT", f"/{made['id']}/blocks/{first}/utm", json={"tags": tags})
    await switched(journeys, f"/{made['id']}/enable")
    copy = await switched(journeys, f"/{made['id']}/copy")
    assert (copy["name"], copy["isEnabled"], copy["enabledAt"]) == ("Copy of: Welcome", False, None)
    sent, asked = copy["blocks"]
    assert sent["id"] != first
    assert asked["split"]["filterGroup"]["filters"][0]["value"] == sent["id"]
    utm = (await journeys.call("GET", f"/{copy['id']}/blocks/{sent['id']}/utm")).json()["tags"]
    assert utm == {"source": "shop", "medium": "sms", "campaign": "spring"}
    assert (await switched(journeys, f"/{made['id']}/copy", {"name": "Mine"}))["name"] == "Mine"
    assert (await switched(journeys, f"/{made['id']}/copy", {"name": ""}))["name"] == "Copy of: Welcome"
    assert_faults(await journeys.post({"name": "x\0y"}, f"/{made['id']}/copy"), "name")


async def test_tags_have_defaults_until_they_are_set_and_again_once_they_are_emptied(
    journeys: JourneysSurface,
) -> None:
    made = await journeys.create(sms(), delay(), tag())
    block, wait, _ = (each["id"] for each in made["blocks"])
    path = f"/{made['id']}/blocks/{block}/utm"
    default = {"source": "omnisend", "medium": "sms", "campaign": f"automation: Welcome ({made['id']})"}
    assert (await journeys.call("GET", path)).json() == {"tags": default}
    own = {"source": "s", "medium": "m", "campaign": "c"}
    assert (await journeys.call("PUT", path, json={"tags": own})).json() == {"tags": own}
    assert (await journeys.call("GET", f"/{made['id']}/utm")).json() == {
        "blocks": [{"blockID": block, "tags": own}]
    }
    cleared = own | {"source": "", "campaign": ""}
    assert (await journeys.call("PUT", path, json={"tags": cleared})).json() == {
        "tags": default | {"medium": "m"}
    }
    wrong = {"source": "s", "medium": "m" * 251, "colour": "red"}
    assert_faults(
        await journeys.call("PUT", path, json={"tags": wrong}), "tags.medium", "tags.campaign", "tags.colour"
    )
    for missing in (wait, UNKNOWN_ID):
        answer = await journeys.call("GET", f"/{made['id']}/blocks/{missing}/utm")
        assert_problem(answer, 404, "not-found")
