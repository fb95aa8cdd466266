"""Rules hear what became of messages: those of rules and those of runs, each once and without anybody's data."""

from uuid import UUID, uuid4

import pytest
from sqlmodel import col, select

from channels.channel import Delivery
from store.database import Database
from store.tables import Event
from tests.activities.message_provider import (
    AWAY,
    IN_DOUBT,
    REFUSED,
    SENT,
    Provider,
    add_mailable_run,
    dispatch,
    mail_run,
)
from tests.activities.pumping import drain
from tests.domain.journeys.samples import definition
from tests.fixtures.kept_messages import listen
from tests.fixtures.queued_messages import add_person, message_to, queue
from tests.store.journeys_inside import add_open_journey, passes, refusals


async def events_of(database: Database, program_id: UUID) -> list[Event]:
    async with database.transaction() as session:
        statement = select(Event).where(col(Event.program_id) == program_id, col(Event.source) == "message")
        return list((await session.exec(statement.order_by(col(Event.seq)))).all())


async def test_a_rule_that_listens_hears_of_what_was_sent_and_what_led_to_it(
    database: Database, program_id: UUID
) -> None:
    first_rule = uuid4()
    cause = Event(
        program_id=program_id,
        kind="SYSTEM",
        type="hello",
        payload_hash="",
        source="rule",
        rule_chain=[first_rule],
    )
    async with database.transaction() as session:
        session.add(cause)
    await listen(database, program_id, "message.sent")
    person = await add_person(database, program_id)
    message = message_to(person, event_id=cause.id)
    await queue(database, message)
    await dispatch(database, program_id, Provider())
    (told,) = await events_of(database, program_id)
    assert (told.type, told.participant_id, told.status) == ("message.sent", person.id, "RECEIVED")
    assert told.event_data == {
        "type": "message.sent",
        "message_id": str(message.id),
        "channel": "email",
        "rule_id": str(message.rule_id),
        "error": None,
    }
    assert (told.causation_id, told.rule_chain) == (cause.id, [first_rule, message.rule_id])


async def test_a_failure_is_told_in_a_word_that_quotes_nobody(database: Database, program_id: UUID) -> None:
    await listen(database, program_id, "message.failed")
    await queue(database, message_to(await add_person(database, program_id)))
    await dispatch(database, program_id, Provider(lambda message: REFUSED))
    (told,) = await events_of(database, program_id)
    assert (told.type, told.event_data["error"]) == ("message.failed", "recipient_refused")


@pytest.mark.parametrize("answer", [AWAY, IN_DOUBT])
async def test_what_is_not_decided_is_not_told(
    database: Database, program_id: UUID, answer: Delivery
) -> None:
    await listen(database, program_id, "message.sent", "message.failed")
    await queue(database, message_to(await add_person(database, program_id)))
    await dispatch(database, program_id, Provider(lambda message: answer))
    assert await events_of(database, program_id) == []


async def test_where_no_rule_listens_there_is_no_event(database: Database, program_id: UUID) -> None:
    await listen(database, program_id, "message.failed")
    await queue(database, message_to(await add_person(database, program_id)))
    await dispatch(database, program_id, Provider())
    assert await events_of(database, program_id) == []


async def test_a_run_tells_of_each_of_its_messages(database: Database, program_id: UUID) -> None:
    await listen(database, program_id, "message.sent", "message.failed")
    refusing = Provider(lambda message: REFUSED if message.recipient.startswith("1@") else SENT)
    run_id, people = await add_mailable_run(database, program_id)
    await mail_run(database, run_id, refusing)
    told = sorted(await events_of(database, program_id), key=lambda event: event.type)
    assert [event.type for event in told] == ["message.failed", "message.sent"]
    assert [event.participant_id for event in told] == [people[1], people[0]]
    assert [event.event_data["error"] for event in told] == ["recipient_refused", None]
    assert [(event.event_data["rule_id"], event.rule_chain) for event in told] == [(None, [])] * 2


async def test_a_run_to_which_no_rule_listens_makes_no_events(database: Database, program_id: UUID) -> None:
    run_id, _ = await add_mailable_run(database, program_id)
    await mail_run(database, run_id, Provider())
    assert await events_of(database, program_id) == []


async def test_what_is_told_of_a_journeys_message_does_not_set_the_journey_going_again(
    database: Database, program_id: UUID
) -> None:
    journey_id = await add_open_journey(database, program_id, definition("message.sent"))
    person = await add_person(database, program_id)
    await queue(database, message_to(person, rule_id=None, event_id=None, journey_id=journey_id))
    await queue(database, message_to(person, event_id=None))
    await dispatch(database, program_id, Provider())
    await drain(database)
    assert len(await passes(database, journey_id)) == 1
    assert await refusals(database, journey_id) == {person.id: "loop"}
