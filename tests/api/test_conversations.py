"""Conversations: what a support inbox keeps, and the events that they make."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlmodel import col, select

from store.database import Database
from store.tables import Event
from tests.api.refusal import assert_refused
from tests.store.listening import listen_to

NOBODY = "00000000-0000-4000-8000-000000000000"
TYPES = ("conversation.created", "conversation.updated", "conversation.resolved")


@pytest.fixture
async def program(api: httpx.AsyncClient) -> str:
    return str((await api.post("/v1/programs", json={"name": "Inbox"})).json()["id"])


@pytest.fixture
async def ana(api: httpx.AsyncClient, program: str) -> str:
    """A participant's id."""
    answer = await api.post(f"/v1/programs/{program}/participants", json={"external_id": "ana"})
    return str(answer.json()["id"])


def base(program: str) -> str:
    return f"/v1/programs/{program}/conversations"


async def opened(api: httpx.AsyncClient, program: str, **fields: Any) -> dict[str, Any]:
    answer = await api.post(base(program), json=fields)
    assert answer.status_code == 201, answer.text
    conversation: dict[str, Any] = answer.json()
    return conversation


async def patched(api: httpx.AsyncClient, conversation: dict[str, Any], **fields: Any) -> dict[str, Any]:
    path = f"{base(conversation['program_id'])}/{conversation['id']}"
    answer = await api.patch(path, json=fields)
    assert answer.status_code == 200, answer.text
    changed: dict[str, Any] = answer.json()
    return changed


async def told(database: Database, program: str) -> list[tuple[str, list[str], str | None]]:
    """Type, changed fields and participant of the program's conversation events, in order."""
    statement = select(Event).where(
        col(Event.program_id) == UUID(program), col(Event.source) == "conversation"
    )
    async with database.transaction() as session:
        events = (await session.exec(statement.order_by(col(Event.seq)))).all()
    return [
        (one.type, one.event_data["changed"], one.participant_id and str(one.participant_id))
        for one in events
    ]


async def test_a_conversation_is_kept_and_can_be_read_back(
    api: httpx.AsyncClient, program: str, ana: str
) -> None:
    said = {
        "external_id": "ticket-1",
        "channel_source": "whatsapp",
        "status": "pending",
        "assignee": "bo@example.org",
        "priority": "high",
        "labels": ["refund", "vip"],
    }
    conversation = await opened(api, program, contact_external_id="ana", **said)
    assert {name: conversation[name] for name in said} == said
    assert (conversation["contact_id"], conversation["program_id"]) == (ana, program)
    assert (await api.get(f"{base(program)}/{conversation['id']}")).json() == conversation


async def test_without_other_words_it_is_open_and_nobodys(api: httpx.AsyncClient, program: str) -> None:
    conversation = await opened(api, program)
    assert (conversation["status"], conversation["labels"]) == ("open", [])
    for name in ("external_id", "contact_id", "channel_source", "assignee", "priority"):
        assert conversation[name] is None


async def test_an_external_id_is_given_once_in_a_program(api: httpx.AsyncClient, program: str) -> None:
    answers = await asyncio.gather(
        *(api.post(base(program), json={"external_id": "ticket-1"}) for _ in range(8))
    )
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert assert_refused(refused, "external_id", 409, "conflict")["received"] == "ticket-1"
    other = str((await api.post("/v1/programs", json={"name": "Other"})).json()["id"])
    await opened(api, other, external_id="ticket-1")
    assert (await opened(api, program))["id"] != (await opened(api, program))["id"]


async def test_a_patch_changes_only_what_it_sends(api: httpx.AsyncClient, program: str, ana: str) -> None:
    before = await opened(api, program, contact_id=ana, labels=["a"], assignee="bo", priority="low")
    after = await patched(api, before, labels=["b", "c", "b"], priority=None)
    assert after["updated_at"] > before["updated_at"]
    assert after == before | {
        "labels": ["b", "c"],
        "priority": None,
        "updated_at": after["updated_at"],
    }
    assert (await patched(api, after, contact_id=None))["contact_id"] is None
    assert (await patched(api, after, contact_external_id="ana"))["contact_id"] == ana


