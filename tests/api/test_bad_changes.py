"""Wrong changes, ids, pages, people and programs: refused by their field, with everything left as it was."""

import base64
import json
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlmodel import col, func, select

from cli.stack import Stack
from store.database import Database
from store.tables import AutomationChange
from tests.api.bad_automations import CRON, IN_2030, MAIL, OVER_64_KIB
from tests.api.refusal import assert_refused
from tests.fixtures.carillon import Carillon

JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
async def own(http: httpx.AsyncClient, stack: Stack) -> Carillon:
    """A client of one program for all these tests: none of them may change it."""
    return await Carillon.with_new_program(http, stack.addresses.inbox_url)


@pytest.fixture(scope="module")
async def automations(own: Carillon) -> dict[str, str]:
    """Ids of a cron, a one-time and an archived automation; the name `Taken` is another's."""
    await own.create(name="Taken")
    created = {
        "cron": await own.create(),
        "one_time": await own.create(trigger=IN_2030),
        "archived": await own.create(),
    }
    await own.delete(created["archived"]["id"])
    return {kind: automation["id"] for kind, automation in created.items()}


async def _staged_changes(record: Database, automation_id: str) -> int:
    wanted = (col(AutomationChange.automation_id) == automation_id, col(AutomationChange.kind) == "amend")
    async with record.transaction() as session:
        count = await session.exec(select(func.count()).select_from(AutomationChange).where(*wanted))
    return count.one()


BAD_PATCHES: list[tuple[dict[str, Any], str]] = [
    *(
        ({name: None}, name)
        for name in (
            *("name", "event_name", "status", "cron_expression", "timezone"),
            *("cohort_size", "dst_policy", "missed_run_policy", "jitter_seconds"),
        )
    ),
    ({"status": "archived"}, "status"),
    ({"status": "completed"}, "status"),
    ({"status": "failed"}, "status"),
    ({"status": "ACTIVE"}, "status"),
    ({"trigger_at": IN_2030["trigger_at"]}, "trigger_at"),
    ({"schedule_config": {}}, "schedule_config"),
    ({"scope": "program"}, "scope"),
    ({"trigger": CRON}, "trigger"),
    ({"trigger_type": "one_time"}, "trigger_type"),
    ({"participant_id": str(uuid4())}, "participant_id"),
    ({"id": str(uuid4())}, "id"),
    ({"name": ""}, "name"),
    ({"name": "a\0"}, "name"),
    ({"cron_expression": "0 0 31 2 *"}, "cron_expression"),
    ({"cron_expression": "0 0 9 * * 1"}, "cron_expression"),
    ({"timezone": "Mars/Phobos"}, "timezone"),
    ({"participant_filter": "participant.tags ==="}, "participant_filter"),
    ({"guard_condition": "1 + 1"}, "guard_condition"),
    ({"payload": OVER_64_KIB}, "payload"),
    ({"payload": {"a": float("nan")}}, "payload.a"),
    ({"payload": {"a": {"b": "\ud800"}}}, "payload.a.b"),
    ({"payload": {"a": 2**63}}, "payload.a"),
    ({"filter_hints": [{"a": "\0"}]}, "filter_hints.0.a"),
    ({"action": MAIL | {"subject": "{{ x"}}, "action.subject"),
    ({"action": MAIL | {"body": "\0"}}, "action.body"),
    ({"cohort_size": "many"}, "cohort_size"),
    ({"jitter_seconds": 86_401}, "jitter_seconds"),
    ({"dst_policy": {"gap": "jump"}}, "dst_policy.gap"),
    ({"event_name": "fine", "colour": "red"}, "colour"),
]


@pytest.mark.parametrize(
    ("patch", "field"),
    BAD_PATCHES,
    ids=[f"{field}-{number}" for number, (_, field) in enumerate(BAD_PATCHES)],
)
async def test_a_bad_patch_is_refused_by_its_field_and_changes_nothing(
    own: Carillon, automations: dict[str, str], record: Database, patch: dict[str, Any], field: str
) -> None:
    identifier = automations["cron"]
    before = await own.get(identifier)
    path = f"{own.base}/automations/{identifier}"
    assert_refused(await own.http.patch(path, content=json.dumps(patch), headers=JSON), field)
    assert await own.get(identifier) == before
    assert await _staged_changes(record, identifier) == 0


