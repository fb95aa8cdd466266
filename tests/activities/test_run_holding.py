"""The circuit breaker: a run whose messages do not arrive is held, goes on when resumed, and can be cancelled."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

from temporalio.testing import ActivityEnvironment

from activities.message_effect import CHUNK
from activities.run_holding import RunHoldingActivities
from domain.activity_contract import RunReference
from domain.run_status import RunStatus
from store.database import Database
from store.held_runs import resume
from store.runs import lock_run
from store.tables import AutomationRun
from tests.activities.gated_sends import (
    add_run_to,
    cancel,
    carry_out,
    counts,
    make_due,
    message_of_run,
    quiet_now,
    set_sending,
)
from tests.activities.message_provider import REFUSED, Provider, dispatch, resources_with
from tests.fixtures.queued_messages import add_person

HOLD = {"hold_after_failures": {"percentage": 50, "of_last": 20}}
LEFT = 10


async def run_of(database: Database, run_id: UUID) -> AutomationRun:
    async with database.transaction() as session:
        return await session.get_one(AutomationRun, run_id)


async def go_on(database: Database, run_id: UUID) -> None:
    async with database.transaction() as session:
        await resume(session, await lock_run(session, run_id), datetime.now(UTC))


async def held_run(database: Database, program_id: UUID) -> UUID:
    """A run of which the first chunk was refused."""
    await set_sending(database, program_id, HOLD)
    people = [await add_person(database, program_id) for _ in range(CHUNK + LEFT)]
    run_id = await add_run_to(database, people)
    refusing = Provider(lambda message: REFUSED)
    await carry_out(database, run_id, refusing)
    assert len(refusing.handed) == CHUNK
    return run_id


async def test_a_run_whose_messages_are_refused_is_held_with_the_rest_pending(
    database: Database, program_id: UUID
) -> None:
    run_id = await held_run(database, program_id)
    run = await run_of(database, run_id)
    assert (run.status, run.error) == ("held", "Held: 20 of the last 20 messages did not arrive")
    assert run.held_at is not None
    tally = await counts(database, run_id)
    assert (tally.failed, tally.pending, tally.adds_up) == (CHUNK, LEFT, True)
    provider = Provider()
    await carry_out(database, run_id, provider)
    assert provider.handed == []


async def test_a_run_that_is_resumed_goes_on_and_only_what_follows_can_hold_it_again(
    database: Database, program_id: UUID
) -> None:
    run_id, provider = await held_run(database, program_id), Provider()
    await go_on(database, run_id)
    await carry_out(database, run_id, provider)
    run, tally = await run_of(database, run_id), await counts(database, run_id)
    assert (run.status, run.error, run.held_at) == ("executing", None, None)
    assert run.resumed_at is not None
    assert (len(provider.handed), tally.sent, tally.pending) == (LEFT, LEFT, 0)


async def test_a_run_with_few_failures_is_not_held(database: Database, program_id: UUID) -> None:
    await set_sending(database, program_id, HOLD)
    people = [await add_person(database, program_id) for _ in range(30)]
    unlucky = {str(person.email) for person in people[:5]}
    run_id = await add_run_to(database, people)
    provider = Provider(
        lambda message: REFUSED if message.recipient in unlucky else Provider().answer(message)
    )
    await carry_out(database, run_id, provider)
    tally = await counts(database, run_id)
    assert ((await run_of(database, run_id)).status, tally.sent, tally.failed) == ("executing", 25, 5)


async def test_an_automation_may_have_a_limit_of_its_own(database: Database, program_id: UUID) -> None:
    people = [await add_person(database, program_id) for _ in range(CHUNK + 1)]
    run_id = await add_run_to(database, people, hold_after_failures={"percentage": 100, "of_last": 10})
    await carry_out(database, run_id, Provider(lambda message: REFUSED))
    assert (await run_of(database, run_id)).status == "held"


async def test_a_held_run_can_be_cancelled_and_sends_nothing_afterwards(
    database: Database, program_id: UUID
) -> None:
    run_id, provider = await held_run(database, program_id), Provider()
    result = await cancel(database, run_id)
    assert (result.status, result.counts.skipped) == (RunStatus.CANCELLED, {"cancelled": LEFT})
    await carry_out(database, run_id, provider)
    assert provider.handed == []


async def test_what_was_being_sent_when_a_run_was_held_is_settled_and_the_rest_stays_pending(
    database: Database, program_id: UUID
) -> None:
    people = [await add_person(database, program_id) for _ in range(CHUNK + LEFT)]
    run_id, provider = await add_run_to(database, people), Provider()
    provider.open.clear()
    sending = asyncio.create_task(carry_out(database, run_id, provider))
    await provider.was_handed(CHUNK)
    async with database.transaction() as session:
        (await lock_run(session, run_id)).status = RunStatus.HELD.value
    provider.open.set()
    await sending
    tally = await counts(database, run_id)
    assert (tally.sent, tally.pending, tally.skipped) == (CHUNK, LEFT, {})


async def test_messages_of_a_held_run_wait_in_the_queue_too(database: Database, program_id: UUID) -> None:
    await set_sending(database, program_id, quiet_now())
    run_id, provider = await add_run_to(database, [await add_person(database, program_id)]), Provider()
    await carry_out(database, run_id, provider)
    await set_sending(database, program_id, {})
    async with database.transaction() as session:
        (await lock_run(session, run_id)).status = RunStatus.HELD.value
    await make_due(database, (await message_of_run(database, run_id)).id)
    await dispatch(database, program_id, provider)
    waiting = await message_of_run(database, run_id)
    assert (waiting.status, waiting.error, provider.handed) == ("queued", "run_held", [])
    await go_on(database, run_id)
    await dispatch(database, program_id, provider)
    assert len(provider.handed) == 1


async def test_whoever_waits_for_a_held_run_hears_of_it_once_it_is_resumed(
    database: Database, program_id: UUID
) -> None:
    run_id = await held_run(database, program_id)
    body = RunHoldingActivities(resources_with(database, Provider())).await_resume
    waiting = asyncio.create_task(ActivityEnvironment().run(body, RunReference(run_id=run_id)))
    done, _ = await asyncio.wait({waiting}, timeout=0.1)
    assert done == set()
    await go_on(database, run_id)
    await waiting
