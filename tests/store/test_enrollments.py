"""Entering and leaving journeys: once for each cause, at once, and with nothing left behind."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlmodel import col, select

from domain.journeys.enrolling import EnrollmentStatus, ExitReason
from domain.wake_up import Sleeper, WakeUp
from store.database import Database
from store.enrollments import Entry, Exit, MoveOn, enroll, exit_enrollments, move_on
from store.journeys import new_hex_id
from store.participants import erase_participant
from store.queued_messages import queue_messages
from store.tables import Enrollment, EnrollmentStep, Message
from store.waking import wake_ups
from tests.fixtures.queued_messages import add_person, message_to
from tests.store.journeying import NOON

LATER = NOON + timedelta(hours=1)


def entry(program_id: UUID, journey_id: str, participant_id: UUID, **fields: Any) -> Entry:
    said: dict[str, Any] = {
        "key": f"test:{uuid4()}",
        "journey_id": journey_id,
        "program_id": program_id,
        "participant_id": participant_id,
        "content_hash": "1234",
        "entered_at": NOON,
    }
    return Entry(**said | fields)


async def passes_of(database: Database, journey_id: str) -> list[Enrollment]:
    async with database.transaction() as session:
        statement = select(Enrollment).where(col(Enrollment.journey_id) == journey_id)
        return list((await session.exec(statement.order_by(col(Enrollment.entry_key)))).all())


async def test_a_cause_lets_somebody_in_once_and_wakes_the_journey(
    database: Database, program_id: UUID
) -> None:
    journey_id, person = new_hex_id(), uuid4()
    first = entry(program_id, journey_id, person, key=f"event:{person}")
    async with database.transaction() as session:
        entered = await enroll(session, [first])
        assert set(entered) == {first.key}
        assert wake_ups(session) == {WakeUp(Sleeper.JOURNEY, journey_id)}
    async with database.transaction() as session:
        assert await enroll(session, [first]) == {}
        assert wake_ups(session) == set()
    (inside,) = await passes_of(database, journey_id)
    assert inside.id == entered[first.key]
    assert (inside.status, inside.block_id, inside.entered_at, inside.wake_at) == ("active", None, NOON, NOON)


async def test_whoever_waits_to_be_quiet_is_not_due_before(database: Database, program_id: UUID) -> None:
    journey_id = new_hex_id()
    waiting = entry(
        program_id, journey_id, uuid4(), status=EnrollmentStatus.WAITING_INACTIVITY, wake_at=LATER
    )
    async with database.transaction() as session:
        await enroll(session, [waiting])
    (inside,) = await passes_of(database, journey_id)
    assert (inside.status, inside.wake_at) == ("waiting_inactivity", LATER)


async def test_whoever_leaves_is_out_at_once_and_is_sent_nothing_more(
    database: Database, program_id: UUID
) -> None:
    journey_id = new_hex_id()
    leaver, stayer = [await add_person(database, program_id) for _ in range(2)]
    event_id = uuid4()
    async with database.transaction() as session:
        keys = [entry(program_id, journey_id, person.id, key=str(person.id)) for person in (leaver, stayer)]
        entered = await enroll(session, keys)
        queued = [
            message_to(person, journey_id=journey_id, enrollment_id=entered[str(person.id)])
            for person in (leaver, stayer)
        ]
        await queue_messages(session, queued)
    leaving = Exit(
        journey_id=journey_id,
        participant_id=leaver.id,
        reason=ExitReason.EXIT_CONDITION,
        event_id=event_id,
    )
    async with database.transaction() as session:
        assert await exit_enrollments(session, [leaving], LATER) == 1
        assert await exit_enrollments(session, [leaving], LATER) == 0
    by_person = {one.participant_id: one for one in await passes_of(database, journey_id)}
    gone = by_person[leaver.id]
    assert (gone.status, gone.reason, gone.exit_event_id) == ("exited", "exit_condition", event_id)
    assert (gone.wake_at, gone.finished_at) == (None, LATER)
    assert by_person[stayer.id].status == "active"
    async with database.transaction() as session:
        statuses = {m.id: m.status for m in await session.exec(select(Message)) if m.journey_id == journey_id}
    assert statuses == {queued[0].id: "cancelled", queued[1].id: "queued"}


async def test_an_event_ends_a_wait_or_leads_to_a_goal(database: Database, program_id: UUID) -> None:
    journey_id, event_id = new_hex_id(), uuid4()
    async with database.transaction() as session:
        entries = [
            entry(
                program_id, journey_id, uuid4(), key=f"{name}:{journey_id}", wake_at=NOON + timedelta(days=9)
            )
            for name in ("goal", "wait")
        ]
        for id_ in (await enroll(session, entries)).values():
            stands = await session.get_one(Enrollment, id_)
            stands.block_id, stands.waiting_since = "somewhere", NOON
    async with database.transaction() as session:
        moves = [
            MoveOn(entry_key=f"wait:{journey_id}", event_id=event_id),
            MoveOn(entry_key=f"goal:{journey_id}", event_id=event_id, goal="finish"),
            MoveOn(entry_key="nobody's", event_id=event_id),
        ]
        await move_on(session, moves, LATER)
        assert wake_ups(session) == {WakeUp(Sleeper.JOURNEY, journey_id)}
    at_goal, waited = await passes_of(database, journey_id)
    assert (at_goal.block_id, at_goal.waiting_since, at_goal.goal_at) == ("finish", None, LATER)
    assert (waited.block_id, waited.waiting_since, waited.goal_at) == ("somewhere", NOON, None)
    assert {(one.awaited_event_id, one.wake_at) for one in (at_goal, waited)} == {(event_id, LATER)}


async def test_an_erased_person_leaves_neither_passes_nor_steps(database: Database, program_id: UUID) -> None:
    journey_id = new_hex_id()
    person = await add_person(database, program_id)
    async with database.transaction() as session:
        (enrollment_id,) = (await enroll(session, [entry(program_id, journey_id, person.id)])).values()
        session.add(
            EnrollmentStep(
                enrollment_id=enrollment_id,
                number=1,
                journey_id=journey_id,
                content_hash="1",
                decision="sent",
            )
        )
    async with database.transaction() as session:
        assert await erase_participant(session, program_id, person.id)
    assert await passes_of(database, journey_id) == []
    async with database.transaction() as session:
        assert await session.get(EnrollmentStep, (enrollment_id, 1)) is None