@pytest.mark.parametrize(
    ("patch", "field"),
    [
        ({"cron_expression": "0 9 * * 1"}, "cron_expression"),
        ({"trigger_at": None}, "trigger_at"),
        ({"trigger_at": "2030-01-01T00:00:00"}, "trigger_at"),
        ({"trigger_at": "9999-12-31T23:59:59Z"}, "trigger_at"),
    ],
)
async def test_a_one_time_automation_takes_only_an_instant_that_can_come(
    own: Carillon, automations: dict[str, str], patch: dict[str, Any], field: str
) -> None:
    before = await own.get(automations["one_time"])
    assert_refused(await own.patch(automations["one_time"], **patch), field)
    assert await own.get(automations["one_time"]) == before


async def test_a_patch_to_a_name_that_is_taken_is_a_conflict(
    own: Carillon, automations: dict[str, str], record: Database
) -> None:
    assert_refused(await own.patch(automations["cron"], name="Taken"), "name", 409, "conflict")
    assert await _staged_changes(record, automations["cron"]) == 0


async def test_an_archived_automation_takes_no_changes(own: Carillon, automations: dict[str, str]) -> None:
    identifier = automations["archived"]
    before = await own.get(identifier)
    for answer in (
        await own.patch(identifier, name="Back again"),
        await own.patch(identifier, status="active"),
        await own.patch(identifier),
        await own.trigger(identifier),
        await own.cancel(identifier),
    ):
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")
    assert await own.get(identifier) == before


@pytest.mark.parametrize("value", ["1", "not-a-uuid", "00000000-0000-0000-0000-00000000000g", "%00", "…"])
async def test_an_id_that_is_no_uuid_is_refused_by_its_name(own: Carillon, value: str) -> None:
    http, automations = own.http, f"{own.base}/automations"
    for path, field in (
        (f"/v1/programs/{value}", "program_id"),
        (f"/v1/programs/{value}/automations", "program_id"),
        (f"{automations}/{value}", "automation_id"),
        (f"{automations}/{value}/runs", "automation_id"),
        (f"{automations}/{uuid4()}/runs/{value}", "run_id"),
        (f"{own.base}/participants/{value}", "participant_id"),
    ):
        assert_refused(await http.get(path), field)
    assert_refused(await http.post(f"{automations}/{value}/trigger"), "automation_id")
    assert_refused(await http.delete(f"{automations}/{value}"), "automation_id")


NOBODYS = "0e7cf8ff-0d55-4571-af9a-ad1d649da4ef"


def cursor(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        *((f"limit={limit}", "limit") for limit in ("0", "101", "-1", "1.5", "ten", "", "9" * 5_000)),
        *((f"cursor={forged}", "cursor") for forged in ("", "xyz", "%00", "%F0%9F%98%80", "a" * 201)),
        *(
            (f"cursor={cursor(text)}", "cursor")
            for text in (
                "2026-01-01T00:00:00+00:00",
                f"2026-01-01T00:00:00|{NOBODYS}",
                "2026-01-01T00:00:00+00:00|1",
                f"never|{NOBODYS}",
                f"2026-13-01T00:00:00+00:00|{NOBODYS}",
            )
        ),
    ],
)
async def test_a_page_that_cannot_be_is_refused(
    own: Carillon, automations: dict[str, str], query: str, field: str
) -> None:
    one = f"{own.base}/automations/{automations['cron']}"
    for path in ("/v1/programs", f"{own.base}/automations", f"{own.base}/participants", f"{one}/runs"):
        assert_refused(await own.http.get(f"{path}?{query}"), field)


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
async def test_a_cursor_at_the_ends_of_time_is_harmless(own: Carillon, at: str) -> None:
    answer = await own.http.get(f"{own.base}/automations?cursor={cursor(f'{at}|{uuid4()}')}")
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("search=%00", "search"),
        (f"search={'x' * 256}", "search"),
        ("status=deleted", "status"),
        ("trigger_type=weekly", "trigger_type"),
        ("scope=everyone", "scope"),
        ("source=import", "source"),
    ],
)
async def test_a_filter_that_cannot_match_is_refused(own: Carillon, query: str, field: str) -> None:
    assert_refused(await own.http.get(f"{own.base}/automations?{query}"), field)