async def test_each_filter_narrows_the_list_which_comes_in_pages(
    api: httpx.AsyncClient, program: str, ana: str
) -> None:
    first = await opened(api, program, contact_id=ana)
    second = await opened(api, program, status="resolved", assignee="bo")
    third = await opened(api, program, assignee="bo")

    async def found(**query: str) -> list[str]:
        answer = await api.get(base(program), params=query)
        assert answer.status_code == 200, answer.text
        return [one["id"] for one in answer.json()["data"]]

    assert await found() == [third["id"], second["id"], first["id"]]
    assert await found(status="resolved") == [second["id"]]
    assert await found(assignee="bo") == [third["id"], second["id"]]
    assert await found(assignee="bo", status="open") == [third["id"]]
    assert await found(contact_id=ana) == [first["id"]]
    assert await found(contact_id=NOBODY) == []
    page = (await api.get(base(program), params={"limit": "2"})).json()
    assert page["pagination"]["has_more"]
    assert await found(cursor=page["pagination"]["next_cursor"]) == [first["id"]]


async def test_what_is_deleted_is_gone_with_its_notes(api: httpx.AsyncClient, program: str) -> None:
    conversation = await opened(api, program)
    path = f"{base(program)}/{conversation['id']}"
    assert (await api.post(f"{path}/notes", json={"body": "x"})).status_code == 201
    assert (await api.delete(path)).status_code == 204
    for gone in (path, f"{path}/notes"):
        assert (await api.get(gone)).status_code == 404
    assert (await api.delete(path)).status_code == 404
    assert (await api.patch(path, json={})).status_code == 404


async def test_notes_are_signed_and_listed_newest_first(api: httpx.AsyncClient, program: str) -> None:
    conversation = await opened(api, program)
    notes = f"{base(program)}/{conversation['id']}/notes"
    written = [(await api.post(notes, json={"body": body})).json() for body in ("one", "two")]
    assert (await api.get(notes)).json()["data"] == written[::-1]
    assert {(note["author"], note["conversation_id"]) for note in written} == {
        ("in process", conversation["id"])
    }


async def test_a_conversation_of_another_program_is_not_found(api: httpx.AsyncClient, program: str) -> None:
    conversation = await opened(api, program)
    other = str((await api.post("/v1/programs", json={"name": "Other"})).json()["id"])
    path = f"{base(other)}/{conversation['id']}"
    for answer in (
        await api.get(path),
        await api.patch(path, json={"status": "resolved"}),
        await api.delete(path),
        await api.get(f"{path}/notes"),
        await api.post(f"{path}/notes", json={"body": "x"}),
    ):
        assert (answer.status_code, answer.json()["message"]) == (404, "Conversation not found")
    assert (await api.get(base(other))).json()["data"] == []


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"status": "closed"}, "status"),
    ({"status": None}, "status"),
    ({"priority": "1"}, "priority"),
    ({"labels": None}, "labels"),
    ({"labels": [""]}, "labels.0"),
    ({"labels": ["x"] * 1_001}, "labels"),
    ({"labels": ["a", "\0"]}, "labels.1"),
    ({"assignee": ""}, "assignee"),
    ({"assignee": "x" * 256}, "assignee"),
    ({"channel_source": "\0"}, "channel_source"),
    ({"contact_id": "ana"}, "contact_id"),
    ({"contact_id": NOBODY, "contact_external_id": "ana"}, "contact_external_id"),
    ({"notes": []}, "notes"),
]


@pytest.mark.parametrize(("wrong", "field"), [*WRONG, ({"external_id": ""}, "external_id")], ids=str)
async def test_a_wrong_conversation_is_refused_by_its_field(
    api: httpx.AsyncClient, program: str, wrong: dict[str, Any], field: str
) -> None:
    assert_refused(await api.post(base(program), json=wrong), field)
    assert (await api.get(base(program))).json()["data"] == []


@pytest.mark.parametrize(("wrong", "field"), [*WRONG, ({"external_id": "ticket-2"}, "external_id")], ids=str)
async def test_a_wrong_patch_is_refused_by_its_field_and_changes_nothing(
    api: httpx.AsyncClient, program: str, wrong: dict[str, Any], field: str
) -> None:
    conversation = await opened(api, program)
    path = f"{base(program)}/{conversation['id']}"
    assert_refused(await api.patch(path, json={"assignee": "bo"} | wrong), field)
    assert (await api.get(path)).json() == conversation


