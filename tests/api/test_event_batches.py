"""Events that come many at a time: all are stored or none, in their order, each once."""

import asyncio
import json
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlmodel import col, func, select

from store.database import Database
from store.tables import Event, Participant, WebhookDelivery
from tests.api.refusal import assert_refused

AT_NINE = "2026-12-01T09:00:00Z"
NOBODY = "00000000-0000-4000-8000-000000000000"
COUNTERS = {
    "counters": {
        "spend": {"event_type": "purchase", "add": "amount"},
        "orders": {"event_type": "purchase"},
        "visits": {"event_type": "visit"},
    }
}


@pytest.fixture
async def program(api: httpx.AsyncClient) -> str:
    return await new_program(api)


async def new_program(api: httpx.AsyncClient, **settings: Any) -> str:
    answer = await api.post("/v1/programs", json={"name": "Batches", "settings": settings})
    return str(answer.json()["id"])


def purchase(amount: object = 1, **fields: Any) -> dict[str, Any]:
    return {"event_data": {"type": "purchase", "amount": amount}} | fields


async def post(api: httpx.AsyncClient, program: str, *events: Any, **headers: str) -> httpx.Response:
    # Written by hand, as the client would refuse to write some of what is sent here.
    body = json.dumps({"program_id": program, "events": list(events)})
    headers |= {"Content-Type": "application/json"}
    return await api.post("/v1/events/batch", content=body, headers=headers)


async def accepted(api: httpx.AsyncClient, program: str, *events: Any) -> list[dict[str, Any]]:
    answer = await post(api, program, *events)
    assert answer.status_code == 202, answer.text
    assert set(answer.json()) == {"accepted"}
    stored: list[dict[str, Any]] = answer.json()["accepted"]
    return stored


async def rows(database: Database, program: str) -> tuple[int, int]:
    """Events and participants of the program."""
    async with database.transaction() as session:
        events = select(func.count()).where(col(Event.program_id) == UUID(program))
        people = select(func.count()).where(col(Participant.program_id) == UUID(program))
        return (await session.exec(events)).one(), (await session.exec(people)).one()


async def queued(database: Database, program: str) -> list[Any]:
    """What the program's events say as `n`, in the order in which they are processed."""
    statement = select(Event.event_data).where(col(Event.program_id) == UUID(program))
    async with database.transaction() as session:
        return [data["n"] for data in await session.exec(statement.order_by(col(Event.seq)))]


async def test_the_events_are_answered_in_order_and_can_be_read_back(
    api: httpx.AsyncClient, program: str
) -> None:
    first, second, third = await accepted(
        api,
        program,
        purchase(1, external_id="ana", event_timestamp=AT_NINE),
        purchase(2, external_id="bo", channel_source="shop", idempotency_key="order-2"),
        purchase(3, external_id="ana"),
    )
    assert [event["event_data"]["amount"] for event in (first, second, third)] == [1, 2, 3]
    assert first["participant_id"] == third["participant_id"] != second["participant_id"]
    assert (first["event_timestamp"], second["event_timestamp"]) == (AT_NINE, second["created_at"])
    assert (second["channel_source"], second["idempotency_key"]) == ("shop", "order-2")
    assert {event["status"] for event in (first, second, third)} == {"RECEIVED"}
    for event in (first, second, third):
        assert (await api.get(f"/v1/events/{event['id']}")).json() == event


async def test_one_alone_and_one_in_a_batch_are_the_same(api: httpx.AsyncClient, program: str) -> None:
    said = purchase(7, external_id="ana", event_timestamp=AT_NINE, channel_source="shop")
    alone = (await api.post("/v1/events", json={"program_id": program} | said)).json()
    (together,) = await accepted(api, program, said)
    differing = {"id", "created_at", "available_at"}
    assert {name: alone[name] for name in alone.keys() - differing} == {
        name: together[name] for name in together.keys() - differing
    }


async def test_events_are_processed_in_the_order_in_which_they_are_given(
    api: httpx.AsyncClient, program: str, database: Database
) -> None:
    def numbered(number: int) -> dict[str, Any]:
        # Every other has a key, and the keys are in the opposite order.
        keyed = {"idempotency_key": f"{1000 - number:04}"} if number % 2 else {}
        return {"external_id": f"p-{number % 3}", "event_data": {"type": "t", "n": number}} | keyed

    await accepted(api, program, *(numbered(number) for number in range(50)))
    await accepted(api, program, *(numbered(number) for number in range(50, 80)))
    assert await queued(database, program) == list(range(80))


async def test_a_thousand_events_are_taken_and_their_people_created_once(
    api: httpx.AsyncClient, program: str, database: Database
) -> None:
    stored = await accepted(api, program, *(purchase(external_id=f"p-{n % 300}") for n in range(1_000)))
    assert len({event["id"] for event in stored}) == 1_000
    assert await rows(database, program) == (1_000, 300)


