"""Rounds of a journey: whoever is due takes their steps, all of them or none, and everybody else stays."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlmodel import col, select

from activities import journeys as rounds
from domain.journeys.definition import JourneyDefinition
from domain.journeys.enrolling import EnrollmentStatus
from domain.journeys.resume_policy import ResumeMode, ResumePolicy
from store.database import Database
from store.tables import Message, MessageClick, Participant, ParticipantStateChange
from tests.domain.journeys.journey_blocks import delay, email, journey, opened, sms, split, tag, untag
from tests.fixtures.journeys import (
    advance,
    disable,
    enabled_journey,
    enrollment,
    let_in,
    path,
    sent_by,
)
from tests.fixtures.queued_messages import add_person
from tests.store.journeys_inside import republish

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
THREE_DAYS_LATER = NOON + timedelta(days=3)
WELCOME = journey(
    email("hello"), delay("pause", 3), split("asked", [opened("hello")], [tag("fan")], [sms("reminder")])
)


@pytest.fixture(autouse=True)
def _time_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "monotonic", lambda: 0.0)
    monkeypatch.setattr(rounds, "STAYS_FOR", timedelta(0))


async def reachable(database: Database, program_id: UUID) -> Participant:
    consent = {"email": "subscribed", "sms": "subscribed"}
    return await add_person(database, program_id, consent=consent, phone="+34612345678")


async def test_people_are_sent_to_wait_and_part_by_what_they_did(
    database: Database, program_id: UUID
) -> None:
    journey_id = await enabled_journey(database, program_id, WELCOME, NOON)
    reader, other = [await reachable(database, program_id) for _ in range(2)]
    read, unread = await let_in(database, journey_id, [reader, other], NOON)
    done = await advance(database, journey_id, NOON)
    assert (done.moved, done.inside, done.next_wake_at) == (2, 2, THREE_DAYS_LATER)
    waits = ("pause", "waiting", f"until {THREE_DAYS_LATER.isoformat()}")
    assert await path(database, read) == [("hello", "sent", None), waits]
    async with database.transaction() as session:
        (message,) = await session.exec(select(Message).where(col(Message.enrollment_id) == read))
        message.opened_at = NOON + timedelta(hours=1)
    before = await advance(database, journey_id, THREE_DAYS_LATER - timedelta(minutes=1))
    assert (before.moved, before.inside) == (0, 2)
    done = await advance(database, journey_id, THREE_DAYS_LATER)
    assert (done.moved, done.inside, done.next_wake_at) == (2, 0, None)
    assert (await path(database, read))[2:] == [("asked", "branched", "true"), ("fan", "changed", None)]
    assert (await path(database, unread))[2:] == [
        ("asked", "branched", "false"),
        ("reminder", "sent", None),
    ]
    for id_ in (read, unread):
        finished = await enrollment(database, id_)
        assert (finished.status, finished.wake_at, finished.finished_at) == (
            "completed",
            None,
            THREE_DAYS_LATER,
        )
    messages = [(m.block_id, m.channel, m.recipient) for m in await sent_by(database, journey_id)]
    assert sorted(messages) == sorted(
        [
            ("hello", "email", reader.email),
            ("hello", "email", other.email),
            ("reminder", "sms", "+34612345678"),
        ]
    )


async def test_people_part_by_the_links_that_they_followed(database: Database, program_id: UUID) -> None:
    shop = {"type": "message", "field": "blockID", "operator": "clickedEmail", "value": "hello"}
    shop["urlMatch"] = {"operator": "contains", "value": "/shop"}
    definition = journey(email("hello"), delay("pause", 3), split("asked", [shop], [tag("shopper")], []))
    journey_id = await enabled_journey(database, program_id, definition, NOON)
    people = [await reachable(database, program_id) for _ in range(2)]
    passes = await let_in(database, journey_id, people, NOON)
    await advance(database, journey_id, NOON)
    async with database.transaction() as session:
        for id_, url in zip(passes, ("https://example.com/shop", "https://example.com/"), strict=True):
            (message,) = await session.exec(select(Message).where(col(Message.enrollment_id) == id_))
            message.clicked_at = NOON
            session.add(MessageClick(message_id=message.id, url=url))
    await advance(database, journey_id, THREE_DAYS_LATER)
    async with database.transaction() as session:
        tags = [(await session.get_one(Participant, person.id)).tags for person in people]
    assert tags == [["shopper"], []]


async def test_a_change_of_somebody_is_theirs_with_its_history(database: Database, program_id: UUID) -> None:
    journey_id = await enabled_journey(
        database, program_id, journey(tag("vip"), tag("new"), untag("older", "vip")), NOON
    )
    person = await add_person(database, program_id)
    await let_in(database, journey_id, [person], NOON)
    await advance(database, journey_id, NOON)
    async with database.transaction() as session:
        assert (await session.get_one(Participant, person.id)).tags == ["new"]
        statement = select(ParticipantStateChange).where(
            col(ParticipantStateChange.participant_id) == person.id,
            col(ParticipantStateChange.source) == f"journey:{journey_id}",
        )
        assert [one.new_state["TAG"] for one in await session.exec(statement)] == [{"new": True}]


async def test_somebody_who_is_inside_twice_is_changed_by_both_passes(
    database: Database, program_id: UUID
) -> None:
    definition = journey(
        split(
            "known",
            [{"type": "contact", "field": "tag", "operator": "eq", "value": "once"}],
            [tag("twice")],
            [tag("once")],
        )
    )
    journey_id = await enabled_journey(database, program_id, definition, NOON)
    person = await add_person(database, program_id)
    await let_in(database, journey_id, [person, person], NOON)
    await advance(database, journey_id, NOON)
    async with database.transaction() as session:
        assert (await session.get_one(Participant, person.id)).tags == ["once", "twice"]


async def test_a_first_delay_counts_from_the_end_of_a_quiet_time(
    database: Database, program_id: UUID
) -> None:
    journey_id = await enabled_journey(database, program_id, journey(delay("pause", 1), tag("vip")), NOON)
    person = await add_person(database, program_id)
    quiet_until = NOON + timedelta(hours=20)
    quiet = {"status": EnrollmentStatus.WAITING_INACTIVITY, "wake_at": quiet_until}
    (id_,) = await let_in(database, journey_id, [person], NOON, **quiet)
    await advance(database, journey_id, quiet_until)
    waits = await enrollment(database, id_)
    assert (waits.status, waits.wake_at) == ("active", quiet_until + timedelta(days=1))


async def test_whoever_may_not_be_sent_to_goes_on_or_is_cancelled(
    database: Database, program_id: UUID
) -> None:
    skipping = await enabled_journey(database, program_id, journey(email("a"), tag("after")), NOON)
    strict = await enabled_journey(database, program_id, journey(email("a", skip=False), tag("after")), NOON)
    silent = await add_person(database, program_id, consent={"email": "unsubscribed"})
    (goes_on,) = await let_in(database, skipping, [silent], NOON)
    (is_out,) = await let_in(database, strict, [silent], NOON)
    await advance(database, skipping, NOON)
    await advance(database, strict, NOON)
    assert await path(database, goes_on) == [("a", "skipped", "no_consent"), ("after", "changed", None)]
    assert await path(database, is_out) == [("a", "cancelled", "no_consent")]
    out = await enrollment(database, is_out)
    assert (out.status, out.reason, out.block_id) == ("cancelled", "no_consent", "a")
    assert await sent_by(database, skipping) == await sent_by(database, strict) == []


async def test_whoever_was_not_sent_what_may_not_be_skipped_leaves_at_their_next_step(
    database: Database, program_id: UUID
) -> None:
    blocks = journey(email("a", skip=False), delay("pause", 1), tag("after"))
    journey_id = await enabled_journey(database, program_id, blocks, NOON)
    kept_back, sent_to = [await reachable(database, program_id) for _ in range(2)]
    out, through = await let_in(database, journey_id, [kept_back, sent_to], NOON)
    await advance(database, journey_id, NOON)
    async with database.transaction() as session:
        await session.execute(
            text("UPDATE message SET status = 'skipped', error = 'frequency_cap' WHERE enrollment_id = :id"),
            {"id": out},
        )
    await advance(database, journey_id, NOON + timedelta(days=1))
    assert (await path(database, out))[-1] == ("a", "cancelled", "frequency_cap")
    left = await enrollment(database, out)
    assert (left.status, left.reason, left.wake_at) == ("cancelled", "frequency_cap", None)
    assert (await enrollment(database, through)).status == "completed"


async def test_whoever_walks_a_version_that_allows_to_skip_stays_beside_others_whose_does_not(
    database: Database, program_id: UUID
) -> None:
    def version(*, skip: bool) -> JourneyDefinition:
        return journey(email("a", skip=skip), delay("pause", 1), tag("after"))

    journey_id = await enabled_journey(database, program_id, version(skip=True), NOON)
    silent = await add_person(database, program_id, consent={"email": "unsubscribed"})
    (skips,) = await let_in(database, journey_id, [silent], NOON)
    await advance(database, journey_id, NOON)
    await republish(database, program_id, journey_id, version(skip=False))
    (sent_to,) = await let_in(database, journey_id, [await reachable(database, program_id)], NOON)
    await advance(database, journey_id, NOON)
    async with database.transaction() as session:
        # As the queue leaves the messages of both: of one skipped, of the other sent.
        session.add(
            Message(
                key=f"journey:{skips}:a:1",
                program_id=program_id,
                participant_id=silent.id,
                channel="email",
                recipient="",
                status="skipped",
                error="suppressed",
                journey_id=journey_id,
                enrollment_id=skips,
                block_id="a",
            )
        )
    await advance(database, journey_id, NOON + timedelta(days=1))
    assert [(await enrollment(database, one)).status for one in (skips, sent_to)] == ["completed"] * 2


async def test_nobody_moves_while_the_journey_stands_still(database: Database, program_id: UUID) -> None:
    journey_id = await enabled_journey(database, program_id, journey(tag("vip")), NOON)
    (id_,) = await let_in(database, journey_id, [await add_person(database, program_id)], NOON)
    await disable(database, program_id, journey_id, NOON, resume_policy=ResumePolicy(mode=ResumeMode.HOLD))
    done = await advance(database, journey_id, NOON)
    assert (done.moved, done.inside, done.next_wake_at) == (0, 1, None)
    assert await path(database, id_) == []


async def test_people_go_on_to_their_end_in_a_journey_that_lets_nobody_in_any_more(
    database: Database, program_id: UUID
) -> None:
    journey_id = await enabled_journey(database, program_id, WELCOME, NOON)
    await let_in(database, journey_id, [await reachable(database, program_id)], NOON)
    await advance(database, journey_id, NOON)
    await disable(database, program_id, journey_id, NOON)
    assert (await advance(database, journey_id, THREE_DAYS_LATER)).inside == 0


async def test_hundreds_are_walked_in_one_round(database: Database, program_id: UUID) -> None:
    journey_id = await enabled_journey(database, program_id, journey(tag("vip")), NOON)
    async with database.transaction() as session:
        people = [
            Participant(program_id=program_id, external_id=f"many-{number}")
            for number in range(2 * rounds.SLICE + 1)
        ]
        session.add_all(people)
    await let_in(database, journey_id, people, NOON)
    assert (await advance(database, journey_id, NOON)).moved == len(people)


async def test_whoever_cannot_be_walked_holds_up_nobody_else(database: Database, program_id: UUID) -> None:
    """Their tags are no list: nothing that a client can store, but the database may hold it."""
    journey_id = await enabled_journey(database, program_id, journey(email("a"), tag("vip")), NOON)
    broken, sound = [await add_person(database, program_id) for _ in range(2)]
    async with database.transaction() as session:
        session.add(broken)
        broken.consent = []  # type: ignore[assignment]
    stuck, done = await let_in(database, journey_id, [broken, sound], NOON)
    await advance(database, journey_id, NOON)
    assert (await enrollment(database, done)).status == "completed"
    later = await enrollment(database, stuck)
    assert later.status == "active"
    assert later.wake_at is not None
    assert later.wake_at >= NOON + rounds.TRIES_AGAIN_AFTER


async def test_a_step_is_taken_once_however_often_a_round_is_tried(
    database: Database, program_id: UUID
) -> None:
    journey_id = await enabled_journey(database, program_id, WELCOME, NOON)
    await let_in(database, journey_id, [await reachable(database, program_id)], NOON)
    await advance(database, journey_id, NOON)
    assert (await advance(database, journey_id, NOON)).moved == 0
    assert len(await sent_by(database, journey_id)) == 1
