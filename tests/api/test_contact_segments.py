"""Segments at Omnisend's address: known by 24 hexadecimal digits, in pages to and fro, and the same as our own."""

from typing import Any
from uuid import UUID

import httpx
import pytest

from store.database import Database
from tests.api.journeys_surface import JourneysSurface, action, assert_faults, assert_problem, journey
from tests.store.segmenting import refresh

GROUPS = [{"logicalOperator": "and", "filters": [{"field": "tag", "operator": "eq", "value": "vip"}]}]
VIPS = {"name": "VIPs", "filterGroups": GROUPS}
SHAPE = {
    *("segmentID", "name", "status", "error", "expression", "filterGroups", "contactsCount", "isStarred"),
    *("createdAt", "updatedAt", "archivedAt"),
}


async def call(journeys: JourneysSurface, method: str, path: str = "", **request: Any) -> httpx.Response:
    headers = {"X-Program-Id": journeys.program_id}
    return await journeys.http.request(method, f"/api/segments{path}", headers=headers, **request)


async def make(journeys: JourneysSurface, **fields: Any) -> dict[str, Any]:
    answer = await call(journeys, "POST", json=VIPS | fields)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def add_people(journeys: JourneysSurface, *tags: list[str]) -> None:
    for number, own in enumerate(tags):
        body = {"external_id": f"c-{number}", "tags": own}
        answer = await journeys.http.post(f"/v1/programs/{journeys.program_id}/participants", json=body)
        assert answer.is_success


def id_of(segment: dict[str, Any]) -> UUID:
    return UUID(f"{segment['segmentID']}00000000")


async def test_a_segment_is_shown_as_it_was_written_here_and_on_our_own_surface(
    journeys: JourneysSurface,
) -> None:
    made = await make(journeys)
    assert set(made) == SHAPE
    assert (made["name"], made["status"], made["contactsCount"]) == ("VIPs", "building", 0)
    assert (made["filterGroups"], made["expression"]) == (GROUPS, '"vip" in participant.tags')
    assert (await call(journeys, "GET", f"/{made['segmentID']}")).json() == made
    own = await journeys.http.get(f"/v1/programs/{journeys.program_id}/segments/{id_of(made)}")
    assert (own.json()["name"], own.json()["expression"]) == ("VIPs", made["expression"])


async def test_contacts_and_their_count_are_those_of_the_last_refresh(
    journeys: JourneysSurface, database: Database
) -> None:
    await add_people(journeys, ["vip"], [], ["vip"])
    made = await make(journeys)
    path = f"/{made['segmentID']}"
    assert await refresh(database, id_of(made))
    assert (await call(journeys, "GET", f"{path}/statistics")).json() == {"contactsCount": 2}
    page = (await call(journeys, "GET", f"{path}/contacts", params={"limit": 1})).json()
    assert (page["paging"]["limit"], page["paging"]["hasMore"]) == (1, True)
    after = page["paging"]["cursors"]["after"]
    rest = (await call(journeys, "GET", f"{path}/contacts", params={"after": after})).json()
    contacts = [*page["contacts"], *rest["contacts"]]
    assert {contact["externalID"] for contact in contacts} == {"c-0", "c-2"}
    assert set(contacts[0]) == {"contactID", "externalID", "enteredAt"}
    assert_faults(await call(journeys, "GET", f"{path}/contacts", params={"after": "x"}), "after")


async def test_a_condition_is_counted_before_it_is_stored(journeys: JourneysSurface) -> None:
    await add_people(journeys, ["vip"], [])
    for condition in ({"filterGroups": GROUPS}, {"expression": '"vip" in participant.tags'}):
        answer = await call(journeys, "POST", "/preview", json=condition)
        assert (answer.status_code, answer.json()) == (200, {"contactsCount": 1})
    assert (await call(journeys, "GET")).json()["segments"] == []


async def test_a_segment_is_written_anew_and_removed(journeys: JourneysSurface) -> None:
    made = await make(journeys)
    path = f"/{made['segmentID']}"
    written = {"name": "All", "expression": "true"}
    changed = (await call(journeys, "PUT", path, json=written)).json()
    assert (changed["name"], changed["expression"], changed["filterGroups"]) == ("All", "true", None)
    for _ in range(2):
        assert (await call(journeys, "DELETE", path)).status_code == 204
    assert_problem(await call(journeys, "GET", path), 404, "not-found")
    assert_problem(await call(journeys, "PUT", path, json=written), 404, "not-found")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "x"}, "expression"),
        ({"name": "", "expression": "true"}, "name"),
        ({"name": "x", "expression": "true", "filterGroups": GROUPS}, "filterGroups"),
        ({"name": "x", "expression": "participant.tag"}, "expression"),
        ({"name": "x", "conditionGroups": [], "expression": "true"}, "conditionGroups"),
        (
            {
                "name": "x",
                "filterGroups": [
                    {
                        "logicalOperator": "and",
                        "filters": [{"field": "shoe", "operator": "eq", "value": "1"}],
                    }
                ],
            },
            "filterGroups.0.filters.0.field",
        ),
    ],
)
async def test_a_wrong_condition_is_told_by_the_name_it_has_in_the_request(
    journeys: JourneysSurface, body: dict[str, Any], field: str
) -> None:
    assert_faults(await call(journeys, "POST", json=body), field)
    made = await make(journeys)
    assert_faults(await call(journeys, "PUT", f"/{made['segmentID']}", json=body), field)


