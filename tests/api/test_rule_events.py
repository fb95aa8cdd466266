"""The queue of events over HTTP: listed, read, retried, and with what led to each."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from store.database import Database
from store.tables import Conversation, Event
from tests.api.rules_surface import RulesSurface, assert_faults, assert_problem
from tests.store.rule_history import NOON, add_event, add_rule, add_rule_run

# As the seed names them, and then our own.
FIELDS = [
    *("id", "event_type", "conversation_id", "payload", "payload_hash", "source", "status", "attempts"),
    *("available_at", "created_at", "contact_id", "processed_at", "error"),
    *("causation_id", "hops"),
]


@pytest.fixture
def program(rules: RulesSurface) -> UUID:
    return UUID(rules.program_id)


async def ids(rules: RulesSurface, path: str = "/events", **query: Any) -> list[str]:
    page = await rules.read(path, **query)
    assert page["total"] == len(page["items"])
    return [item["id"] for item in page["items"]]


async def test_an_event_has_the_fields_that_are_documented(
    rules: RulesSurface, program: UUID, database: Database
) -> None:
    conversation_id, contact_id, causation_id = uuid4(), uuid4(), uuid4()
    event = await add_event(
        database,
        program,
        conversation_id=conversation_id,
        participant_id=contact_id,
        causation_id=causation_id,
        rule_chain=[uuid4(), uuid4()],
        source="rule",
        status="FAILED",
        attempts=6,
        error="TypeError",
        processed_at=NOON,
    )
    shown = await rules.read(f"/events/{event.id}")
    assert list(shown) == FIELDS
    assert shown == {
        "id": str(event.id),
        "event_type": "purchase",
        "conversation_id": str(conversation_id),
        "payload": {"type": "purchase", "amount": 0},
        "payload_hash": event.payload_hash,
        "source": "rule",
        "status": "failed",
        "attempts": 6,
        "available_at": "2026-06-01T12:00:00Z",
        "created_at": "2026-06-01T12:00:00Z",
        "contact_id": str(contact_id),
        "processed_at": "2026-06-01T12:00:00Z",
        "error": "TypeError",
        "causation_id": str(causation_id),
        "hops": 2,
    }
    assert await rules.read("/events") == {"items": [shown], "next_cursor": None, "total": 1}


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("RECEIVED", "pending"),
        ("PENDING", "pending"),
        ("PROCESSING", "processing"),
        ("COMPLETED", "processed"),
        ("FAILED", "failed"),
    ],
)
async def test_a_status_is_shown_and_asked_for_in_the_words_of_this_surface(
    rules: RulesSurface, program: UUID, database: Database, stored: str, shown: str
) -> None:
    event = await add_event(database, program, status=stored)
    assert (await rules.read(f"/events/{event.id}"))["status"] == shown
    for asked in ("pending", "processing", "processed", "failed"):
        assert await ids(rules, status=asked) == ([str(event.id)] if asked == shown else [])


async def test_events_are_listed_by_conversation_by_rule_and_by_what_they_say(
    rules: RulesSurface, program: UUID, database: Database
) -> None:
    conversation_id, rule_id = uuid4(), uuid4()
    first = await add_event(database, program, 0, conversation_id=conversation_id)
    second = await add_event(database, program, 1, event_data=first.event_data, source="rule", type="said")
    await add_event(database, program, 2)
    for event in (first, second):
        await add_rule_run(database, event, rule_id=rule_id)
    both, alike = [str(second.id), str(first.id)], first.payload_hash
    assert await ids(rules, f"/events/conversation/{conversation_id}") == both[1:]
    assert await ids(rules, f"/events/conversation/{conversation_id}", source="rule") == []
    assert await ids(rules, f"/events/rule/{rule_id}") == both
    assert await ids(rules, f"/events/rule/{rule_id}", event_type="said", payload_hash=alike) == both[:1]
    assert await ids(rules, f"/events/rule/{rule_id}", status="failed") == []
    assert await ids(rules, payload_hash=alike.upper(), sort_order="asc") == both[::-1]
    assert await ids(rules, source="rule", status="processed") == both[:1]
    fingerprint = await rules.read(f"/events/fingerprint/{alike.upper()}")
    assert [event["id"] for event in fingerprint] == both
    assert [list(event) for event in fingerprint] == [FIELDS, FIELDS]
    assert await rules.read(f"/events/fingerprint/{'0' * 64}") == []


async def test_a_conversation_or_a_rule_without_events_has_an_empty_list(
    rules: RulesSurface, program: UUID, database: Database
) -> None:
    rule = await add_rule(database, program)
    async with database.transaction() as session:
        conversation = Conversation(program_id=program)
        session.add(conversation)
    assert await ids(rules, f"/events/rule/{rule.id}") == []
    assert await ids(rules, f"/events/conversation/{conversation.id}") == []


async def test_what_is_of_another_program_is_not_there(
    rules: RulesSurface, program: UUID, database: Database, api: httpx.AsyncClient
) -> None:
    conversation_id = uuid4()
    event = await add_event(database, program, conversation_id=conversation_id, status="FAILED")
    run = await add_rule_run(database, event)
    elsewhere = await RulesSurface.of_new_program(api)
    assert await ids(elsewhere) == await elsewhere.read(f"/events/fingerprint/{event.payload_hash}") == []
    for method, path, id_ in (
        ("GET", "/events/{}", event.id),
        ("GET", "/events/{}/chain", event.id),
        ("POST", "/events/{}/retry", event.id),
        ("GET", "/events/rule/{}", run.rule_id),
        ("GET", "/events/conversation/{}", conversation_id),
    ):
        assert_problem(await elsewhere.call(method, path.format(id_)), 404, "not-found")
        assert_problem(await rules.call(method, path.format(uuid4())), 404, "not-found")
    assert (await rules.read(f"/events/{event.id}"))["status"] == "failed"


async def test_a_failed_event_goes_back_into_the_queue_once(
    rules: RulesSurface, program: UUID, database: Database
) -> None:
    event = await add_event(
        database, program, status="FAILED", attempts=6, error="TypeError", processed_at=NOON
    )
    answer = await rules.call("POST", f"/events/{event.id}/retry")
    assert answer.status_code == 202
    again = answer.json()
    assert (again["status"], again["attempts"], again["error"], again["processed_at"]) == (
        "pending",
        0,
        None,
        None,
    )
    assert again["available_at"] > again["created_at"]
    assert_problem(await rules.call("POST", f"/events/{event.id}/retry"), 409, "conflict")
    assert await rules.read(f"/events/{event.id}") == again


async def test_the_chain_of_an_event_names_events_and_rules(
    rules: RulesSurface, program: UUID, database: Database
) -> None:
    first = await add_event(database, program)
    run = await add_rule_run(database, first, rule_name="Thank")
    second = await add_event(
        database, program, 1, type="thanked", source="rule", causation_id=first.id, rule_chain=[run.rule_id]
    )
    shown = {
        event.id: {
            "id": str(event.id),
            "event_type": event.type,
            "source": event.source,
            "status": "processed",
            "created_at": event.created_at.isoformat().replace("+00:00", "Z"),
        }
        for event in (first, second)
    }
    rule = {"rule_id": str(run.rule_id), "rule_name": "Thank", "run_id": str(run.id)}
    assert await rules.read(f"/events/{second.id}/chain") == {
        "event": shown[second.id],
        "causes": [{"event": shown[first.id], "rule": rule}],
        "consequences": [],
        "stopped": [],
    }
    assert (await rules.read(f"/events/{first.id}/chain"))["consequences"] == [
        {"event": shown[second.id], "rule": rule}
    ]


async def test_events_by_processed_at_are_paged_by_number(
    rules: RulesSurface, program: UUID, database: Database
) -> None:
    waiting = await add_event(database, program, 1, status="RECEIVED")
    done = await add_event(database, program, 0, processed_at=NOON)
    assert await ids(rules, sort_by="processed_at") == [str(done.id), str(waiting.id)]
    first = await rules.read("/events", sort_by="processed_at", per_page=1)
    assert (first["next_cursor"], first["total"]) == (None, 2)
    cursor = f"{done.created_at.isoformat()}|{done.id}"
    refused = await rules.call("GET", "/events", params={"sort_by": "processed_at", "cursor": cursor})
    assert_faults(refused, "cursor")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"cursor": "forged"}, "cursor"),
        ({"cursor": f"2026-06-01T12:00:00Z|{uuid4()}"}, "cursor"),
        ({"page": 2_001}, "page"),
        ({"status": "COMPLETED"}, "status"),
        ({"status": "pending "}, "status"),
        ({"event_type": "\0"}, "event_type"),
        ({"event_type": "x" * 256}, "event_type"),
        ({"source": "\0"}, "source"),
        ({"sort_by": "available_at"}, "sort_by"),
        ({"payload_hash": "0" * 63}, "payload_hash"),
        ({"payload_hash": "g" * 64}, "payload_hash"),
        ({"payload_hash": f"{'0' * 64}\n"}, "payload_hash"),
    ],
)
async def test_a_list_that_cannot_be_had_is_refused(
    rules: RulesSurface, query: dict[str, Any], field: str
) -> None:
    for path in ("/events", f"/events/rule/{uuid4()}", f"/events/conversation/{uuid4()}"):
        if "conversation" not in path or field != "payload_hash":
            assert_faults(await rules.call("GET", path, params=query), field)


@pytest.mark.parametrize("wrong", ["0" * 63, "0" * 65, "g" * 64, "fingerprint"])
async def test_what_is_no_fingerprint_is_refused(rules: RulesSurface, wrong: str) -> None:
    assert_faults(await rules.call("GET", f"/events/fingerprint/{wrong}"), "payload_hash")


async def test_a_cursor_outlives_what_happens_to_its_event(
    rules: RulesSurface, program: UUID, database: Database
) -> None:
    older = await add_event(database, program, 0, status="RECEIVED")
    newer = await add_event(database, program, 1, status="RECEIVED")
    page = await rules.read("/events", status="pending", per_page=1)
    async with database.transaction() as session:
        (await session.get_one(Event, newer.id)).status = "COMPLETED"
    rest = await rules.read("/events", status="pending", cursor=page["next_cursor"])
    assert [item["id"] for item in rest["items"]] == [str(older.id)]
