"""Events that clients send: stored once, found again, and put back when they failed."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlmodel import col, func, select

from cli.stack import Stack
from domain.events import payload_hash_of
from domain.roles import Role
from store.api_keys import new_key, store_key
from store.database import Database
from store.tables import Event, Participant
from tests.api.bad_automations import OVER_64_KIB
from tests.api.refusal import assert_refused
from tests.fixtures.carillon import Carillon
from tests.fixtures.in_process import api_in_process

AT_NINE = "2026-12-01T09:00:00Z"
NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
async def own(api: httpx.AsyncClient) -> Carillon:
    """A program whose events nobody processes."""
    return await Carillon.with_new_program(api, "")


@pytest.fixture(scope="module")
async def bound(database_url: str, database: Database, own: Carillon) -> AsyncIterator[httpx.AsyncClient]:
    """A client whose key is bound to `own`."""
    key = new_key("bound to events", Role.ADMIN, UUID(own.program_id))
    async with database.transaction() as session:
        await store_key(session, key)
    async with api_in_process(database_url, rate_limit_per_second=0) as client:
        client.headers["X-API-Key"] = key.secret
        yield client


def purchase(own: Carillon, **fields: Any) -> dict[str, Any]:
    return {"program_id": own.program_id, "event_data": {"type": "purchase", "amount": 12}} | fields


async def send(own: Carillon, **fields: Any) -> httpx.Response:
    return await own.http.post("/v1/events", json=purchase(own, **fields))


async def sent(own: Carillon, **fields: Any) -> dict[str, Any]:
    answer = await send(own, **fields)
    assert answer.status_code == 202, answer.text
    event: dict[str, Any] = answer.json()
    return event


async def found(own: Carillon, **query: str) -> list[str]:
    """Ids, newest first."""
    params = {"program_id": own.program_id} | query
    answer = await own.http.get("/v1/events", params=params)
    assert answer.status_code == 200, answer.text
    return [event["id"] for event in answer.json()["data"]]


async def rows(database: Database, table: type[Event] | type[Participant], program_id: str) -> int:
    wanted = col(table.program_id) == UUID(program_id)
    async with database.transaction() as session:
        return (await session.exec(select(func.count()).select_from(table).where(wanted))).one()


async def mark_failed(database: Database, event_id: str) -> None:
    async with database.transaction() as session:
        event = await session.get(Event, UUID(event_id))
        assert event is not None
        event.status, event.error = "FAILED", "a rule could not be carried out"
        event.attempts = 6


async def test_an_event_is_accepted_and_can_be_read_back(own: Carillon) -> None:
    (person,) = await own.add_people(1)
    data = {"type": "purchase", "amount": "42.50", "lines": [{"sku": "a", "count": 2}]}
    event = await sent(
        own, participant_id=person, event_timestamp="2026-12-01T10:00:00+01:00", event_data=data
    )
    assert event["status"] == "RECEIVED"
    assert (event["kind"], event["source"], event["type"]) == ("EXTERNAL", "api", "purchase")
    assert (event["participant_id"], event["event_timestamp"]) == (person, AT_NINE)
    assert event["event_data"] == data
    assert event["payload_hash"] == payload_hash_of(data)
    assert event["processed_at"] is event["error"] is event["idempotency_key"] is None
    assert (await own.http.get(f"/v1/events/{event['id']}")).json() == event


async def test_an_event_without_a_time_happened_when_it_was_received(own: Carillon) -> None:
    event = await sent(own)
    assert event["event_timestamp"] == event["created_at"]


async def test_an_event_that_names_nobody_is_the_programs(own: Carillon) -> None:
    assert (await sent(own))["participant_id"] is None


async def test_an_event_finds_its_participant_by_external_id(own: Carillon) -> None:
    (person,) = await own.add_people(1)
    shown = (await own.http.get(f"{own.base}/participants/{person}")).json()
    assert (await sent(own, external_id=shown["external_id"]))["participant_id"] == person


async def test_an_unknown_external_id_becomes_a_participant(own: Carillon) -> None:
    external_id = f"new-{uuid4()}"
    first = await sent(own, external_id=external_id)
    assert (await sent(own, external_id=external_id))["participant_id"] == first["participant_id"]
    listed = await own.http.get(f"{own.base}/participants", params={"external_id": external_id})
    assert [person["id"] for person in listed.json()["data"]] == [first["participant_id"]]


async def test_a_program_that_rejects_unknown_participants_stores_neither_them_nor_the_event(
    api: httpx.AsyncClient, database: Database
) -> None:
    settings = {"on_unknown_participant": "REJECT", "theirs": 1}
    program = (await api.post("/v1/programs", json={"name": "Strict", "settings": settings})).json()
    assert program["settings"] == settings
    body = {"program_id": program["id"], "external_id": "nobody", "event_data": {"type": "purchase"}}
    details = assert_refused(await api.post("/v1/events", json=body), "external_id", 404, "not_found")
    assert details["received"] == "nobody"
    assert await rows(database, Event, program["id"]) == 0
    assert await rows(database, Participant, program["id"]) == 0


@pytest.mark.parametrize("value", ["reject", "", None, 1, {}, ["REJECT"]])
async def test_a_program_cannot_be_made_with_another_rule_for_unknown_participants(
    api: httpx.AsyncClient, value: object
) -> None:
    body = {"name": "Odd", "settings": {"on_unknown_participant": value}}
    details = assert_refused(await api.post("/v1/programs", json=body), "settings.on_unknown_participant")
    assert details["expected"] == "CREATE or REJECT"


async def test_a_participant_id_of_nobody_in_the_program_is_refused(
    own: Carillon, api: httpx.AsyncClient
) -> None:
    other = await Carillon.with_new_program(api, "")
    (stranger,) = await other.add_people(1)
    for participant_id in (stranger, NOBODY):
        assert_refused(await send(own, participant_id=participant_id), "participant_id", 404, "not_found")


@pytest.mark.parametrize(
    ("first", "again"),
    [
        ({"event_data": {"type": "t", "a": 1, "b": 2}}, {"event_data": {"b": 2, "a": 1, "type": "t"}}),
        ({"event_data": {"type": "t", "n": [1, 2.0]}}, {"event_data": {"type": "t", "n": [1.0, 2]}}),
        ({"event_timestamp": AT_NINE}, {"event_timestamp": "2026-12-01T10:00:00.000+01:00"}),
        ({"external_id": "regular"}, {"external_id": "regular", "participant_id": None}),
    ],
    ids=["order of keys", "numbers", "offsets", "nulls"],
)
async def test_the_same_key_and_payload_answer_the_first_event(
    own: Carillon, database: Database, first: dict[str, Any], again: dict[str, Any]
) -> None:
    key = str(uuid4())
    event = await sent(own, idempotency_key=key, **first)
    before = await rows(database, Event, own.program_id)
    assert await sent(own, idempotency_key=key, **again) == event
    assert await rows(database, Event, own.program_id) == before


@pytest.mark.parametrize(
    "other",
    [
        {"event_data": {"type": "purchase", "amount": 13}},
        {"event_data": {"type": "purchase", "amount": "12"}},
        {"event_data": {"type": "purchase"}},
        {"event_timestamp": AT_NINE},
        {"external_id": "somebody-else-entirely"},
    ],
    ids=str,
)
async def test_the_same_key_with_another_payload_is_a_conflict_and_leaves_nothing(
    own: Carillon, database: Database, other: dict[str, Any]
) -> None:
    key = str(uuid4())
    await sent(own, idempotency_key=key)
    before = await rows(database, Event, own.program_id), await rows(database, Participant, own.program_id)
    answer = await send(own, idempotency_key=key, **other)
    assert_refused(answer, "idempotency_key", 409, "idempotency_conflict")
    assert before == (
        await rows(database, Event, own.program_id),
        await rows(database, Participant, own.program_id),
    )


async def test_a_key_belongs_to_its_program(own: Carillon, api: httpx.AsyncClient) -> None:
    other = await Carillon.with_new_program(api, "")
    key = str(uuid4())
    assert (await sent(own, idempotency_key=key))["id"] != (await sent(other, idempotency_key=key))["id"]


async def test_without_a_key_each_post_is_an_event(own: Carillon) -> None:
    assert (await sent(own))["id"] != (await sent(own))["id"]


async def test_many_at_once_with_one_key_are_one_event_and_one_new_participant(
    api: httpx.AsyncClient, database: Database
) -> None:
    fresh = await Carillon.with_new_program(api, "")
    answers = await asyncio.gather(
        *(send(fresh, idempotency_key="order-1", external_id="newcomer") for _ in range(20))
    )
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert await rows(database, Event, fresh.program_id) == 1
    assert await rows(database, Participant, fresh.program_id) == 1


async def test_of_many_different_payloads_at_once_with_one_key_one_is_stored(
    api: httpx.AsyncClient, database: Database
) -> None:
    fresh = await Carillon.with_new_program(api, "")
    answers = await asyncio.gather(
        *(
            send(
                fresh, idempotency_key="order-1", external_id=f"person-{number % 4}", event_timestamp=AT_NINE
            )
            for number in range(20)
        )
    )
    assert [answer.status_code for answer in answers].count(202) == 5
    assert {answer.json()["code"] for answer in answers if answer.status_code != 202} == {
        "idempotency_conflict"
    }
    assert await rows(database, Event, fresh.program_id) == 1
    assert await rows(database, Participant, fresh.program_id) == 1


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"external_id": "a", "participant_id": NOBODY}, "participant_id"),
        ({"external_id": ""}, "external_id"),
        ({"external_id": "a\0"}, "external_id"),
        ({"external_id": "x" * 256}, "external_id"),
        ({"participant_id": "customer-1"}, "participant_id"),
        ({"idempotency_key": ""}, "idempotency_key"),
        ({"idempotency_key": "x" * 256}, "idempotency_key"),
        ({"idempotency_key": "\0"}, "idempotency_key"),
        ({"event_timestamp": "2026-12-01T09:00:00"}, "event_timestamp"),
        ({"event_timestamp": 1_764_579_600}, "event_timestamp"),
        ({"event_timestamp": "0001-01-01T00:00:00+14:00"}, "event_timestamp"),
        ({"event_timestamp": "9999-12-31T23:59:59-14:00"}, "event_timestamp"),
        ({"event_data": None}, "event_data"),
        ({"event_data": []}, "event_data"),
        ({"event_data": {}}, "event_data.type"),
        ({"event_data": {"type": ""}}, "event_data.type"),
        ({"event_data": {"type": 7}}, "event_data.type"),
        ({"event_data": {"type": "t", "a": {"b": "\0"}}}, "event_data.a.b"),
        ({"event_data": {"type": "t", "a": 2**63}}, "event_data.a"),
        ({"event_data": {"type": "t", "a": OVER_64_KIB}}, "event_data"),
        ({"program_id": None}, "program_id"),
        ({"program_id": "mine"}, "program_id"),
        ({"status": "COMPLETED"}, "status"),
        ({"kind": "SYSTEM"}, "kind"),
    ],
    ids=lambda value: str(value)[:60],
)
async def test_a_wrong_event_is_refused_by_its_field_and_leaves_nothing(
    own: Carillon, database: Database, wrong: dict[str, Any], field: str
) -> None:
    before = await rows(database, Event, own.program_id)
    details = assert_refused(await send(own, **wrong), field)
    assert details["reason"]
    assert await rows(database, Event, own.program_id) == before


async def test_an_event_of_no_program_is_not_found(own: Carillon) -> None:
    answer = await send(own, program_id=str(uuid4()))
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_the_list_is_newest_first_and_comes_in_pages(api: httpx.AsyncClient) -> None:
    fresh = await Carillon.with_new_program(api, "")
    ids = [(await sent(fresh))["id"] for _ in range(3)]
    params = {"program_id": fresh.program_id, "limit": "2"}
    first = (await api.get("/v1/events", params=params)).json()
    rest = (
        await api.get("/v1/events", params=params | {"cursor": first["pagination"]["next_cursor"]})
    ).json()
    assert [event["id"] for event in first["data"] + rest["data"]] == ids[::-1]
    assert (first["pagination"]["has_more"], rest["pagination"]["has_more"]) == (True, False)


async def test_the_list_holds_what_automations_made_too(http: httpx.AsyncClient, stack: Stack) -> None:
    fresh = await Carillon.with_new_program(http, stack.addresses.inbox_url)
    automation = await fresh.create(scope="program", event_name="digest")
    await fresh.trigger(automation["id"])
    run = await fresh.closed_run(automation["id"])
    answer = await http.get("/v1/events", params={"program_id": fresh.program_id})
    (event,) = answer.json()["data"]
    assert (event["kind"], event["source"], event["type"]) == ("SYSTEM", "automation", "digest")
    assert (event["automation_id"], event["run_id"]) == (automation["id"], run["id"])


async def test_each_filter_narrows_the_list(api: httpx.AsyncClient, database: Database) -> None:
    fresh = await Carillon.with_new_program(api, "")
    refund = await sent(fresh, external_id="ana", event_data={"type": "refund"}, event_timestamp=AT_NINE)
    later = await sent(fresh, external_id="bo", event_timestamp="2026-12-01T10:00:00Z")
    await mark_failed(database, later["id"])

    assert await found(fresh) == [later["id"], refund["id"]]
    assert await found(fresh, type="refund") == [refund["id"]]
    assert await found(fresh, status="FAILED") == [later["id"]]
    assert await found(fresh, participant_id=refund["participant_id"]) == [refund["id"]]
    assert await found(fresh, external_id="bo") == [later["id"]]
    assert await found(fresh, external_id="bo", type="refund") == []
    assert await found(fresh, external_id="nobody") == []
    assert await found(fresh, event_from=AT_NINE, event_to="2026-12-01T10:00:00Z") == [refund["id"]]
    assert await found(fresh, event_from="2026-12-01T09:00:01Z") == [later["id"]]
    assert await found(fresh, **{"from": later["created_at"]}) == [later["id"]]
    assert await found(fresh, to=later["created_at"]) == [refund["id"]]
    everything = {"from": "0001-01-01T00:00:00+14:00", "event_to": "9999-12-31T23:59:59-14:00"}
    assert await found(fresh, **everything) == [later["id"], refund["id"]]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"status": "received"}, "status"),
        ({"from": "yesterday"}, "from"),
        ({"to": "2026-12-01T09:00:00"}, "to"),
        ({"event_from": "1"}, "event_from"),
        ({"event_to": ""}, "event_to"),
        ({"type": "\0"}, "type"),
        ({"external_id": "\0"}, "external_id"),
        ({"participant_id": "ana"}, "participant_id"),
        ({"cursor": "x"}, "cursor"),
        ({"limit": "101"}, "limit"),
        ({"program_id": "mine"}, "program_id"),
    ],
)
async def test_a_wrong_question_is_refused_by_its_field(
    own: Carillon, query: dict[str, str], field: str
) -> None:
    answer = await own.http.get("/v1/events", params={"program_id": own.program_id} | query)
    assert_refused(answer, field)


async def test_the_list_needs_a_program(own: Carillon) -> None:
    assert_refused(await own.http.get("/v1/events"), "program_id")


async def test_a_failed_event_is_put_back(own: Carillon, database: Database) -> None:
    event = await sent(own)
    await mark_failed(database, event["id"])
    assert (await own.http.get(f"/v1/events/{event['id']}")).json()["error"]
    answer = await own.http.post(f"/v1/events/{event['id']}/retry")
    assert answer.status_code == 202
    assert answer.json() == event | {"available_at": answer.json()["available_at"]}
    assert answer.json()["available_at"] > event["available_at"]
    assert (await own.http.get(f"/v1/events/{event['id']}")).json() == answer.json()


async def test_an_event_that_has_not_failed_cannot_be_retried(own: Carillon, database: Database) -> None:
    event = await sent(own)
    answer = await own.http.post(f"/v1/events/{event['id']}/retry")
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert "RECEIVED" in answer.json()["message"]
    await mark_failed(database, event["id"])
    retries = await asyncio.gather(*(own.http.post(f"/v1/events/{event['id']}/retry") for _ in range(5)))
    assert sorted(answer.status_code for answer in retries) == [202, 409, 409, 409, 409]


async def test_a_key_bound_to_a_program_need_not_name_it(
    own: Carillon, bound: httpx.AsyncClient, database: Database
) -> None:
    body = {"event_data": {"type": "purchase"}, "idempotency_key": str(uuid4())}
    event = (await bound.post("/v1/events", json=body)).json()
    assert event["program_id"] == own.program_id
    listed = (await bound.get("/v1/events", params={"limit": "1"})).json()["data"]
    assert [row["id"] for row in listed] == [event["id"]]
    await mark_failed(database, event["id"])
    assert (await bound.post(f"/v1/events/{event['id']}/retry")).status_code == 202


async def test_a_key_bound_to_a_program_reaches_no_other(
    bound: httpx.AsyncClient, api: httpx.AsyncClient, database: Database
) -> None:
    other = await Carillon.with_new_program(api, "")
    event = await sent(other)
    await mark_failed(database, event["id"])
    program = {"program_id": other.program_id}
    assert (await bound.post("/v1/events", json=purchase(other))).status_code == 403
    assert (await bound.get("/v1/events", params=program)).status_code == 403
    assert (await bound.get(f"/v1/events/{event['id']}")).status_code == 404
    assert (await bound.post(f"/v1/events/{event['id']}/retry")).status_code == 404
    assert await found(other, status="FAILED") == [event["id"]]
