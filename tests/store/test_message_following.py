"""What is told of a message, and what follows: instants, ledger, suppression, consent, events, clicks."""

import asyncio
import itertools
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlmodel import col, select

from domain.journeys.entering import chain_link
from domain.message_news import MessageNews, NewsKind
from domain.run_status import RunStatus
from store.database import Database
from store.message_following import follow_message
from store.participants import erase_participant
from store.runs import recount_closed_run
from store.tables import AutomationRun, MessageClick, Participant, RunParticipant
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
from tests.store.records import add_run

# Messages are made now, and nothing is told of them before.
NOW = datetime.now(UTC) + timedelta(days=1)
HARD = MessageNews(NewsKind.BOUNCED, NOW, reason="5.1.1")
COMPLAINT = MessageNews(NewsKind.COMPLAINED, NOW)


async def tell(database: Database, message_id: UUID, *news: MessageNews | NewsKind) -> None:
    for one in news:
        async with database.transaction() as session:
            said = MessageNews(one, NOW) if isinstance(one, NewsKind) else one
            assert await follow_message(session, message_id, said, "callback:test")


async def clicks(database: Database, message_id: UUID) -> list[tuple[str, datetime]]:
    async with database.transaction() as session:
        statement = select(MessageClick.url, MessageClick.at).where(
            col(MessageClick.message_id) == message_id
        )
        return sorted(await session.exec(statement))


async def test_each_thing_that_is_told_leaves_its_instant_and_an_event(
    database: Database, program_id: UUID
) -> None:
    kinds = [
        NewsKind.DELIVERED,
        NewsKind.OPENED,
        NewsKind.CLICKED,
        NewsKind.COMPLAINED,
        NewsKind.REPLIED,
        NewsKind.UNSUBSCRIBED,
    ]
    await listen(database, program_id, *(f"message.{kind}" for kind in kinds))
    person = await add_person(database, program_id)
    message_id = await keep_message_to(database, person)
    await tell(database, message_id, *kinds)
    message = await message_now(database, message_id)
    assert all(getattr(message, f"{kind}_at") == NOW for kind in kinds)
    events = await told(database, program_id)
    assert [event.type for event in events] == [f"message.{kind}" for kind in kinds]
    assert {event.participant_id for event in events} == {person.id}
    assert {event.event_data["message_id"] for event in events} == {str(message_id)}


async def test_what_is_told_of_a_message_says_what_led_to_it(database: Database, program_id: UUID) -> None:
    await listen(database, program_id, "message.delivered")
    person, rule_id = await add_person(database, program_id), uuid4()
    for led in ({"rule_id": rule_id}, {"journey_id": "0a" * 12}):
        await tell(database, await keep_message_to(database, person, **led), NewsKind.DELIVERED)
    chains = [event.rule_chain for event in await told(database, program_id)]
    assert chains == [[rule_id], [chain_link("0a" * 12)]]


async def test_nothing_is_stored_for_rules_where_none_listens(database: Database, program_id: UUID) -> None:
    message_id = await keep_message_to(database, await add_person(database, program_id))
    await tell(database, message_id, NewsKind.DELIVERED, NewsKind.OPENED)
    assert await told(database, program_id) == []


async def test_told_again_nothing_changes_and_the_earliest_instant_stays(
    database: Database, program_id: UUID
) -> None:
    await listen(database, program_id, "message.opened")
    message_id = await keep_message_to(database, await add_person(database, program_id))
    for minutes in (5, 3, 9, 3):
        at = NOW + timedelta(minutes=minutes)
        await tell(database, message_id, MessageNews(NewsKind.OPENED, at))
    assert (await message_now(database, message_id)).opened_at == NOW + timedelta(minutes=3)
    assert len(await told(database, program_id)) == 1


async def test_nothing_happens_to_a_message_before_it_was_made(database: Database, program_id: UUID) -> None:
    message_id = await keep_message_to(database, await add_person(database, program_id))
    await tell(database, message_id, MessageNews(NewsKind.OPENED, datetime(1999, 1, 1, tzinfo=UTC)))
    message = await message_now(database, message_id)
    assert message.opened_at == message.created_at