async def test_each_key_stands_for_one_event_also_within_a_batch(
    api: httpx.AsyncClient, program: str, database: Database
) -> None:
    again = {"event_data": {"amount": 1.0, "type": "purchase"}}
    (before,) = await accepted(api, program, purchase(1, idempotency_key="a", external_id="ana"))
    stored = await accepted(
        api,
        program,
        purchase(2, idempotency_key="b"),
        purchase(3),
        again | {"idempotency_key": "a", "external_id": "ana"},
        purchase(2.0, idempotency_key="b"),
        purchase(3),
    )
    assert [event["event_data"]["amount"] for event in stored] == [2, 3, 1, 2, 3]
    assert stored[2] == before
    assert stored[3] == stored[0]
    assert stored[4]["id"] != stored[1]["id"]
    assert await rows(database, program) == (4, 1)


@pytest.mark.parametrize(
    "events",
    [
        [purchase(1), purchase(2, idempotency_key="known")],
        [purchase(1, idempotency_key="new"), purchase(2, idempotency_key="new")],
        [purchase(1, idempotency_key="new"), purchase(1, idempotency_key="new", external_id="cy")],
    ],
    ids=["as before", "within the batch", "for somebody else"],
)
async def test_a_key_with_another_payload_is_a_conflict_and_nothing_is_stored(
    api: httpx.AsyncClient, program: str, database: Database, events: list[dict[str, Any]]
) -> None:
    await accepted(api, program, purchase(1, idempotency_key="known", external_id="ana"))
    answer = await post(api, program, purchase(external_id="bo"), *events)
    assert_refused(answer, "events.2.idempotency_key", 409, "idempotency_conflict")
    assert await rows(database, program) == (1, 1)


async def test_batches_that_share_their_keys_in_any_order_store_each_event_once(
    api: httpx.AsyncClient, program: str, database: Database
) -> None:
    events = [
        {
            "event_data": {"type": f"t-{n % 2}"},
            "idempotency_key": f"k-{n}",
            "external_id": f"p-{n % 7}",
        }
        for n in range(40)
    ]
    answers = await asyncio.gather(*(accepted(api, program, *events[:: 1 - 2 * (n % 2)]) for n in range(8)))
    assert await rows(database, program) == (40, 7)
    ids = [{event["idempotency_key"]: event["id"] for event in answer} for answer in answers]
    assert ids == [ids[0]] * 8


async def test_the_same_request_with_the_same_header_is_carried_out_once(
    api: httpx.AsyncClient, program: str, database: Database
) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    first = await post(api, program, purchase(1), purchase(2), **key)
    again = await post(api, program, purchase(1), purchase(2), **key)
    assert (again.status_code, again.json()) == (202, first.json())
    assert again.headers["Idempotency-Replayed"] == "true"
    assert await rows(database, program) == (2, 0)
    other = await post(api, program, purchase(1), **key)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")


async def test_counters_count_every_event_of_a_batch(api: httpx.AsyncClient) -> None:
    program = await new_program(api, **COUNTERS)
    visit = {"event_data": {"type": "visit"}, "external_id": "ana"}
    events = [
        purchase("0.1", external_id="ana", idempotency_key="a"),
        visit,
        purchase("0.2", external_id="ana"),
        purchase("0.1", external_id="ana", idempotency_key="a"),
        purchase(5, external_id="bo"),
        purchase(7),
    ]
    await accepted(api, program, *events)
    people = (await api.get(f"/v1/programs/{program}/participants")).json()["data"]
    assert {person["external_id"]: person["counters"] for person in people} == {
        "ana": {"spend": 0.3, "orders": 2, "visits": 1},
        "bo": {"spend": 5, "orders": 1},
    }


async def test_a_webhook_is_told_of_each_event_that_was_stored(
    api: httpx.AsyncClient, program: str, database: Database
) -> None:
    hook = {"url": "https://receiver.invalid/", "event_types": ["event.received"]}
    webhook = (await api.post(f"/v1/programs/{program}/webhooks", json=hook)).json()
    stored = await accepted(
        api, program, *(purchase(n, idempotency_key=f"k-{n % 3}" if n < 6 else None) for n in [0, 1, 2, 0, 7])
    )
    statement = select(WebhookDelivery).where(col(WebhookDelivery.endpoint_id) == UUID(webhook["id"]))
    async with database.transaction() as session:
        told = (await session.exec(statement)).all()
    assert {one.data["event_id"] for one in told} == {event["id"] for event in stored}
    assert len({one.message_id for one in told}) == len(told) == 4
    assert {(one.type, one.status) for one in told} == {("event.received", "pending")}


async def test_a_batch_belongs_to_one_program(api: httpx.AsyncClient, program: str) -> None:
    assert_refused(await api.post("/v1/events/batch", json={"events": [purchase()]}), "program_id")
    answer = await post(api, program, purchase(program_id=program))
    assert assert_refused(answer, "events.0.program_id")["reason"] == "unknown field"
    assert (await post(api, str(uuid4()), purchase())).status_code == 404