async def test_a_contact_whom_the_program_does_not_know_is_refused(
    api: httpx.AsyncClient, program: str
) -> None:
    other = str((await api.post("/v1/programs", json={"name": "Other"})).json()["id"])
    person = await api.post(f"/v1/programs/{other}/participants", json={"external_id": "cy"})
    for field, value in (("contact_id", person.json()["id"]), ("contact_external_id", "cy")):
        details = assert_refused(await api.post(base(program), json={field: value}), field, 404, "not_found")
        assert details["received"] == value


@pytest.mark.parametrize("body", [{}, {"body": ""}, {"body": "x" * 8_193}, {"body": "\0"}, {"body": None}])
async def test_a_wrong_note_is_refused(api: httpx.AsyncClient, program: str, body: dict[str, Any]) -> None:
    notes = f"{base(program)}/{(await opened(api, program))['id']}/notes"
    assert_refused(await api.post(notes, json=body), "body")
    assert (await api.get(notes)).json()["data"] == []


async def test_each_change_is_an_event_where_a_rule_listens(
    api: httpx.AsyncClient, program: str, ana: str, database: Database
) -> None:
    await opened(api, program)
    await listen_to(database, program, *TYPES)
    conversation = await opened(api, program, contact_id=ana, channel_source="whatsapp")
    await patched(api, conversation, assignee="bo", labels=["a"])
    await patched(api, conversation, assignee="bo")
    await api.post(f"{base(program)}/{conversation['id']}/notes", json={"body": "private"})
    await patched(api, conversation, status="resolved")
    assert await told(database, program) == [
        ("conversation.created", ["contact_id", "channel_source", "status"], ana),
        ("conversation.updated", ["assignee", "labels"], ana),
        ("conversation.updated", ["notes"], ana),
        ("conversation.resolved", ["status"], ana),
    ]
    statement = select(Event).where(col(Event.program_id) == UUID(program))
    async with database.transaction() as session:
        events = (await session.exec(statement)).all()
    assert {
        (one.kind, str(one.conversation_id), one.channel_source, str(one.subject_id)) for one in events
    } == {("SYSTEM", conversation["id"], "whatsapp", ana)}
    assert "private" not in str([one.event_data for one in events])


async def test_an_event_of_a_conversation_is_its_contacts_unless_it_names_somebody(
    api: httpx.AsyncClient, program: str, ana: str
) -> None:
    conversation = await opened(api, program, contact_id=ana)
    nobodys = await opened(api, program)

    async def sent(**fields: Any) -> dict[str, Any]:
        body = {"program_id": program, "event_data": {"type": "message.in"}} | fields
        answer = await api.post("/v1/events", json=body)
        assert answer.status_code == 202, answer.text
        event: dict[str, Any] = answer.json()
        return event

    event = await sent(conversation_id=conversation["id"], channel_source="sms")
    assert (event["conversation_id"], event["channel_source"]) == (conversation["id"], "sms")
    assert event["participant_id"] == ana
    assert (await sent(conversation_id=conversation["id"], external_id="bo"))["participant_id"] != ana
    assert (await sent(conversation_id=nobodys["id"]))["participant_id"] is None
    body = {"program_id": program, "event_data": {"type": "t"}, "conversation_id": str(uuid4())}
    assert_refused(await api.post("/v1/events", json=body), "conversation_id", 404, "not_found")


async def test_erasing_a_contact_leaves_the_conversation_without_them_and_without_its_notes(
    api: httpx.AsyncClient, program: str, ana: str
) -> None:
    conversation = await opened(api, program, contact_id=ana, external_id="ticket-1")
    other = await opened(api, program)
    for one in (conversation, other):
        await api.post(f"{base(program)}/{one['id']}/notes", json={"body": "lives in Lugo"})
    assert (await api.delete(f"/v1/programs/{program}/participants/{ana}")).status_code == 204
    path = f"{base(program)}/{conversation['id']}"
    left = (await api.get(path)).json()
    assert (left["contact_id"], left["external_id"]) == (None, "ticket-1")
    assert (await api.get(f"{path}/notes")).json()["data"] == []
    assert len((await api.get(f"{base(program)}/{other['id']}/notes")).json()["data"]) == 1