@pytest.mark.parametrize(
    ("news", "reason"),
    [
        (HARD, "bounce"),
        (COMPLAINT, "complaint"),
        (MessageNews(NewsKind.UNSUBSCRIBED, NOW), "unsubscribe"),
    ],
)
async def test_nothing_more_is_sent_to_an_address_that_is_dead_or_whose_owner_objects(
    database: Database, program_id: UUID, news: MessageNews, reason: str
) -> None:
    await listen(database, program_id, "participant.updated")
    person = await add_person(
        database, program_id, email="Noor@example.com", consent={"email": "subscribed", "sms": "subscribed"}
    )
    message_id = await keep_message_to(database, person)
    await tell(database, message_id, news, news)
    assert await suppressions_of(database, program_id) == [("email", "noor@example.com", reason)]
    assert await consent_of(database, person) == {"email": "unsubscribed", "sms": "subscribed"}


@pytest.mark.parametrize("kind", [NewsKind.DEFERRED, NewsKind.FAILED, NewsKind.DELIVERED])
async def test_what_may_still_arrive_stops_nothing(
    database: Database, program_id: UUID, kind: NewsKind
) -> None:
    person = await add_person(database, program_id)
    await tell(database, await keep_message_to(database, person), kind)
    assert await suppressions_of(database, program_id) == []
    assert await consent_of(database, person) == {"email": "subscribed"}


async def test_a_dead_address_says_nothing_of_the_one_they_have_now(
    database: Database, program_id: UUID
) -> None:
    person = await add_person(database, program_id)
    old = await keep_message_to(database, person, recipient="old@example.com")
    await tell(database, old, HARD)
    assert await consent_of(database, person) == {"email": "subscribed"}
    await tell(database, old, COMPLAINT)
    assert await consent_of(database, person) == {"email": "unsubscribed"}


async def test_a_bounce_says_how_final_it_is(database: Database, program_id: UUID) -> None:
    await listen(database, program_id, "message.bounced")
    message_id = await keep_message_to(database, await add_person(database, program_id))
    await tell(database, message_id, NewsKind.DEFERRED, HARD)
    assert [event.event_data.get("bounce") for event in await told(database, program_id)] == ["soft", "hard"]
    assert (await message_now(database, message_id)).bounced_at == NOW


async def test_each_link_is_told_once_and_kept_with_its_first_time(
    database: Database, program_id: UUID
) -> None:
    await listen(database, program_id, "message.clicked")
    message_id = await keep_message_to(database, await add_person(database, program_id))
    for url, minutes in (("https://a", 2), ("https://b", 3), ("https://a", 1)):
        at = NOW + timedelta(minutes=minutes)
        await tell(database, message_id, MessageNews(NewsKind.CLICKED, at, url=url))
    assert await clicks(database, message_id) == [
        ("https://a", NOW + timedelta(minutes=1)),
        ("https://b", NOW + timedelta(minutes=3)),
    ]
    urls = [event.event_data["url"] for event in await told(database, program_id)]
    assert urls == ["https://a", "https://b"]


async def test_a_send_in_doubt_of_a_run_is_settled_in_its_closed_ledger_too(
    database: Database, program_id: UUID
) -> None:
    await listen(database, program_id, "message.sent", "message.failed")
    run_id = await add_run(database, program_id, people=2, status=RunStatus.COMPLETED)
    ids = []
    async with database.transaction() as session:
        run = await session.get_one(AutomationRun, run_id)
        for seq in (0, 1):
            row = await session.get_one(RunParticipant, (run_id, seq))
            row.outcome = "unknown"
            ids.append(row.participant_id)
        await session.flush()
        await recount_closed_run(session, run)
    messages = [
        await keep_message(database, program_id, run_id=run_id, participant_id=id_, status="unknown")
        for id_ in ids
    ]
    await tell(database, messages[0], NewsKind.DELIVERED)
    await tell(database, messages[1], NewsKind.FAILED)
    async with database.transaction() as session:
        counts = (await session.get_one(AutomationRun, run_id)).counts
    assert counts is not None
    assert (counts["sent"], counts["failed"], counts["unknown"], counts["total"]) == (1, 1, 0, 2)
    assert [(await message_now(database, one)).status for one in messages] == ["sent", "failed"]
    assert [event.type for event in await told(database, program_id)] == ["message.sent", "message.failed"]
    # Seen after all, it has been sent.
    await tell(database, messages[1], NewsKind.OPENED)
    async with database.transaction() as session:
        counts = (await session.get_one(AutomationRun, run_id)).counts
    assert counts is not None
    assert (counts["sent"], counts["failed"]) == (2, 0)


