"""Text messages through the stand-in of Twilio: its callbacks, a reply of STOP, and the links in the text."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest

from activities import Resources
from channels.channel import Channels
from channels.registry import build_channels
from cli.stack.http_listener import HttpListener, Reply, Request
from cli.stack.sms_account import AUTH_TOKEN
from domain.actions import Channel
from domain.message_links import UNSUBSCRIBE_LINK
from domain.message_options import NO_OPTIONS, MessageOptions
from runtime.settings import Settings
from store.database import Database
from store.participants import erase_participant
from store.tables import Message, Participant
from tests.activities.message_provider import dispatch_with
from tests.fixtures.carillon import eventually
from tests.fixtures.in_process import api_in_process
from tests.fixtures.kept_messages import consent_of, message_now, suppressions_of
from tests.fixtures.queued_messages import add_person, message_to, queue
from tests.fixtures.signed_callbacks import Providers
from tests.fixtures.sms_provider import SmsProvider, sms_provider

PHONE = "+34612345678"
# The stand-in refuses it with 21610, as Twilio's test accounts do.
OPTED_OUT = "+15005550004"
KEY = "k" * 32


@dataclass
class Texting:
    """An API that Twilio's stand-in reaches, and a worker that sends by way of it."""

    database: Database
    provider: SmsProvider
    people: httpx.AsyncClient
    twilio: Providers
    resources: Resources

    async def send(self, person: Participant, body: str, options: MessageOptions = NO_OPTIONS) -> UUID:
        message = message_to(
            person, channel=Channel.SMS, recipient=PHONE, subject="", body=body, options=options
        )
        await queue(self.database, message)
        await dispatch_with(self.resources, person.program_id)
        return message.id

    async def once(self, message_id: UUID, field: str) -> Message:
        async def look() -> Message | None:
            message = await message_now(self.database, message_id)
            return message if getattr(message, field) is not None else None

        found: Message = await eventually(look)
        return found


@pytest.fixture
async def texting(database: Database, database_url: str) -> AsyncIterator[Texting]:
    api: list[httpx.AsyncClient] = []

    async def forward(request: Request) -> Reply:
        answer = await api[0].request(
            request.method, request.target, content=request.body, headers=request.headers
        )
        return Reply(answer.status_code)

    async with sms_provider() as provider, HttpListener(forward) as listener:
        settings = provider.settings(database_url=database_url, public_url=listener.url, link_key=KEY)
        said: dict[str, Any] = {
            "twilio_auth_token": AUTH_TOKEN,
            "public_url": listener.url,
            "link_key": KEY,
        }
        async with api_in_process(database_url, **said) as http:
            api.append(http)
            channels = build_channels(settings)
            yield Texting(
                database,
                provider,
                http,
                Providers(http, listener.url),
                _resources(settings, database, channels),
            )
            for channel in channels.values():
                await channel.close()


def _resources(settings: Settings, database: Database, channels: Channels) -> Resources:
    nothing: Any = None
    return Resources(settings, database, nothing, channels, nothing)


async def test_a_reply_of_stop_keeps_the_next_text_from_being_sent(
    texting: Texting, program_id: UUID
) -> None:
    person = await add_person(
        texting.database, program_id, phone="+34 612 345 678", consent={"sms": "subscribed"}
    )
    texting.provider.sink.callbacks = ["queued", "sent", "delivered", "delivered"]
    first = await texting.send(person, "Hello")
    assert (await texting.once(first, "delivered_at")).status == "sent"

    assert (await texting.twilio.reply(program_id, PHONE, "STOP")).status_code == 200
    assert await suppressions_of(texting.database, program_id) == [("sms", PHONE, "unsubscribe")]
    second = await message_now(texting.database, await texting.send(person, "Hello again"))
    assert second.status == "skipped"
    assert texting.provider.sink.requests == 1

    await texting.twilio.reply(program_id, PHONE, "START")
    third = await message_now(texting.database, await texting.send(person, "Welcome back"))
    assert third.status == "sent"
    assert texting.provider.sink.requests == 2


async def test_who_told_the_provider_to_stop_is_asked_once_until_they_say_start(
    texting: Texting, program_id: UUID
) -> None:
    consent = {"sms": "subscribed"}
    person = await add_person(texting.database, program_id, phone=OPTED_OUT, consent=consent)

    async def send() -> str:
        message = message_to(person, channel=Channel.SMS, recipient=OPTED_OUT, subject="", body="Hello")
        await queue(texting.database, message)
        await dispatch_with(texting.resources, program_id)
        return (await message_now(texting.database, message.id)).status

    assert [await send() for _ in range(3)] == ["failed", "skipped", "skipped"]
    assert texting.provider.sink.requests == 1
    assert await consent_of(texting.database, person) == {"sms": "unsubscribed"}
    await texting.twilio.reply(program_id, OPTED_OUT, "START")
    assert await consent_of(texting.database, person) == consent
    assert await suppressions_of(texting.database, program_id) == []


async def test_the_link_in_a_text_unsubscribes_from_texts(texting: Texting, program_id: UUID) -> None:
    person = await add_person(
        texting.database, program_id, phone=PHONE, consent={"sms": "subscribed", "email": "subscribed"}
    )
    await texting.send(person, f"Sale! No more: {UNSUBSCRIBE_LINK}")
    (taken,) = texting.provider.sink.latest
    link = taken.body.removeprefix("Sale! No more: ")
    assert (await texting.people.post(link)).status_code == 200
    assert await consent_of(texting.database, person) == {"sms": "unsubscribed", "email": "subscribed"}


async def test_a_short_link_in_a_text_is_followed_until_whoever_got_it_is_erased(
    texting: Texting, program_id: UUID
) -> None:
    shop = "https://shop.example/?for=noor&campaign=sale-of-the-year"
    person = await add_person(texting.database, program_id, phone=PHONE, consent={"sms": "subscribed"})
    message_id = await texting.send(person, f"Sale: {shop}", MessageOptions(shorten_links=True))
    (taken,) = texting.provider.sink.latest
    link = taken.body.removeprefix("Sale: ")
    assert len(link) < len(shop)
    assert (await texting.people.head(link)).headers["location"] == shop
    assert (await message_now(texting.database, message_id)).clicked_at is None
    assert (await texting.people.get(link)).headers["location"] == shop
    assert (await message_now(texting.database, message_id)).clicked_at is not None
    assert (await texting.people.get(f"{link}x")).status_code == 404
    async with texting.database.transaction() as session:
        assert await erase_participant(session, program_id, person.id)
    assert (await texting.people.get(link)).status_code == 404
