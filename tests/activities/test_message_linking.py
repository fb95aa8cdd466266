"""Messages get their links when they are handed over, and not before."""

from typing import Any
from uuid import UUID

from channels.channel import Outgoing
from domain.message_links import UNSUBSCRIBE_LINK, MessageLinks
from domain.message_options import MessageOptions
from store.database import Database
from store.tables import Program
from tests.activities.message_provider import AWAY, SENT, Provider, dispatch_with, resources_with
from tests.fixtures.queued_messages import add_person, change_message, message_to, queue, the_message

KEY, URL = "k" * 32, "https://carillon.example"
LINKS = MessageLinks(URL, [KEY])
SHOP = "https://shop.example/"
HTML = MessageOptions(html=f'<a href="{SHOP}">shop</a>')


async def hand_over(database: Database, program_id: UUID, provider: Provider, **settings: Any) -> Outgoing:
    said = {"link_key": KEY, "public_url": URL} | settings
    await dispatch_with(resources_with(database, provider, **said), program_id)
    return provider.handed[-1]


async def follow(database: Database, program_id: UUID, **tracking: bool) -> None:
    async with database.transaction() as session:
        (await session.get_one(Program, program_id)).settings = {"message_tracking": tracking}


async def test_a_queued_message_is_kept_as_it_was_written_and_leaves_with_its_links(
    database: Database, program_id: UUID
) -> None:
    message = message_to(await add_person(database, program_id), body=UNSUBSCRIBE_LINK, options=HTML)
    await queue(database, message)
    waiting = await the_message(database, program_id)
    assert (waiting.body, waiting.options) == (UNSUBSCRIBE_LINK, {"html": HTML.html})
    handed = await hand_over(database, program_id, Provider())
    assert handed.body == handed.options.unsubscribe_url == LINKS.unsubscribe_url(message.id)
    assert handed.options.html is not None
    assert LINKS.click_url(message.id, SHOP) in handed.options.html
    assert LINKS.open_url(message.id) in handed.options.html


async def test_a_message_that_is_sent_again_has_the_same_links(database: Database, program_id: UUID) -> None:
    message = message_to(await add_person(database, program_id), body=UNSUBSCRIBE_LINK, options=HTML)
    await queue(database, message)
    first = await hand_over(database, program_id, Provider(lambda _: AWAY))
    waiting = await the_message(database, program_id)
    assert (waiting.status, waiting.body) == ("queued", UNSUBSCRIBE_LINK)
    await change_message(database, message, available_at=waiting.created_at)
    assert await hand_over(database, program_id, Provider(lambda _: SENT)) == first


async def test_a_program_is_followed_as_it_says(database: Database, program_id: UUID) -> None:
    await follow(database, program_id, opens=False, clicks=False)
    await queue(database, message_to(await add_person(database, program_id), options=HTML))
    assert (await hand_over(database, program_id, Provider())).options.html == HTML.html


async def test_what_goes_to_nobody_on_record_has_no_links(database: Database, program_id: UUID) -> None:
    person = await add_person(database, program_id)
    await queue(database, message_to(person, participant_id=None, options=HTML))
    assert (await hand_over(database, program_id, Provider())).options == HTML


async def test_without_an_address_for_people_no_link_leads_there(
    database: Database, program_id: UUID
) -> None:
    person = await add_person(database, program_id)
    await queue(database, message_to(person, body=f"No more: {UNSUBSCRIBE_LINK}", options=HTML))
    handed = await hand_over(database, program_id, Provider(), public_url=None)
    assert (handed.body, handed.options) == ("No more: ", HTML)