async def test_a_message_that_waits_to_be_repeated_is_not_once_it_was_seen(
    database: Database, program_id: UUID
) -> None:
    person = await add_person(database, program_id)
    message_id = await keep_message_to(database, person, status="queued", body="Hello", available_at=NOW)
    await tell(database, message_id, NewsKind.DELIVERED)
    message = await message_now(database, message_id)
    assert (message.status, message.body) == ("sent", None)


async def test_of_a_message_to_nobody_on_record_only_the_instants_are_kept(
    database: Database, program_id: UUID
) -> None:
    await listen(database, program_id, "message.complained")
    message_id = await keep_message(database, program_id)
    await tell(database, message_id, COMPLAINT)
    assert (await message_now(database, message_id)).complained_at == NOW
    assert await told(database, program_id) == []


async def test_whoever_is_erased_leaves_no_links_and_nothing_is_kept_of_them_afterwards(
    database: Database, program_id: UUID
) -> None:
    await listen(database, program_id, "message.clicked", "message.complained")
    person = await add_person(database, program_id)
    message_id = await keep_message_to(database, person)
    click = MessageNews(NewsKind.CLICKED, NOW, url="https://shop.example/?for=noor")
    await tell(database, message_id, click)
    async with database.transaction() as session:
        assert await erase_participant(session, program_id, person.id)
    assert await clicks(database, message_id) == []
    before = len(await told(database, program_id))
    await tell(database, message_id, click, COMPLAINT)
    assert await clicks(database, message_id) == await suppressions_of(database, program_id) == []
    assert len(await told(database, program_id)) == before


async def test_there_may_be_no_such_message(database: Database) -> None:
    async with database.transaction() as session:
        assert not await follow_message(session, uuid4(), COMPLAINT, "callback:test")


async def test_every_order_of_the_same_news_ends_in_the_same_record(
    database: Database, program_id: UUID
) -> None:
    news = [
        MessageNews(NewsKind.DELIVERED, NOW),
        MessageNews(NewsKind.OPENED, NOW + timedelta(minutes=1)),
        MessageNews(NewsKind.FAILED, NOW + timedelta(minutes=2)),
        MessageNews(NewsKind.UNSUBSCRIBED, NOW + timedelta(minutes=3)),
    ]
    ends = set()
    for order in itertools.permutations(news):
        person = await add_person(database, program_id)
        message_id = await keep_message_to(database, person, status="unknown")
        await tell(database, message_id, *order, order[0])
        message = await message_now(database, message_id)
        instants = (message.delivered_at, message.opened_at, message.bounced_at, message.unsubscribed_at)
        consent = tuple((await consent_of(database, person)).items())
        ends.add((message.status, instants, consent))
    assert len(ends) == 1


async def test_news_that_come_at_once_are_all_kept_and_told_once(
    database: Database, program_id: UUID
) -> None:
    await listen(database, program_id, "message.opened")
    person = await add_person(database, program_id)
    message_id = await keep_message_to(database, person, status="unknown")
    kinds = [NewsKind.OPENED, NewsKind.DELIVERED, NewsKind.COMPLAINED, NewsKind.OPENED]
    await asyncio.gather(*(tell(database, message_id, kind) for kind in kinds))
    message = await message_now(database, message_id)
    assert message.opened_at == message.delivered_at == message.complained_at == NOW
    assert len(await told(database, program_id)) == 1
    async with database.transaction() as session:
        assert (await session.get_one(Participant, person.id)).consent == {"email": "unsubscribed"}
