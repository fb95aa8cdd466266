"""Runs of an automation that sends each person one message for each value of an attribute."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlmodel import col, select

from channels.channel import Delivery
from domain.occasions import OncePer
from store.database import Database
from store.messages import erase_messages_of
from store.tables import Message, Participant
from tests.activities.gated_sends import (
    CAP,
    add_run_to,
    cancel,
    carry_out,
    ledger,
    make_due,
    message_of_run,
    quiet_now,
    set_sending,
)
from tests.activities.message_provider import IN_DOUBT, REFUSED, Provider, dispatch
from tests.fixtures.queued_messages import add_person

AT_EIGHT, AT_NINE = "2026-12-24T20:00:00Z", "2026-12-24T21:00:00Z"
RESERVATION = OncePer(attribute="reservation_at")
SENT, ALREADY_SENT = ("sent", None, None), ("skipped", "already_sent", None)


async def guest(database: Database, program_id: UUID, expected: str = AT_EIGHT) -> Participant:
    return await add_person(database, program_id, attributes={"reservation_at": expected})


async def expect(database: Database, person: Participant, at: str | None) -> None:
    async with database.transaction() as session:
        (await session.get_one(Participant, person.id)).attributes = {"reservation_at": at}


async def confirm(
    database: Database, person: Participant, provider: Provider, earlier: UUID | None = None
) -> UUID:
    run_id = await add_run_to(database, [person], once_per=RESERVATION, earlier=earlier, transactional=True)
    await carry_out(database, run_id, provider)
    return run_id


async def test_the_next_run_sends_nothing_for_the_same_value(database: Database, program_id: UUID) -> None:
    person, provider = await guest(database, program_id), Provider()
    first = await confirm(database, person, provider)
    await expect(database, person, "2026-12-24T21:00:00+01:00")
    second = await confirm(database, person, provider, first)
    assert await ledger(database, first) == [SENT]
    assert await ledger(database, second) == [ALREADY_SENT]
    assert len(provider.handed) == 1


async def test_another_value_is_sent_for_and_the_first_one_is_remembered(
    database: Database, program_id: UUID
) -> None:
    person, provider = await guest(database, program_id), Provider()
    first = await confirm(database, person, provider)
    await expect(database, person, AT_NINE)
    second = await confirm(database, person, provider, first)
    await expect(database, person, AT_EIGHT)
    third = await confirm(database, person, provider, second)
    assert [await ledger(database, run) for run in (second, third)] == [[SENT], [ALREADY_SENT]]


async def test_runs_that_reach_the_same_people_at_once_send_one_of_them_to_each(
    database: Database, program_id: UUID
) -> None:
    people, provider = [await guest(database, program_id) for _ in range(20)], Provider()
    first = await add_run_to(database, people, once_per=RESERVATION, transactional=True)
    second = await add_run_to(database, people, once_per=RESERVATION, earlier=first, transactional=True)
    await asyncio.gather(*(carry_out(database, run_id, provider) for run_id in (first, second)))
    assert sorted(one.recipient for one in provider.handed) == sorted(str(person.email) for person in people)


async def test_each_person_and_each_automation_is_for_itself(database: Database, program_id: UUID) -> None:
    person, other, provider = await guest(database, program_id), await guest(database, program_id), Provider()
    first = await confirm(database, person, provider)
    assert await ledger(database, await confirm(database, other, provider, first)) == [SENT]
    assert await ledger(database, await confirm(database, person, provider)) == [SENT]


async def test_without_a_value_nothing_is_remembered(database: Database, program_id: UUID) -> None:
    person, provider = await guest(database, program_id), Provider()
    await expect(database, person, None)
    first = await confirm(database, person, provider)
    assert await ledger(database, await confirm(database, person, provider, first)) == [SENT]


@pytest.mark.parametrize(
    ("answer", "then"), [(REFUSED, SENT), (IN_DOUBT, ALREADY_SENT)], ids=["refused", "in_doubt"]
)
async def test_what_was_refused_is_sent_by_the_next_run_and_what_may_have_arrived_is_not(
    database: Database, program_id: UUID, answer: Delivery, then: tuple[str, str | None, str | None]
) -> None:
    person = await guest(database, program_id)
    first = await confirm(database, person, Provider(lambda message: answer))
    assert await ledger(database, await confirm(database, person, Provider(), first)) == [then]


async def test_what_waits_in_the_queue_counts_until_it_is_taken_back(
    database: Database, program_id: UUID
) -> None:
    await set_sending(database, program_id, quiet_now())
    person, provider = await guest(database, program_id), Provider()
    first = await add_run_to(database, [person], once_per=RESERVATION)
    await carry_out(database, first, provider)
    second = await confirm(database, person, provider, first)
    await cancel(database, first)
    third = await confirm(database, person, provider, second)
    assert [await ledger(database, run) for run in (second, third)] == [[ALREADY_SENT], [SENT]]


async def test_what_waited_in_the_queue_is_not_kept_by_itself(database: Database, program_id: UUID) -> None:
    await set_sending(database, program_id, quiet_now())
    person, provider = await guest(database, program_id), Provider()
    run_id = await add_run_to(database, [person], once_per=RESERVATION)
    await carry_out(database, run_id, provider)
    await set_sending(database, program_id, {})
    await make_due(database, (await message_of_run(database, run_id)).id)
    await dispatch(database, program_id, provider)
    assert await ledger(database, run_id) == [SENT]


async def test_a_message_that_is_kept_takes_no_room_under_a_cap(database: Database, program_id: UUID) -> None:
    person, provider = await guest(database, program_id), Provider()
    first = await confirm(database, person, provider)
    await set_sending(database, program_id, CAP)
    again = await add_run_to(database, [person], once_per=RESERVATION, earlier=first, priority=-5)
    other = await add_run_to(database, [person])
    await carry_out(database, other, provider)
    await carry_out(database, again, provider)
    assert [await ledger(database, run) for run in (other, again)] == [[SENT], [ALREADY_SENT]]


async def test_of_an_erased_person_it_is_not_known_what_they_were_sent_for(
    database: Database, program_id: UUID
) -> None:
    person = await guest(database, program_id)
    run_id = await confirm(database, person, Provider())
    async with database.transaction() as session:
        await erase_messages_of(session, person.id)
    assert (await message_of_run(database, run_id)).occasion is None


async def test_with_hours_it_is_once_in_so_many(database: Database, program_id: UUID) -> None:
    person, yearly = await guest(database, program_id), OncePer(attribute="reservation_at", hours=4_320)
    runs: list[UUID] = []
    for days_ago in (None, 1, 181):
        if days_ago is not None:
            async with database.transaction() as session:
                statement = select(Message).where(col(Message.run_id) == runs[0])
                sent = (await session.exec(statement)).one()
                sent.created_at = datetime.now(UTC) - timedelta(days=days_ago)
        earlier = runs[-1] if runs else None
        runs.append(await add_run_to(database, [person], once_per=yearly, earlier=earlier))
        await carry_out(database, runs[-1], Provider())
    assert [await ledger(database, run) for run in runs] == [[SENT], [ALREADY_SENT], [SENT]]