async def test_every_filter_that_is_wrong_is_told_at_once(journeys: JourneysSurface) -> None:
    filters = [
        {"field": "gender", "operator": "neq", "value": "f"},
        {"field": "tag", "operator": "eq", "value": "vip"},
        {"field": "dateAdded", "operator": "gt", "value": "x"},
    ]
    unknown = {"field": "shoe", "operator": "eq", "value": "1"}
    groups = [
        {"logicalOperator": "and", "filters": filters},
        {"logicalOperator": "or", "filters": [unknown, unknown]},
    ]
    places = [
        *("filterGroups.0.filters.0.operator", "filterGroups.0.filters.2.value"),
        *("filterGroups.1.filters.0.field", "filterGroups.1.filters.1.field"),
    ]
    for method, path in (("POST", ""), ("POST", "/preview")):
        named = {} if path else {"name": "x"}
        answer = await call(journeys, method, path, json={"filterGroups": groups} | named)
        assert_faults(answer, *places)


async def test_a_name_is_taken_once(journeys: JourneysSurface) -> None:
    await make(journeys)
    assert_problem(await call(journeys, "POST", json=VIPS), 409, "conflict")


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({}, ["c", "b", "a"]),
        ({"direction": "asc"}, ["a", "b", "c"]),
        ({"sort": "name"}, ["c", "b", "a"]),
        ({"sort": "name", "direction": "asc"}, ["a", "b", "c"]),
    ],
)
async def test_pages_go_to_and_fro_in_the_order_asked_for(
    journeys: JourneysSurface, asked: dict[str, str], names: list[str]
) -> None:
    for name in ("a", "b", "c"):
        await make(journeys, name=name)

    async def page(**params: Any) -> tuple[list[str], dict[str, Any]]:
        answer = (await call(journeys, "GET", params={"limit": 2} | params)).json()
        return [segment["name"] for segment in answer["segments"]], answer["paging"]

    first, paging = await page(**asked)
    assert (first, paging["limit"], paging["hasMore"]) == (names[:2], 2, True)
    assert paging["cursors"]["before"] is None
    second, paging = await page(after=paging["cursors"]["after"])
    assert (second, paging["hasMore"], paging["cursors"]["after"]) == (names[2:], False, None)
    back, paging = await page(before=paging["cursors"]["before"])
    assert (back, paging["hasMore"]) == (names[:2], False)


async def test_a_cursor_of_another_order_or_of_a_segment_that_is_gone_is_refused(
    journeys: JourneysSurface,
) -> None:
    for name in ("a", "b"):
        await make(journeys, name=name)
    page = (await call(journeys, "GET", params={"limit": 1})).json()
    after = page["paging"]["cursors"]["after"]
    assert_faults(await call(journeys, "GET", params={"after": after, "sort": "name"}), "sort")
    await call(journeys, "DELETE", f"/{page['segments'][0]['segmentID']}")
    assert_faults(await call(journeys, "GET", params={"after": after}), "after")
    assert_faults(await call(journeys, "GET", params={"after": "x"}), "after")


@pytest.mark.parametrize("name", ["x", "0" * 24, "00000000-0000-0000-0000-000000000000"])
async def test_what_is_no_segment_is_not_found(journeys: JourneysSurface, name: str) -> None:
    assert_problem(await call(journeys, "GET", f"/{name}"), 404, "not-found")


async def test_journeys_take_the_segment_by_its_digits(journeys: JourneysSurface) -> None:
    made = await make(journeys)
    entered = {
        "condition": {
            "event": "entered segment",
            "origin": "omnisend",
            "filterGroups": [
                {
                    "logicalOperator": "and",
                    "filters": [{"field": "segment_id", "operator": "eq", "value": made["segmentID"]}],
                }
            ],
        }
    }
    answer = await journeys.post(journey(action("t", "addTag", value="new"), trigger=entered))
    assert answer.status_code == 201, answer.text
