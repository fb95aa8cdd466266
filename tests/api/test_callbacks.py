"""Callbacks over HTTP: taken from whoever signs them, once, whatever their order."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from api.callback_signatures import MAX_BODY
from cli.stack.sms_account import AUTH_TOKEN
from store.database import Database
from tests.api.refusal import assert_refused
from tests.fixtures.in_process import api_in_process
from tests.fixtures.kept_messages import (
    consent_of,
    keep_message,
    keep_message_to,
    listen,
    message_now,
    suppressions_of,
    told,
)
from tests.fixtures.queued_messages import add_person
from tests.fixtures.signed_callbacks import CALLBACK_SETTINGS, SECRET, Providers

PHONE = "+34612345678"
OTHER_SECRET = "whsec_" + "QUJD" * 10


@pytest.fixture(scope="module")
async def providers(database_url: str) -> AsyncIterator[Providers]:
    async with api_in_process(database_url, **CALLBACK_SETTINGS) as http:
        yield Providers(http)


async def test_what_a_provider_tells_is_in_the_record(
    providers: Providers, database: Database, program_id: UUID
) -> None:
    message_id = await keep_message(database, program_id, status="unknown")
    at = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    assert (await providers.tell("message.opened", message_id)).status_code == 204
    answer = await providers.tell("message.delivered", message_id, timestamp=at, provider_id="p-1")
    assert answer.status_code == 204
    message = await message_now(database, message_id)
    assert (message.status, message.provider_id) == ("sent", "p-1")
    assert message.delivered_at is not None and message.opened_at is not None


async def test_a_hard_bounce_suppresses_and_a_soft_one_does_not(
    providers: Providers, database: Database, program_id: UUID
) -> None:
    person = await add_person(database, program_id, email="noor@example.com")
    message_id = await keep_message_to(database, person)
    await providers.tell("message.bounced", message_id, bounce="soft", reason="mailbox_full")
    assert await suppressions_of(database, program_id) == []
    await providers.tell("message.bounced", message_id, bounce="hard")
    assert await suppressions_of(database, program_id) == [("email", "noor@example.com", "bounce")]
    assert await consent_of(database, person) == {"email": "unsubscribed"}


async def test_a_callback_that_comes_again_is_answered_alike_and_told_once(
    providers: Providers, database: Database, program_id: UUID
) -> None:
    await listen(database, program_id, "message.replied")
    message_id = await keep_message_to(database, await add_person(database, program_id))
    for _ in range(3):
        answer = await providers.tell(
            "message.replied", message_id, identifier=f"msg_{message_id}", text="Hi"
        )
        assert answer.status_code == 204
    assert [event.event_data["text"] for event in await told(database, program_id)] == ["Hi"]


async def test_one_of_an_unknown_message_may_come_again_once_there_is_one(
    providers: Providers, database: Database, program_id: UUID
) -> None:
    identifier = f"msg_{uuid4()}"
    answer = await providers.tell("message.delivered", uuid4(), identifier=identifier)
    assert (answer.status_code, answer.json()["message"]) == (404, "Message not found")
    message_id = await keep_message(database, program_id)
    assert (await providers.tell("message.delivered", message_id, identifier=identifier)).status_code == 204
    assert (await message_now(database, message_id)).delivered_at is not None


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret": OTHER_SECRET},
        {"age": timedelta(minutes=6)},
        {"age": timedelta(minutes=-6)},
        {"webhook-signature": "v1,bm90IGEgc2lnbmF0dXJl"},
        {"webhook-signature": "v1"},
        {"webhook-signature": "v1,not base64"},
        {"webhook-signature": ""},
        {"webhook-signature": "v2,AAAA v3"},
        {"webhook-timestamp": "soon"},
        {"webhook-timestamp": "nan"},
        {"webhook-id": "another"},
        {"webhook-id": ""},
    ],
    ids=str,
)
async def test_whoever_does_not_know_the_secret_changes_nothing(
    providers: Providers, database: Database, program_id: UUID, wrong: dict[str, Any]
) -> None:
    message_id = await keep_message(database, program_id)
    body = f'{{"type": "message.opened", "data": {{"message_id": "{message_id}"}}}}'
    answer = await providers.post(body, **wrong)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
    assert "signature" in answer.json()["message"]
    assert (await message_now(database, message_id)).opened_at is None
    assert (await providers.post(body)).status_code == 204


async def test_a_changed_body_is_not_what_was_signed(providers: Providers) -> None:
    answer = await providers.http.post("/callbacks/messages", content=b"\xff\xfe{}")
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ("", "body"),
        ("[", "body"),
        ('{"type": "message.opened"}', "data"),
        ('{"type": "message.exploded", "data": {}}', "type"),
        ('{"data": {}}', "type"),
        ('{"type": "message.opened", "data": {}}', "data.message_id"),
        ('{"type": "message.opened", "data": {"message_id": "1"}}', "data.message_id"),
        ('{"type": "message.bounced", "data": {"message_id": "MESSAGE"}}', "data.bounce"),
        ('{"type": "message.bounced", "data": {"message_id": "MESSAGE", "bounce": "flat"}}', "data.bounce"),
        ('{"type": "message.clicked", "data": {"message_id": "MESSAGE", "url": "\\u0000"}}', "data.url"),
        ('{"type": "message.opened", "data": {"message_id": "MESSAGE", "who": "noor"}}', "data.who"),
        ('{"type": "message.opened", "timestamp": "soon", "data": {"message_id": "MESSAGE"}}', "timestamp"),
    ],
)
async def test_a_signed_mistake_is_named(providers: Providers, body: str, field: str) -> None:
    assert_refused(await providers.post(body.replace("MESSAGE", str(uuid4()))), field)


async def test_a_body_is_bounded(providers: Providers) -> None:
    status = f"/callbacks/twilio/status?message_id={uuid4()}"
    for answer in (
        await providers.post(" " * (MAX_BODY + 1)),
        await providers.twilio(status, {"Body": "x" * MAX_BODY}),
    ):
        assert answer.status_code == 413
    assert_refused(await providers.twilio(status, {f"f{n}": "1" for n in range(300)}), "body")


async def test_without_secrets_no_callback_is_taken(database_url: str) -> None:
    async with api_in_process(database_url) as http:
        without = Providers(http)
        for answer in (
            await without.tell("message.opened", uuid4()),
            await without.status(uuid4(), "sent"),
            await without.reply(uuid4(), PHONE, "STOP"),
        ):
            assert answer.status_code == 404
            assert "not set up" in answer.json()["message"]


async def test_while_secrets_are_exchanged_both_are_good(
    database_url: str, database: Database, program_id: UUID
) -> None:
    message_id = await keep_message(database, program_id)
    body = f'{{"type": "message.opened", "data": {{"message_id": "{message_id}"}}}}'
    settings = CALLBACK_SETTINGS | {"callback_secret": f"{SECRET} {OTHER_SECRET}"}
    async with api_in_process(database_url, **settings) as http:
        for secret in (SECRET, OTHER_SECRET):
            assert (await Providers(http).post(body, secret=secret)).status_code == 204


async def test_a_status_of_twilios_is_in_the_record(
    providers: Providers, database: Database, program_id: UUID
) -> None:
    person = await add_person(database, program_id, phone=PHONE, consent={"sms": "subscribed"})
    message_id = await keep_message_to(database, person, channel="sms", recipient=PHONE, status="unknown")
    for status in ("delivered", "sent", "queued", "delivered"):
        assert (await providers.status(message_id, status)).status_code == 204
    message = await message_now(database, message_id)
    assert (message.status, message.provider_id) == ("sent", "SM1")
    assert message.delivered_at is not None and message.bounced_at is None
    await providers.status(message_id, "undelivered", ErrorCode="30006")
    assert await suppressions_of(database, program_id) == [("sms", PHONE, "bounce")]
    assert (await providers.status(message_id, "partially_delivered")).status_code == 204
    assert (await providers.status(uuid4(), "sent")).status_code == 404


async def test_a_form_that_twilio_did_not_sign_changes_nothing(
    providers: Providers, database: Database, program_id: UUID
) -> None:
    person = await add_person(database, program_id, phone=PHONE, consent={"sms": "subscribed"})
    path = f"/callbacks/twilio/inbound/{program_id}"
    fields = {"MessageSid": "SM1", "From": PHONE, "Body": "STOP"}
    for answer in (
        await providers.twilio(path, fields, token="another"),
        await providers.twilio(path, fields, **{"x-twilio-signature": ""}),
        await providers.http.post(path, data=fields),
        await Providers(providers.http, "https://another.example").twilio(path, fields),
    ):
        assert answer.status_code == 401
        assert "X-Twilio-Signature" in answer.json()["message"]
        assert AUTH_TOKEN not in answer.text
    assert await suppressions_of(database, program_id) == []
    assert await consent_of(database, person) == {"sms": "subscribed"}


async def test_who_replies_stop_is_sent_nothing_more_until_they_say_start(
    providers: Providers, database: Database, program_id: UUID
) -> None:
    await listen(database, program_id, "message.replied", "message.unsubscribed", "participant.updated")
    consent = {"sms": "subscribed", "email": "subscribed"}
    person = await add_person(database, program_id, phone="+34 612-345 678", consent=consent)
    older = await keep_message_to(database, person, channel="sms", recipient=PHONE)
    message_id = await keep_message_to(database, person, channel="sms", recipient=PHONE)
    await keep_message_to(database, person)
    answer = await providers.reply(program_id, PHONE, "Stop", sid="SM-stop-" + str(program_id))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/xml")
    assert answer.text.endswith("<Response/>")
    assert await suppressions_of(database, program_id) == [("sms", PHONE, "unsubscribe")]
    assert await consent_of(database, person) == {"sms": "unsubscribed", "email": "subscribed"}
    message = await message_now(database, message_id)
    assert message.replied_at is not None and message.unsubscribed_at is not None
    assert (await message_now(database, older)).replied_at is None
    events = await told(database, program_id)
    assert [event.type for event in events] == ["message.replied", "message.unsubscribed"]
    assert events[0].event_data["text"] == "Stop"

    await providers.reply(program_id, PHONE, "start")
    assert await suppressions_of(database, program_id) == []
    assert await consent_of(database, person) == consent
    # An old STOP, sent again, is not a new one.
    await providers.reply(program_id, PHONE, "Stop", sid="SM-stop-" + str(program_id))
    assert await consent_of(database, person) == consent
    assert len(await told(database, program_id)) == 3


async def test_everybody_with_the_number_is_meant_and_nobody_of_another_program(
    providers: Providers, database: Database, program_id: UUID
) -> None:
    family = [
        await add_person(database, program_id, phone=PHONE, consent={"whatsapp": "subscribed"})
        for _ in range(2)
    ]
    await providers.reply(program_id, f"whatsapp:{PHONE}", "STOP")
    for person in family:
        assert await consent_of(database, person) == {"whatsapp": "unsubscribed"}
    assert await suppressions_of(database, program_id) == [("whatsapp", PHONE, "unsubscribe")]
    assert (await providers.reply(uuid4(), PHONE, "STOP")).status_code == 404


async def test_a_number_that_nobody_has_can_stop_too(
    providers: Providers, database: Database, program_id: UUID
) -> None:
    await providers.reply(program_id, PHONE, "STOP")
    assert await suppressions_of(database, program_id) == [("sms", PHONE, "unsubscribe")]
