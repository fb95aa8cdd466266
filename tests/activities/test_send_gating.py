"""Gates at send time, in runs and in the queue: caps that hold in a race, priority, suppression, holdout, quiet hours."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from activities.send_gating import gate_sends
from domain.actions import Channel
from domain.outcomes import SkipReason
from domain.send_gates import Candidate, Decision
from domain.send_policy import SendPolicy
from domain.suppressions import SuppressionReason
from store.database import Database
from store.messages import message_id_of
from store.runs import lock_run
from store.suppressions import suppress
from store.tables import Message, Program
from tests.activities.gated_sends import (
    CAP,
    add_run_to,
    cancel,
    carry_out,
    close,
    counts,
    ledger,
    make_due,
    message_of_run,
    quiet_now,
    set_sending,
)
from tests.activities.message_provider import AWAY, IN_DOUBT, REFUSED, Provider, dispatch
from tests.fixtures.queued_messages import add_person, change_message, message_to, messages_of, queue

HELD_UP_BY_THIS = text("SELECT count(*) FROM pg_locks WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))")
URGENT, LESS = SendPolicy(priority=-5), SendPolicy(priority=5)


async def test_a_cap_holds_when_runs_and_the_queue_reach_the_same_people_at_once(
    database: Database, program_id: UUID
) -> None:
    await set_sending(database, program_id, {"frequency_caps": [{"messages": 2, "hours": 24}]})
    people = [await add_person(database, program_id) for _ in range(20)]
    runs = [await add_run_to(database, people, priority=priority) for priority in (3, 1, 2)]
    await queue(database, *(message_to(person, sending=LESS) for person in people))
    provider = Provider()
    await asyncio.gather(
        *(carry_out(database, run_id, provider) for run_id in runs), dispatch(database, program_id, provider)
    )
    sent_to = [one.recipient for one in provider.handed]
    assert sorted(sent_to) == sorted([str(person.email) for person in people] * 2)
    assert [(await counts(database, run_id)).sent for run_id in runs] == [0, 20, 20]


@pytest.mark.parametrize("queue_first", [True, False])
async def test_priority_decides_between_a_run_and_the_queue_whoever_comes_first(
    database: Database, program_id: UUID, *, queue_first: bool
) -> None:
    await set_sending(database, program_id, CAP)
    person, provider = await add_person(database, program_id), Provider()
    run_id = await add_run_to(database, [person], priority=1)
    message = message_to(person, sending=URGENT)
    await queue(database, message)
    if queue_first:
        await dispatch(database, program_id, provider)
    await carry_out(database, run_id, provider)
    await dispatch(database, program_id, provider)
    assert [one.message_id for one in provider.handed] == [message.id]
    ((outcome, reason, error),) = await ledger(database, run_id)
    assert (outcome, reason) == ("skipped", "frequency_cap")
    assert error == (None if queue_first else f"gave way to message {message.id}")


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
async def test_of_three_that_wait_the_same_one_goes_in_whatever_order_they_are_sent(
    database: Database, program_id: UUID, order: tuple[int, ...]
) -> None:
    await set_sending(database, program_id, CAP)
    person, provider = await add_person(database, program_id), Provider()
    runs = [await add_run_to(database, [person], priority=priority) for priority in (2, 0)]
    await queue(database, message_to(person, sending=SendPolicy(priority=1)))
    steps: list[Callable[[], Awaitable[Any]]] = [
        lambda: carry_out(database, runs[0], provider),
        lambda: carry_out(database, runs[1], provider),
        lambda: dispatch(database, program_id, provider),
    ]
    for step in order:
        await steps[step]()
    assert [one.message_id for one in provider.handed] == [message_id_of(runs[1], person.id)]
    assert [(await counts(database, run_id)).skipped for run_id in runs] == [{"frequency_cap": 1}, {}]


async def test_a_queued_message_names_the_message_of_a_run_that_it_gave_way_to(
    database: Database, program_id: UUID
) -> None:
    await set_sending(database, program_id, CAP)
    person, provider = await add_person(database, program_id), Provider()
    run_id = await add_run_to(database, [person], guard='participant.status == "ACTIVE"', priority=-5)
    await queue(database, message_to(person, sending=LESS))
    await dispatch(database, program_id, provider)
    assert provider.handed == []
    await carry_out(database, run_id, provider)
    sent = await message_of_run(database, run_id)
    (loser,) = [one for one in await messages_of(database, program_id) if one.run_id is None]
    assert (loser.status, loser.error, loser.gave_way_to) == ("skipped", "frequency_cap", sent.id)
    assert sent.status == "sent"


async def test_nobody_gives_way_to_a_message_that_a_gate_of_its_own_keeps(
    database: Database, program_id: UUID
) -> None:
    await set_sending(database, program_id, CAP)
    person, provider = await add_person(database, program_id), Provider()
    await add_run_to(database, [person], guard='participant.status == "CLOSED"', priority=-5)
    message = message_to(person, sending=LESS)
    await queue(database, message)
    await dispatch(database, program_id, provider)
    assert [one.message_id for one in provider.handed] == [message.id]


@pytest.mark.parametrize(("answer", "again"), [(REFUSED, True), (AWAY, True), (IN_DOUBT, False)])
async def test_room_that_was_not_used_is_free_again(
    database: Database, program_id: UUID, answer: Any, *, again: bool
) -> None:
    await set_sending(database, program_id, CAP)
    person = await add_person(database, program_id)
    await queue(database, message_to(person))
    await dispatch(database, program_id, Provider(lambda message: answer))
    provider = Provider()
    await queue(database, message_to(person))
    await dispatch(database, program_id, provider)
    assert bool(provider.handed) is again


async def test_what_is_transactional_is_neither_kept_nor_counted(
    database: Database, program_id: UUID
) -> None:
    await set_sending(database, program_id, CAP | {"holdout_percentage": 0})
    person, provider = await add_person(database, program_id), Provider()
    receipt = SendPolicy(transactional=True)
    await queue(database, message_to(person, sending=receipt), message_to(person, sending=receipt))
    await dispatch(database, program_id, provider)
    run_id = await add_run_to(database, [person])
    await carry_out(database, run_id, provider)
    assert len(provider.handed) == 3


async def test_the_window_of_an_automation_keeps_whoever_was_written_to_recently(
    database: Database, program_id: UUID
) -> None:
    reached, other, provider = (
        await add_person(database, program_id),
        await add_person(database, program_id),
        Provider(),
    )
    await queue(database, message_to(reached))
    await dispatch(database, program_id, provider)
    run_id = await add_run_to(database, [reached, other], recently_contacted={"hours": 1})
    await carry_out(database, run_id, provider)
    assert await ledger(database, run_id) == [("skipped", "recently_contacted", None), ("sent", None, None)]


async def test_nothing_goes_to_a_suppressed_address(database: Database, program_id: UUID) -> None:
    person, provider = await add_person(database, program_id), Provider()
    async with database.transaction() as session:
        await suppress(
            session, program_id, Channel.EMAIL, str(person.email).upper(), SuppressionReason.BOUNCE, "test"
        )
    run_id = await add_run_to(database, [person])
    await queue(database, message_to(person))
    await carry_out(database, run_id, provider)
    await dispatch(database, program_id, provider)
    assert await ledger(database, run_id) == [("skipped", "suppressed", None)]
    assert [(one.status, one.error) for one in await messages_of(database, program_id)] == [
        ("skipped", "suppressed")
    ]
    assert provider.handed == []


async def test_a_threshold_reaches_those_who_have_not_said_no(database: Database, program_id: UUID) -> None:
    people = [
        await add_person(database, program_id, consent=consent)
        for consent in ({}, {"email": "nonSubscribed"}, {"email": "unsubscribed"})
    ]
    run_id, provider = await add_run_to(database, people, consent="nonSubscribed"), Provider()
    await carry_out(database, run_id, provider)
    assert [outcome for outcome, _, _ in await ledger(database, run_id)] == ["sent", "sent", "skipped"]


async def test_the_holdout_is_skipped_and_counted(database: Database, program_id: UUID) -> None:
    people = [await add_person(database, program_id) for _ in range(60)]
    run_id, provider = await add_run_to(database, people, holdout_percentage=50), Provider()
    await carry_out(database, run_id, provider)
    tally = await counts(database, run_id)
    assert tally.skipped["holdout"] + tally.sent == 60
    assert 10 < tally.skipped["holdout"] < 50


async def test_in_quiet_hours_a_queued_message_waits(database: Database, program_id: UUID) -> None:
    await set_sending(database, program_id, quiet_now())
    person, provider = await add_person(database, program_id, timezone="UTC"), Provider()
    message = message_to(person)
    await queue(database, message)
    done = await dispatch(database, program_id, provider)
    (waiting,) = await messages_of(database, program_id)
    assert (waiting.status, waiting.error, provider.handed) == ("queued", "quiet_hours", [])
    assert waiting.body is not None
    assert done.next_due_at == waiting.available_at
    assert done.next_due_at is not None
    assert timedelta(hours=1) < done.next_due_at - datetime.now(UTC) <= timedelta(hours=2)
    await set_sending(database, program_id, {})
    await change_message(database, message, available_at=datetime.now(UTC))
    await dispatch(database, program_id, provider)
    (sent,) = await messages_of(database, program_id)
    assert (sent.status, sent.error, sent.body) == ("sent", None, None)


async def test_quiet_hours_may_skip(database: Database, program_id: UUID) -> None:
    await set_sending(database, program_id, quiet_now(policy="skip"))
    person, provider = await add_person(database, program_id), Provider()
    run_id = await add_run_to(database, [person])
    await carry_out(database, run_id, provider)
    assert await ledger(database, run_id) == [("skipped", "quiet_hours", None)]


async def test_a_run_does_not_wait_for_quiet_hours_and_its_counts_follow(
    database: Database, program_id: UUID
) -> None:
    await set_sending(database, program_id, quiet_now())
    asleep = await add_person(database, program_id, timezone="UTC")
    awake = await add_person(database, program_id, timezone="Pacific/Auckland")
    run_id, provider = await add_run_to(database, [asleep, awake]), Provider()
    await carry_out(database, run_id, provider)
    assert await ledger(database, run_id) == [("deferred", "quiet_hours", None), ("sent", None, None)]
    assert (await close(database, run_id)).status == "completed"
    tally = await counts(database, run_id)
    assert (tally.sent, tally.pending, tally.deferred, tally.processed, tally.adds_up) == (1, 1, 1, 1, True)
    waiting = [one for one in await messages_of(database, program_id) if one.status == "queued"]
    assert [one.body for one in waiting] == [f"Hello {asleep.external_id}"]

    await set_sending(database, program_id, {})
    await make_due(database, waiting[0].id)
    await dispatch(database, program_id, provider)
    tally = await counts(database, run_id)
    assert (tally.sent, tally.pending, tally.deferred, tally.adds_up) == (2, 0, 0, True)
    assert [one.recipient for one in provider.handed] == [awake.email, asleep.email]


@pytest.mark.parametrize(
    ("fields", "row"),
    [
        ({"consent": {}}, ("skipped", "no_consent", None)),
        ({"status": "CLOSED"}, ("skipped", "participant_not_active", None)),
    ],
)
async def test_whoever_says_no_while_their_message_waits_does_not_get_it(
    database: Database, program_id: UUID, fields: dict[str, Any], row: tuple[str, str, None]
) -> None:
    await set_sending(database, program_id, quiet_now())
    person, provider = await add_person(database, program_id), Provider()
    run_id = await add_run_to(database, [person])
    await carry_out(database, run_id, provider)
    async with database.transaction() as session:
        stored = await session.merge(person)
        for name, value in fields.items():
            setattr(stored, name, value)
    await make_due(database, (await message_of_run(database, run_id)).id)
    await dispatch(database, program_id, provider)
    assert await ledger(database, run_id) == [row]
    assert provider.handed == []


async def test_what_a_provider_refuses_of_what_waited_has_failed_in_the_run_too(
    database: Database, program_id: UUID
) -> None:
    await set_sending(database, program_id, quiet_now())
    run_id = await add_run_to(database, [await add_person(database, program_id)])
    await carry_out(database, run_id, Provider())
    await set_sending(database, program_id, {})
    await make_due(database, (await message_of_run(database, run_id)).id)
    await dispatch(database, program_id, Provider(lambda message: AWAY))
    assert await ledger(database, run_id) == [("deferred", "quiet_hours", None)]
    await make_due(database, (await message_of_run(database, run_id)).id)
    await dispatch(database, program_id, Provider(lambda message: REFUSED))
    assert await ledger(database, run_id) == [("failed", "recipient_refused", REFUSED.error)]


async def test_after_a_cancellation_nothing_that_waited_is_sent(database: Database, program_id: UUID) -> None:
    await set_sending(database, program_id, quiet_now())
    run_id, provider = await add_run_to(database, [await add_person(database, program_id)]), Provider()
    await carry_out(database, run_id, provider)
    await set_sending(database, program_id, {})
    result = await cancel(database, run_id)
    assert (result.counts.skipped, result.counts.pending) == ({"cancelled": 1}, 0)
    message = await message_of_run(database, run_id)
    assert (message.status, message.body) == ("cancelled", None)
    await make_due(database, message.id)
    await dispatch(database, program_id, provider)
    assert provider.handed == []


async def test_a_cancellation_waits_for_what_is_being_sent_from_the_queue_and_takes_the_rest_back(
    database: Database, program_id: UUID
) -> None:
    await set_sending(database, program_id, quiet_now())
    people = [await add_person(database, program_id) for _ in range(2)]
    run_id, provider = await add_run_to(database, people), Provider()
    await carry_out(database, run_id, provider)
    await set_sending(database, program_id, {})
    first, _ = await messages_of(database, program_id)
    await make_due(database, first.id)
    provider.open.clear()
    provider.answer = lambda message: AWAY
    sending = asyncio.create_task(dispatch(database, program_id, provider))
    await provider.was_handed(1)
    cancelling = asyncio.create_task(cancel(database, run_id))
    while (await counts(database, run_id)).skipped != {"cancelled": 1}:
        await asyncio.sleep(0.01)
    assert not cancelling.done()
    provider.open.set()
    await sending
    assert (await cancelling).counts.skipped == {"cancelled": 2}
    await make_due(database, first.id)
    await dispatch(database, program_id, provider)
    assert [one.message_id for one in provider.handed] == [first.id]


async def test_whoever_is_about_to_queue_messages_may_ask_first(database: Database, program_id: UUID) -> None:
    """As journeys do: what they ask about is no message yet."""
    await set_sending(database, program_id, CAP)
    person = await add_person(database, program_id)
    waiting = message_to(person, sending=URGENT)
    await queue(database, waiting)
    late, gone = (
        Candidate(uuid4(), whom, Channel.EMAIL, "ana@example.com", LESS) for whom in (person.id, uuid4())
    )
    async with database.transaction() as session:
        program = await session.get_one(Program, program_id)
        decisions = await gate_sends(session, program, [late, gone], datetime.now(UTC))
    assert decisions == {
        late.id: Decision(SkipReason.FREQUENCY_CAP, winner=waiting.id),
        gone.id: Decision(SkipReason.PARTICIPANT_DELETED),
    }


async def test_what_is_left_of_a_run_waits_for_it_without_keeping_its_messages(
    database: Database, program_id: UUID
) -> None:
    await set_sending(database, program_id, quiet_now())
    person, provider = await add_person(database, program_id), Provider(lambda message: AWAY)
    run_id = await add_run_to(database, [person])
    await carry_out(database, run_id, provider)
    await set_sending(database, program_id, {})
    message = await message_of_run(database, run_id)
    await make_due(database, message.id)
    provider.open.clear()
    sending = asyncio.create_task(dispatch(database, program_id, provider))
    await provider.was_handed(1)
    async with database.transaction() as session:
        await lock_run(session, run_id)
        provider.open.set()
        async with asyncio.timeout(10):
            while not (await session.execute(HELD_UP_BY_THIS)).scalar_one():
                await asyncio.sleep(0.01)
        assert await session.get(Message, message.id, with_for_update={"nowait": True}) is not None
    await sending
    assert (await message_of_run(database, run_id)).status == "queued"
