"""Events of contacts at Omnisend's address: an event like any other, and a participant who is known by them."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from store.database import Database
from store.event_types import SeenEvent, learn_event_types
from tests.api.journeys_surface import JourneysSurface, assert_faults, assert_problem

PLACED = {"eventName": "placed order", "contact": {"email": "noor@example.com"}}


async def post(journeys: JourneysSurface, path: str, body: Any) -> httpx.Response:
    headers = {"X-Program-Id": journeys.program_id, "Omnisend-Version": "2026-03-15"}
    return await journeys.http.post(path, json=body, headers=headers)


async def send(journeys: JourneysSurface, **fields: Any) -> None:
    answer = await post(journeys, "/api/events", PLACED | fields)
    assert (answer.status_code, answer.content) == (202, b""), answer.text


async def events(journeys: JourneysSurface) -> list[dict[str, Any]]:
    params = {"program_id": journeys.program_id}
    found: list[dict[str, Any]] = (await journeys.http.get("/v1/events", params=params)).json()["data"]
    return [event for event in found if event["kind"] == "EXTERNAL"]


async def learn(database: Database, journeys: JourneysSurface) -> None:
    """As their processing does."""
    seen = [
        SeenEvent(UUID(journeys.program_id), event["type"], event["source"], event["event_data"])
        for event in await events(journeys)
    ]
    async with database.transaction() as session:
        await learn_event_types(session, seen, datetime.now(UTC))


async def people(journeys: JourneysSurface) -> list[dict[str, Any]]:
    answer = await journeys.http.get(f"/v1/programs/{journeys.program_id}/participants")
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


async def test_an_event_is_stored_under_its_name_and_origin_with_its_properties(
    journeys: JourneysSurface,
) -> None:
    await send(journeys, origin="shop", eventTime="2026-11-01 10:00:00+02:00", properties={"total": 42.5})
    (event,) = await events(journeys)
    assert (event["type"], event["source"]) == ("placed order", "shop")
    assert event["event_data"] == {"type": "placed order", "total": 42.5}
    assert event["event_timestamp"] == "2026-11-01T08:00:00Z"
    (person,) = await people(journeys)
    assert event["participant_id"] == person["id"]


async def test_a_contact_is_created_once_and_what_is_said_of_them_is_written_over_what_is_known(
    journeys: JourneysSurface,
) -> None:
    first = {
        "email": "noor@example.com",
        "firstName": "Noor",
        "city": "York",
        "birthdate": "1992-02-29",
        "tags": ["a"],
        "customProperties": {"plan": "pro"},
        "optIns": [{"channel": "email"}],
    }
    await send(journeys, contact=first)
    again = {
        "email": "NOOR@example.com",
        "lastName": "Ek",
        "tags": ["B", "A"],
        "optOuts": [{"channel": "sms"}],
    }
    await send(journeys, contact=again)
    (person,) = await people(journeys)
    assert (person["external_id"], person["first_name"], person["last_name"]) == (
        "noor@example.com",
        "Noor",
        "Ek",
    )
    assert person["attributes"] == {"city": "York", "birthdate": "1992-02-29", "plan": "pro"}
    assert person["tags"] == ["a", "b"]
    assert person["consent"] == {"email": "subscribed", "sms": "unsubscribed"}


async def test_a_contact_is_known_by_id_mail_or_phone_however_it_is_written(
    journeys: JourneysSurface,
) -> None:
    base = f"/v1/programs/{journeys.program_id}/participants"
    body = {"external_id": "customer-1", "email": "Ana@example.com", "phone": "+34 612 345 678"}
    ana = (await journeys.http.post(base, json=body)).json()["id"]
    for contact in (
        {"id": ana},
        {"id": "customer-1"},
        {"email": "ana@example.com"},
        {"phone": "+34612345678"},
        {"phone": "+٣٤٦١٢٣٤٥٦٧٨"},
    ):
        await send(journeys, contact=contact)
    assert {event["participant_id"] for event in await events(journeys)} == {ana}
    assert len(await people(journeys)) == 1


async def test_an_event_id_makes_a_repeated_event_one(journeys: JourneysSurface) -> None:
    once = {"eventID": str(uuid4()), "eventTime": "2026-11-01T08:00:00Z"}
    await send(journeys, **once)
    await send(journeys, **once)
    assert len(await events(journeys)) == 1
    answer = await post(journeys, "/api/events", PLACED | once | {"properties": {"other": 1}})
    problem = assert_problem(answer, 409, "idempotency-conflict")
    assert [fault["field"] for fault in problem["errors"]] == ["eventID"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"eventName": ""}, "eventName"),
        ({"contact": {}}, "contact"),
        ({"contact": {"email": "nobody"}}, "contact.email"),
        ({"contact": {"email": "a@b.co", "gender": "x"}}, "contact.gender"),
        ({"contact": {"email": "a@b.co", "shoe": 1}}, "contact.shoe"),
        ({"origin": "omnisend"}, "origin"),
        ({"eventID": "7"}, "eventID"),
        ({"eventTime": "soon"}, "eventTime"),
        ({"eventTime": "1800-01-01T00:00:00Z"}, "eventTime"),
        ({"eventName": "product back in stock"}, "eventName"),
        ({"eventName": "birthday", "origin": "shop"}, "eventName"),
        ({"properties": {"type": "x"}}, "properties.type"),
        ({"properties": {"a": {"b": 10**30}}}, "properties.a.b"),
        ({"contact": {"email": "a@b.co", "customProperties": {"a": 10**30}}}, "contact.customProperties.a"),
    ],
)
async def test_what_is_wrong_is_told_by_its_field_and_nothing_is_stored(
    journeys: JourneysSurface, change: dict[str, Any], field: str
) -> None:
    assert_faults(await post(journeys, "/api/events", PLACED | change), field)
    assert await events(journeys) == []
    assert await people(journeys) == []


async def test_everything_that_is_wrong_with_an_event_is_told_at_once(journeys: JourneysSurface) -> None:
    huge = 10**30
    answer = await post(
        journeys,
        "/api/events",
        {
            "eventName": "placed order",
            "eventTime": "2500-01-01T00:00:00Z",
            "contact": {"customProperties": {"b": huge}},
            "properties": {"a": huge, "list": [1, huge], "type": "x"},
        },
    )
    assert_faults(
        answer,
        *("contact", "contact.customProperties.b", "eventTime"),
        *("properties.a", "properties.list.1", "properties.type"),
    )


async def test_types_of_events_are_told_with_their_origins_and_properties(
    database: Database, journeys: JourneysSurface
) -> None:
    await send(journeys, origin="shop", properties={"total": 42.5, "lines": [{"sku": "a", "count": 1}]})
    await send(journeys, eventName="petted cat")
    await learn(database, journeys)
    query = {"category": "events", "includeProperties": True, "events": ["placed order"]}
    answer = await post(journeys, "/api/event-metadata/query", query)
    assert answer.status_code == 200
    assert answer.json() == {
        "events": [
            {
                "name": "placed order",
                "displayName": "Placed Order",
                "origins": ["shop"],
                "explicitlyDefined": False,
                "properties": {
                    "lines": {
                        "displayName": "Lines",
                        "type": "structList",
                        "explicitlyDefined": False,
                        "properties": {
                            "sku": {"displayName": "Sku", "type": "string", "explicitlyDefined": False},
                            "count": {"displayName": "Count", "type": "integer", "explicitlyDefined": False},
                        },
                    },
                    "total": {"displayName": "Total", "type": "float", "explicitlyDefined": False},
                },
            }
        ]
    }


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"category": "events"}, {"petted cat", "placed order"}),
        (
            {"category": "automations"},
            {"petted cat", "placed order", "birthday", "entered segment", "product back in stock"},
        ),
        ({"category": "events", "excludeCustomEvents": True}, {"placed order"}),
        ({"category": "events", "origins": ["shop"]}, {"placed order"}),
        ({"category": "automations", "origins": ["omnisend"], "events": ["birthday"]}, {"birthday"}),
    ],
)
async def test_a_query_narrows_what_is_told(
    database: Database, journeys: JourneysSurface, query: dict[str, Any], names: set[str]
) -> None:
    await send(journeys, origin="shop")
    await send(journeys, eventName="petted cat")
    await learn(database, journeys)
    told = (await post(journeys, "/api/event-metadata/query", query)).json()["events"]
    assert {event["name"] for event in told} == names
    assert all("properties" not in event for event in told)


async def test_a_category_is_required_and_one_of_three(journeys: JourneysSurface) -> None:
    assert_faults(await post(journeys, "/api/event-metadata/query", {}), "category")
    assert_faults(await post(journeys, "/api/event-metadata/query", {"category": "x"}), "category")
