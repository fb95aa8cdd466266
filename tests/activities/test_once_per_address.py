"""Runs that write to each address once, whoever of the people behind it comes first."""

import asyncio
from uuid import UUID

import pytest
from sqlmodel import col, select
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.message_effect import MessageEffect
from domain.automation import Definition
from domain.contract import CohortInput
from store.database import Database
from store.tables import AutomationRun, Participant, RunAddress
from tests.activities.gated_sends import (
    add_run_to,
    carry_out,
    close,
    counts,
    ledger,
    make_due,
    message_of_run,
    quiet_now,
    set_sending,
)
from tests.activities.message_provider import AWAY, Provider, dispatch, resources_with
from tests.fixtures.queued_messages import add_person

DOUBLE = ("skipped", "duplicate_address", None)


async def sharing(database: Database, program_id: UUID, *spellings: str) -> list[Participant]:
    return [await add_person(database, program_id, email=address) for address in spellings]


async def addresses_of(database: Database, run_id: UUID) -> list[str]:
    async with database.transaction() as session:
        statement = select(RunAddress.address).where(col(RunAddress.run_id) == run_id)
        return list((await session.exec(statement)).all())


async def test_without_asking_everybody_is_written_to_whatever_their_address(
    database: Database, program_id: UUID
) -> None:
    people = await sharing(database, program_id, *["same@example.com"] * 3)
    run_id, provider = await add_run_to(database, people), Provider()
    await carry_out(database, run_id, provider)
    assert len(provider.handed) == 3
    assert await addresses_of(database, run_id) == []


async def test_of_those_with_one_address_the_first_whom_no_gate_keeps_is_written_to(
    database: Database, program_id: UUID
) -> None:
    unsubscribed = await add_person(
        database, program_id, email="same@example.com", consent={"email": "unsubscribed"}
    )
    spellings = ("same@EXAMPLE.com", "Same@example.com", "other@example.com", "same@example.com")
    people = [unsubscribed, *await sharing(database, program_id, *spellings)]
    run_id, provider = await add_run_to(database, people, once_per_address=True), Provider()
    await carry_out(database, run_id, provider)
    assert [message.recipient for message in provider.handed] == ["same@EXAMPLE.com", "other@example.com"]
    sent = ("sent", None, None)
    assert await ledger(database, run_id) == [("skipped", "no_consent", None), sent, DOUBLE, sent, DOUBLE]
    assert not any("example" in address for address in await addresses_of(database, run_id))
    result = await close(database, run_id)
    assert result.counts.adds_up
    assert await addresses_of(database, run_id) == []


async def test_cohorts_that_run_at_once_write_to_an_address_once(
    database: Database, program_id: UUID
) -> None:
    cohorts, size = 4, 20
    spellings = [f"{at % size}@example.com" for at in range(cohorts * size)]
    people = await sharing(database, program_id, *spellings)
    # Backwards in every second one, as far as people who share an address are concerned.
    people = [
        person
        for at in range(cohorts)
        for person in people[at * size : (at + 1) * size][:: -1 if at % 2 else 1]
    ]
    run_id, provider = await add_run_to(database, people, once_per_address=True), Provider()
    async with database.transaction() as session:
        run = await session.get_one(AutomationRun, run_id)

    def cohort(at: int) -> MessageEffect:
        slice_ = CohortInput(
            run_id=run_id,
            automation_id=run.automation_id,
            program_id=program_id,
            cohort=at,
            first=at * size,
            last=(at + 1) * size,
        )
        definition = Definition.model_validate(run.definition)
        return MessageEffect(resources_with(database, provider), run, definition, slice_)

    await asyncio.gather(*(ActivityEnvironment().run(cohort(at).apply) for at in range(cohorts)))
    assert sorted(message.recipient for message in provider.handed) == sorted(spellings[:size])
    tally = await counts(database, run_id)
    assert (tally.sent, tally.skipped) == (size, {"duplicate_address": (cohorts - 1) * size})


async def test_whoever_has_claimed_an_address_keeps_it_while_nobody_takes_their_message(
    database: Database, program_id: UUID
) -> None:
    people = await sharing(database, program_id, *["same@example.com"] * 2)
    run_id, provider = await add_run_to(database, people, once_per_address=True), Provider()
    away = Provider(lambda message: AWAY)
    with pytest.raises(ApplicationError, match="takes none now"):
        await carry_out(database, run_id, away)
    await carry_out(database, run_id, provider)
    assert [message.message_id for message in provider.handed] == [away.handed[0].message_id]
    assert await ledger(database, run_id) == [("sent", None, None), DOUBLE]


async def test_a_message_that_waits_has_its_address(database: Database, program_id: UUID) -> None:
    await set_sending(database, program_id, quiet_now())
    people = await sharing(database, program_id, *["same@example.com"] * 2)
    run_id, provider = await add_run_to(database, people, once_per_address=True), Provider()
    await carry_out(database, run_id, provider)
    assert [outcome for outcome, _, _ in await ledger(database, run_id)] == ["deferred", "skipped"]
    await set_sending(database, program_id, {})
    await make_due(database, (await message_of_run(database, run_id)).id)
    await dispatch(database, program_id, provider)
    assert await ledger(database, run_id) == [("sent", None, None), DOUBLE]
