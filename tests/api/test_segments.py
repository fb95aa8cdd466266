"""Segments over HTTP: made, listed, changed, refreshed on request, removed; their members page by page."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from api import segment_service
from store.database import Database
from store.tables import Program
from tests.api.refusal import assert_refused
from tests.api.test_condition_forms import CONDITIONS, FORMS, GROUPS
from tests.store.segmenting import add_segment, members, put_in, refresh
from tests.store.watching import add_people

VIP = '"vip" in participant.tags'


@pytest.fixture
def segments(program_id: UUID) -> str:
    return f"/v1/programs/{program_id}/segments"


async def make(api: httpx.AsyncClient, segments: str, **fields: Any) -> dict[str, Any]:
    answer = await api.post(segments, json={"name": f"s-{uuid4()}"} | (fields or {"expression": VIP}))
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def path_of(segments: str, segment: dict[str, Any]) -> str:
    return f"{segments}/{segment['id']}"


async def test_a_new_segment_waits_for_its_first_evaluation(
    api: httpx.AsyncClient, segments: str, program_id: UUID
) -> None:
    segment = await make(api, segments, name="VIPs", description="The best", expression=VIP)
    told = ("program_id", "name", "description", "expression", "form", "status", "error", "member_count")
    assert [segment[name] for name in told] == [
        *(str(program_id), "VIPs", "The best", VIP, None, "pending", None, 0),
    ]
    assert segment["refreshed_at"] is None
    assert segment["refresh_requested_at"] is not None
    assert (await api.get(path_of(segments, segment))).json() == segment
    assert (await api.get(segments)).json()["data"] == [segment]


@pytest.mark.parametrize(("name", "form", "expression"), FORMS, ids=[name for name, _, _ in FORMS])
async def test_a_form_is_shown_beside_the_expression_that_it_comes_to(
    api: httpx.AsyncClient, segments: str, name: str, form: Any, expression: str
) -> None:
    segment = await make(api, segments, **{name: form})
    assert segment["expression"] == expression
    assert segment["form"] == (None if name == "expression" else {name: form})


@pytest.mark.parametrize(
    ("condition", "field"),
    [
        ({}, "expression"),
        ({"expression": VIP, "conditions": CONDITIONS}, "conditions"),
        ({"expression": "participant.tag"}, "expression"),
        ({"expression": "event.amount > 3"}, "expression"),
        ({"expression": "participant.attributes.plan > 3"}, "expression"),
        ({"expression": 'in_segment("x")'}, "expression"),
        ({"expression": "size(participant.segments) > 1"}, "expression"),
        ({"expression": "a\u0000b"}, "expression"),
        (
            {"conditions": {"all": [{"field": "nobody.x", "operator": "eq", "value": 1}]}},
            "conditions.all.0.field",
        ),
        (
            {
                "conditions": {
                    "all": [{"field": "participant.segments", "operator": "contains", "value": "x"}]
                }
            },
            "conditions",
        ),
        (
            {"filter_groups": [{"logicalOperator": "or", "filters": [{"field": "x", "operator": "eq"}]}]},
            "filter_groups.0.filters.0.field",
        ),
        ({"filter_hints": [{"type": "a\u0000b"}]}, "filter_hints.0.type"),
    ],
)
async def test_a_condition_that_no_segment_can_be_made_of_is_refused(
    api: httpx.AsyncClient,
    database: Database,
    segments: str,
    program_id: UUID,
    condition: dict[str, Any],
    field: str,
) -> None:
    async with database.transaction() as session:
        (await session.get_one(Program, program_id)).settings = {"attribute_types": {"plan": "string"}}
    assert_refused(await api.post(segments, json={"name": "VIPs"} | condition), field)
    kept = await make(api, segments)
    if condition:
        assert_refused(await api.patch(path_of(segments, kept), json=condition), field)
    assert (await api.get(segments)).json()["data"] == [kept]


async def test_a_segment_that_asks_for_segments_is_refused_with_the_place(
    api: httpx.AsyncClient, segments: str
) -> None:
    asked = 'participant.has_email && in_segment("x")'
    details = assert_refused(await api.post(segments, json={"name": "x", "expression": asked}), "expression")
    assert "a segment cannot be made of segments" in details["reason"]
    assert details["position"] == {"line": 1, "column": asked.index("(") + 1}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 256),
        ("name", None),
        ("name", "a\u0000b"),
        ("description", 3),
        ("form", {}),
    ],
)
async def test_other_fields_that_are_wrong_are_named(
    api: httpx.AsyncClient, segments: str, field: str, value: Any
) -> None:
    good = {"name": "VIPs", "expression": VIP}
    assert_refused(await api.post(segments, json=good | {field: value}), field)
    kept = await make(api, segments)
    assert_refused(await api.patch(path_of(segments, kept), json={field: value}), field)
    assert (await api.get(segments)).json()["data"] == [kept]


async def test_a_name_is_unique_in_its_program(
    api: httpx.AsyncClient, database: Database, segments: str
) -> None:
    kept = await make(api, segments, name="VIPs", expression=VIP)
    other = await make(api, segments)
    again = await api.post(segments, json={"name": "VIPs", "expression": "true"})
    assert_refused(again, "name", 409, "conflict")
    assert_refused(await api.patch(path_of(segments, other), json={"name": "VIPs"}), "name", 409, "conflict")
    assert (await api.patch(path_of(segments, kept), json={"name": "VIPs"})).status_code == 200
    async with database.transaction() as session:
        elsewhere = Program(name="Elsewhere")
        session.add(elsewhere)
    await make(api, f"/v1/programs/{elsewhere.id}/segments", name="VIPs", expression=VIP)


async def test_of_many_at_once_with_one_name_one_is_made(api: httpx.AsyncClient, segments: str) -> None:
    body = {"name": "VIPs", "expression": VIP}
    answers = await asyncio.gather(*(api.post(segments, json=body) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]


async def test_a_program_has_at_most_so_many(
    api: httpx.AsyncClient, segments: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segment_service, "MOST_SEGMENTS_OF_A_PROGRAM", 2)
    for _ in range(2):
        await make(api, segments)
    answer = await api.post(segments, json={"name": "one too many", "expression": VIP})
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


async def test_another_condition_makes_it_wait_again_and_a_new_name_does_not(
    api: httpx.AsyncClient, database: Database, segments: str
) -> None:
    segment = await make(api, segments, filter_groups=GROUPS)
    await refresh(database, UUID(segment["id"]))
    path = path_of(segments, segment)
    renamed = (await api.patch(path, json={"name": "Other", "description": "x"})).json()
    assert (renamed["name"], renamed["description"], renamed["status"]) == ("Other", "x", "ready")
    assert (renamed["form"], renamed["refresh_requested_at"]) == ({"filter_groups": GROUPS}, None)
    assert (await api.patch(path, json={"description": None})).json()["description"] is None

    changed = (await api.patch(path, json={"expression": VIP})).json()
    assert (changed["expression"], changed["form"], changed["status"]) == (VIP, None, "pending")
    assert changed["refresh_requested_at"] is not None
    assert changed["refreshed_at"] == renamed["refreshed_at"]


async def test_the_same_condition_in_another_form_is_no_change_of_it(
    api: httpx.AsyncClient, database: Database, segments: str
) -> None:
    segment = await make(api, segments, conditions=CONDITIONS)
    await refresh(database, UUID(segment["id"]))
    same = await api.patch(path_of(segments, segment), json={"expression": segment["expression"]})
    assert (same.json()["form"], same.json()["status"]) == (None, "ready")


async def test_a_refresh_is_asked_for(api: httpx.AsyncClient, database: Database, segments: str) -> None:
    segment = await make(api, segments)
    await refresh(database, UUID(segment["id"]))
    answer = await api.post(f"{path_of(segments, segment)}/refresh")
    assert answer.status_code == 202
    assert (answer.json()["status"], answer.json()["refresh_requested_at"] is None) == ("ready", False)
    assert (await api.get(path_of(segments, segment))).json() == answer.json()


async def test_members_are_listed_page_by_page(
    api: httpx.AsyncClient, database: Database, segments: str, program_id: UUID
) -> None:
    people = await add_people(database, program_id, *({"tags": ["vip"]} for _ in range(3)), {})
    segment = await make(api, segments)
    path = f"{path_of(segments, segment)}/members"
    assert (await api.get(path)).json()["data"] == []
    await refresh(database, UUID(segment["id"]))
    seen, cursor = [], ""
    while cursor is not None:
        page = (await api.get(path, params={"limit": "2"} | ({"cursor": cursor} if cursor else {}))).json()
        seen += page["data"]
        cursor = page["pagination"]["next_cursor"]
    assert {UUID(member["participant_id"]) for member in seen} == set(people[:3])
    assert set(seen[0]) == {"participant_id", "external_id", "entered_at"}
    shown = (await api.get(path_of(segments, segment))).json()
    assert (shown["member_count"], shown["status"]) == (3, "ready")
    assert {member["entered_at"] for member in seen} == {shown["refreshed_at"]}
    assert_refused(await api.get(path, params={"cursor": "forged"}), "cursor")


async def test_a_removed_segment_is_gone_with_its_members(
    api: httpx.AsyncClient, database: Database, segments: str, program_id: UUID
) -> None:
    (person,) = await add_people(database, program_id, {})
    segment = await make(api, segments)
    await put_in(database, UUID(segment["id"]), person)
    assert (await api.delete(path_of(segments, segment))).status_code == 204
    assert await members(database, UUID(segment["id"])) == {}
    for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/members"), ("POST", "/refresh")):
        answer = await api.request(method, f"{path_of(segments, segment)}{path}")
        assert (answer.status_code, answer.json()["message"]) == (404, "Segment not found")


async def test_an_explanation_tells_who_is_in_a_segment(
    api: httpx.AsyncClient, database: Database, program_id: UUID
) -> None:
    member, other = await add_people(database, program_id, {}, {})
    segment_id = await add_segment(database, program_id)
    await put_in(database, segment_id, member)
    base, asked = f"/v1/programs/{program_id}/expressions", f'in_segment("{segment_id}")'
    for person, matched in ((member, True), (other, False)):
        body = {"expression": asked, "participant_id": str(person)}
        explained = (await api.post(f"{base}/explain", json=body)).json()
        assert explained["matched"] is matched
        assert f"is {'in' if matched else 'not in'} the segment" in explained["explanation"]["sentence"]
    preview = (await api.post(f"{base}/preview", json={"expression": asked})).json()
    assert (preview["count"], preview["sample"], preview["exact"]) == (1, [str(member)], True)