DEEP: Any = 1
for _ in range(9):
    DEEP = {"a": DEEP}

WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no data": ({"external_id": "x"}, "event_data"),
    "no type": ({"event_data": {"amount": 1}}, "event_data.type"),
    "NUL": (purchase("a\0b"), "event_data.amount"),
    "half a pair": (purchase("\ud800"), "event_data.amount"),
    "half a pair as a key": ({"event_data": {"type": "t", "\udfff": 1}}, "event_data"),
    "half a pair in the type": ({"event_data": {"type": "\ud800"}}, "event_data.type"),
    "NUL in the person": (purchase(external_id="a\0"), "external_id"),
    "half a pair in the key": (purchase(idempotency_key="\ud83d"), "idempotency_key"),
    "too deep": (purchase(DEEP), "event_data.amount.a.a.a.a.a.a.a"),
    "far too deep": (purchase(json.loads("[" * 300 + "]" * 300)), "event_data.amount.0.0.0.0.0.0.0"),
    "100,000 items": (purchase([0] * 100_000), "event_data.amount"),
    "not finite": (purchase(float("inf")), "event_data.amount"),
    "65 bits": (purchase(2**64), "event_data.amount"),
    "long ago": (purchase(event_timestamp="1899-12-31T23:59:59Z"), "event_timestamp"),
    "far off": (purchase(event_timestamp="9999-12-31T23:59:59-14:00"), "event_timestamp"),
    "no offset": (purchase(event_timestamp="2026-12-01T09:00:00"), "event_timestamp"),
    "a number of seconds": (purchase(event_timestamp=1_764_579_600), "event_timestamp"),
    "two names": (purchase(external_id="a", participant_id=NOBODY), "participant_id"),
    "no uuid": (purchase(participant_id="ana"), "participant_id"),
    "an empty source": (purchase(channel_source=""), "channel_source"),
    "a status": (purchase(status="COMPLETED"), "status"),
}


@pytest.mark.parametrize("case", WRONG)
async def test_one_wrong_event_in_the_middle_is_named_and_nothing_is_stored(
    api: httpx.AsyncClient, program: str, database: Database, case: str
) -> None:
    wrong, field = WRONG[case]
    answer = await post(api, program, purchase(external_id="ana"), wrong, purchase(external_id="bo"))
    assert_refused(answer, f"events.1.{field}")
    assert await rows(database, program) == (0, 0)


@pytest.mark.parametrize("field", ["participant_id", "conversation_id"])
async def test_somebody_whom_the_program_does_not_know_is_named_and_nothing_is_stored(
    api: httpx.AsyncClient, program: str, database: Database, field: str
) -> None:
    other = await new_program(api)
    (elsewhere,) = await accepted(api, other, purchase(external_id="ana"))
    for id_ in (NOBODY, elsewhere["participant_id"]):
        answer = await post(api, program, purchase(external_id="bo"), purchase(**{field: id_}))
        assert assert_refused(answer, f"events.1.{field}", 404, "not_found")["received"] == id_
    assert await rows(database, program) == (0, 0)


async def test_a_program_that_rejects_unknown_participants_names_the_first_of_them(
    api: httpx.AsyncClient, database: Database
) -> None:
    program = await new_program(api, on_unknown_participant="REJECT")
    known = {"external_id": "ana"}
    assert (await api.post(f"/v1/programs/{program}/participants", json=known)).status_code == 201
    strangers = (purchase(external_id=name) for name in ("bo", "cy"))
    answer = await post(api, program, purchase(**known), *strangers)
    details = assert_refused(answer, "events.1.external_id", 404, "not_found")
    assert details["received"] == "bo"
    assert await rows(database, program) == (0, 1)
    (stored,) = await accepted(api, program, purchase(**known))
    assert stored["participant_id"]


@pytest.mark.parametrize(
    ("events", "reason"),
    [
        ([], "at least 1 item"),
        ([purchase()] * 1_001, "at most 1000 items"),
        ([0] * 100_000, "at most 1000 items"),
        ("purchase", "valid list"),
        ({"0": purchase()}, "valid list"),
        (None, "valid list"),
    ],
    ids=["none", "1,001", "100,000", "text", "an object", "null"],
)
async def test_a_batch_is_a_list_of_1_to_1000_events(
    api: httpx.AsyncClient, program: str, database: Database, events: object, reason: str
) -> None:
    answer = await api.post("/v1/events/batch", json={"program_id": program, "events": events})
    assert reason in assert_refused(answer, "events")["reason"]
    assert await rows(database, program) == (0, 0)


async def test_a_body_beyond_the_limit_is_refused(api: httpx.AsyncClient, program: str) -> None:
    answer = await post(api, program, *[purchase("x" * 8_000)] * 140)
    assert (answer.status_code, answer.json()["code"]) == (413, "payload_too_large")
