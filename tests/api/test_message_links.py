"""Links in messages over HTTP: unsubscribing in one click, and being followed."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import httpx
import pytest
from sqlmodel import col, select

from domain.message_links import MessageLinks
from store.database import Database
from store.participants import erase_participant
from store.tables import MessageClick, Program
from tests.fixtures.in_process import api_in_process
from tests.fixtures.kept_messages import (
    consent_of,
    keep_message_to,
    listen,
    message_now,
    suppressions_of,
    told,
)
from tests.fixtures.queued_messages import add_person

KEY = "a key of the tests that nobody knows"[:32].replace(" ", "-")
PUBLIC_URL = "http://carillon"
LINKS = MessageLinks(PUBLIC_URL, [KEY])
SHOP = "https://shop.example/sale?a=1&b=2"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture(scope="module")
async def people(database_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a key."""
    async with api_in_process(database_url, link_key=KEY, public_url=PUBLIC_URL) as http:
        yield http


async def urls_clicked(database: Database, message_id: UUID) -> list[str]:
    async with database.transaction() as session:
        statement = select(MessageClick.url).where(col(MessageClick.message_id) == message_id)
        return list(await session.exec(statement))


async def test_one_click_unsubscribes_and_a_second_changes_nothing(
    people: httpx.AsyncClient, database: Database, program_id: UUID
) -> None:
    await listen(database, program_id, "message.unsubscribed")
    person = await add_person(database, program_id, email="noor@example.com")
    message_id = await keep_message_to(database, person)
    for _ in range(2):
        answer = await people.post(LINKS.unsubscribe_url(message_id), data=ONE_CLICK)
        assert answer.status_code == 200
        assert "Club sends you no more mail" in answer.text
    assert await consent_of(database, person) == {"email": "unsubscribed"}
    assert await suppressions_of(database, program_id) == [("email", "noor@example.com", "unsubscribe")]
    assert (await message_now(database, message_id)).unsubscribed_at is not None
    assert [event.type for event in await told(database, program_id)] == ["message.unsubscribed"]


async def test_looking_at_the_page_unsubscribes_nobody(
    people: httpx.AsyncClient, database: Database, program_id: UUID
) -> None:
    person = await add_person(database, program_id)
    url = LINKS.unsubscribe_url(await keep_message_to(database, person))
    page = await people.get(url)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert '<form method="post">' in page.text and "<script" not in page.text
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert (await people.head(url)).status_code == 200
    assert await consent_of(database, person) == {"email": "subscribed"}


async def test_it_works_for_text_messages_too(
    people: httpx.AsyncClient, database: Database, program_id: UUID
) -> None:
    consent = {"sms": "subscribed", "email": "subscribed"}
    person = await add_person(database, program_id, phone="+34612345678", consent=consent)
    message_id = await keep_message_to(database, person, channel="sms", recipient="+34612345678")
    assert "text messages" in (await people.post(LINKS.unsubscribe_url(message_id))).text
    assert await consent_of(database, person) == consent | {"sms": "unsubscribed"}


async def test_the_name_of_the_program_is_text_and_no_html(
    people: httpx.AsyncClient, database: Database
) -> None:
    async with database.transaction() as session:
        program = Program(name="<script>alert(1)</script>")
        session.add(program)
    person = await add_person(database, program.id)
    page = await people.get(LINKS.unsubscribe_url(await keep_message_to(database, person)))
    assert "<script>" not in page.text and "&lt;script&gt;" in page.text


async def test_whoever_was_erased_meanwhile_is_told_the_same(
    people: httpx.AsyncClient, database: Database, program_id: UUID
) -> None:
    person = await add_person(database, program_id)
    message_id = await keep_message_to(database, person)
    async with database.transaction() as session:
        await erase_participant(session, program_id, person.id)
    assert (await people.post(LINKS.unsubscribe_url(message_id))).status_code == 200
    assert await suppressions_of(database, program_id) == []


async def test_a_click_is_kept_and_leads_on(
    people: httpx.AsyncClient, database: Database, program_id: UUID
) -> None:
    await listen(database, program_id, "message.clicked")
    message_id = await keep_message_to(database, await add_person(database, program_id))
    for _ in range(2):
        answer = await people.get(LINKS.click_url(message_id, SHOP))
        assert (answer.status_code, answer.headers["location"]) == (302, SHOP)
        assert answer.headers["cache-control"] == "no-store"
    assert await urls_clicked(database, message_id) == [SHOP]
    assert (await message_now(database, message_id)).clicked_at is not None
    assert [event.event_data["url"] for event in await told(database, program_id)] == [SHOP]


async def test_a_pixel_that_is_fetched_is_an_open(
    people: httpx.AsyncClient, database: Database, program_id: UUID
) -> None:
    message_id = await keep_message_to(database, await add_person(database, program_id))
    answer = await people.get(LINKS.open_url(message_id))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/gif")
    assert answer.content.startswith(b"GIF89a")
    assert (await message_now(database, message_id)).opened_at is not None


@pytest.mark.parametrize(
    "headers",
    [
        {"Purpose": "prefetch"},
        {"Sec-Purpose": "prefetch;prerender"},
        {"X-Purpose": "preview"},
        {"X-Moz": "prefetch"},
    ],
    ids=str,
)
async def test_who_only_fetches_ahead_is_served_and_not_counted(
    people: httpx.AsyncClient, database: Database, program_id: UUID, headers: dict[str, str]
) -> None:
    message_id = await keep_message_to(database, await add_person(database, program_id))
    click, opened = LINKS.click_url(message_id, SHOP), LINKS.open_url(message_id)
    for answer in (
        await people.get(click, headers=headers),
        await people.get(opened, headers=headers),
        await people.head(click),
        await people.head(opened),
    ):
        assert answer.status_code in {200, 302}
    message = await message_now(database, message_id)
    assert message.clicked_at is message.opened_at is None
    assert await urls_clicked(database, message_id) == []


async def test_nobody_is_led_anywhere_by_a_link_that_was_not_signed(
    people: httpx.AsyncClient, database: Database, program_id: UUID
) -> None:
    person = await add_person(database, program_id)
    message_id = await keep_message_to(database, person)
    foreign = MessageLinks(PUBLIC_URL, ["x" * 32])
    for url in (
        foreign.click_url(message_id, "https://evil.example/"),
        foreign.open_url(message_id),
        LINKS.unsubscribe_url(message_id).replace("/u/", "/c/"),
        "/c/https://evil.example/",
        "/c/x",
    ):
        answer = await people.get(url)
        assert (answer.status_code, answer.headers.get("location")) == (404, None)
    for url in (foreign.unsubscribe_url(message_id), "/u/x", LINKS.unsubscribe_url(uuid4())):
        for answer in (await people.get(url), await people.post(url)):
            assert answer.status_code == 404
            assert "not valid" in answer.text
    assert await consent_of(database, person) == {"email": "subscribed"}


async def test_a_click_leads_on_while_the_database_is_away() -> None:
    nowhere = "postgresql+psycopg://nobody@127.0.0.1:1/nothing"
    async with api_in_process(nowhere, link_key=KEY, public_url=PUBLIC_URL) as http:
        assert (await http.get(LINKS.click_url(uuid4(), SHOP))).headers["location"] == SHOP
        assert (await http.get(LINKS.open_url(uuid4()))).status_code == 200


async def test_without_a_key_there_are_no_links(database_url: str) -> None:
    async with api_in_process(database_url) as http:
        assert (await http.get(LINKS.click_url(uuid4(), SHOP))).status_code == 404
        assert (await http.post(LINKS.unsubscribe_url(uuid4()))).status_code == 404