BAD_PEOPLE: list[tuple[dict[str, Any], str]] = [
    ({"external_id": ""}, "external_id"),
    ({"external_id": None}, "external_id"),
    ({"external_id": 7}, "external_id"),
    ({"external_id": "a\0"}, "external_id"),
    ({"external_id": "\ud800"}, "external_id"),
    ({"email": "nobody"}, "email"),
    ({"email": "a@b\0.example"}, "email"),
    ({"phone": "\0"}, "phone"),
    ({"first_name": "x" * 256}, "first_name"),
    ({"last_name": "\udfff"}, "last_name"),
    ({"timezone": "Mars/Phobos"}, "timezone"),
    ({"locale": "x" * 36}, "locale"),
    ({"attributes": None}, "attributes"),
    ({"attributes": []}, "attributes"),
    ({"attributes": {"a": "\0"}}, "attributes.a"),
    ({"attributes": {"a": float("nan")}}, "attributes.a"),
    ({"attributes": {"\ud800": 1}}, "attributes"),
    ({"attributes": OVER_64_KIB}, "attributes"),
    ({"counters": {"a": "5"}}, "counters.a"),
    ({"counters": {"a": True}}, "counters.a"),
    ({"counters": {"a": None}}, "counters.a"),
    ({"counters": {"a": float("inf")}}, "counters.a"),
    ({"counters": {"a": 2**63}}, "counters.a"),
    ({"tags": "vip"}, "tags"),
    ({"tags": [""]}, "tags.0"),
    ({"tags": ["fine", "\0"]}, "tags.1"),
    ({"tags": ["x"] * 1_001}, "tags"),
    ({"tiers": {"club": 1}}, "tiers.club"),
    ({"tiers": {"a\0": "gold"}}, "tiers"),
    ({"consent": {"fax": "subscribed"}}, "consent.fax"),
    ({"consent": {"email": "yes"}}, "consent.email"),
    ({"status": "active"}, "status"),
    ({"status": None}, "status"),
    ({"colour": "red"}, "colour"),
    ({"id": str(uuid4())}, "id"),
]


@pytest.mark.parametrize(
    ("wrong", "field"), BAD_PEOPLE, ids=[f"{field}-{number}" for number, (_, field) in enumerate(BAD_PEOPLE)]
)
async def test_a_bad_participant_is_refused_by_the_field_and_not_stored(
    own: Carillon, wrong: dict[str, Any], field: str
) -> None:
    body = json.dumps({"external_id": "unwanted"} | wrong)
    path = f"{own.base}/participants"
    assert_refused(await own.http.post(path, content=body, headers=JSON), field)
    assert (await own.http.get(path)).json()["data"] == []


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"external_id": "another"}, "external_id"),
        ({"status": None}, "status"),
        ({"tags": None}, "tags"),
        ({"timezone": "Mars/Phobos"}, "timezone"),
        ({"counters": {"a": float("nan")}}, "counters.a"),
    ],
)
async def test_a_bad_patch_of_a_participant_changes_nothing(
    carillon: Carillon, wrong: dict[str, Any], field: str
) -> None:
    (person,) = await carillon.add_people(1, tags=["vip"], counters={"points": 5})
    path = f"{carillon.base}/participants/{person}"
    before = (await carillon.http.get(path)).json()
    assert_refused(await carillon.http.patch(path, content=json.dumps(wrong), headers=JSON), field)
    assert (await carillon.http.get(path)).json() == before


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "\0"}, "name"),
        ({"name": "unwanted", "timezone": "Mars/Phobos"}, "timezone"),
        ({"name": "unwanted", "timezone": None}, "timezone"),
        ({"name": "unwanted", "settings": []}, "settings"),
        ({"name": "unwanted", "settings": {"a": "\0"}}, "settings.a"),
        ({"name": "unwanted", "settings": OVER_64_KIB}, "settings"),
        ({"name": "unwanted", "colour": "red"}, "colour"),
    ],
)
async def test_a_bad_program_is_refused_by_the_field_and_not_created(
    http: httpx.AsyncClient, body: dict[str, Any], field: str
) -> None:
    newest = (await http.get("/v1/programs?limit=1")).json()["data"]
    assert_refused(await http.post("/v1/programs", content=json.dumps(body), headers=JSON), field)
    assert (await http.get("/v1/programs?limit=1")).json()["data"] == newest
