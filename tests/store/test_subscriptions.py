from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from domain.outcomes import Outcome, RunCounts
from store import subscriptions
from store.database import Database
from store.ledger import Settlement, count_ledger, settle
from store.paging import PageRequest
from store.runs import list_run_participants, lock_run
from store.subscriptions import (
    enroll_due,
    forget_participant,
    list_subscriptions,
    next_due_at,
    settle_subscriptions,
)
from store.tables import Automation
from tests.store.records import add_run
from tests.store.watching import (
    BIRTHDAY,
    NOON,
    SPENDING,
    add_people,
    add_watching,
    at,
    change_automation,
    change_person,
    listed,
    refresh,
    standings,
)

DUE = at("2026-06-02T09:00Z")
NEXT = at("2026-06-03T09:00Z")
LEDGER = list[tuple[UUID, str, str | None]]


async def enroll(
    database: Database, automation_id: UUID, now: Any = DUE, nominal_at: Any = None
) -> tuple[UUID, LEDGER]:
    """A run over what is due: its id and its ledger."""
    async with database.transaction() as session:
        automation = await session.get_one(Automation, automation_id)
        number = automation.run_count = automation.run_count + 1
        program_id = automation.program_id
    run_id = await add_run(
        database, program_id, automation_id=automation_id, number=number, nominal_at=nominal_at
    )
    async with database.transaction() as session:
        run = await lock_run(session, run_id)
        automation = await session.get_one(Automation, automation_id)
        run.total = await enroll_due(session, run, automation, now)
    async with database.transaction() as session:
        rows = await list_run_participants(session, run_id, None, -1, 99)
        assert [row.seq for row in rows] == list(range(run.total))
        return run_id, [(row.participant_id, row.outcome, row.reason) for row in rows]


async def end(database: Database, run_id: UUID, automation_id: UUID, now: Any, *ends: Settlement) -> None:
    async with database.transaction() as session:
        await settle(session, run_id, ends)
        await settle_subscriptions(session, run_id, automation_id, now)


async def earliest(database: Database, automation_id: UUID) -> Any:
    async with database.transaction() as session:
        return await next_due_at(session, automation_id)


async def test_the_next_due_instant_is_the_earliest_of_the_active_ones(
    database: Database, program_id: UUID
) -> None:
    one, _ = await add_people(database, program_id, {"timezone": "Asia/Tokyo"}, {})
    automation_id = await add_watching(
        database, program_id, participant_filter="!('out' in participant.tags)"
    )
    assert await earliest(database, automation_id) is None
    await refresh(database, automation_id)
    assert await earliest(database, automation_id) == at("2026-06-02T00:00Z")
    await change_person(database, one, tags=["out"])
    assert await earliest(database, automation_id) == DUE


async def test_who_is_due_is_enrolled_and_planned_anew(database: Database, program_id: UUID) -> None:
    people = await add_people(
        database, program_id, {}, {"timezone": "America/Sao_Paulo"}, {}, {"timezone": "Asia/Tokyo"}
    )
    automation_id = await add_watching(database, program_id, missed_run_policy="all")
    await refresh(database, automation_id)
    _, ledger = await enroll(database, automation_id)
    assert ledger == [
        (people[0], "pending", None),
        (people[2], "pending", None),
        (people[3], "pending", None),
    ]
    found = await standings(database, automation_id)
    assert [found[person].trigger_count for person in people] == [1, 0, 1, 1]
    assert found[people[0]].next_trigger_at == NEXT
    assert found[people[0]].last_triggered_at == DUE
    assert (await enroll(database, automation_id))[1] == []


async def test_only_what_is_due_by_the_nominal_time_is_enrolled(database: Database, program_id: UUID) -> None:
    people = await add_people(database, program_id, {"timezone": "Asia/Tokyo"}, {})
    automation_id = await add_watching(database, program_id, missed_run_policy="all")
    await refresh(database, automation_id)
    nominal_at = at("2026-06-02T08:59:59Z")
    _, ledger = await enroll(database, automation_id, DUE + timedelta(seconds=1), nominal_at)
    assert ledger == [(people[0], "pending", None)]


async def test_many_are_enrolled_page_by_page(
    database: Database, program_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriptions, "PAGE", 2)
    people = await add_people(database, program_id, *({"tags": ["out"] * (n == 2)} for n in range(7)))
    automation_id = await add_watching(database, program_id)
    await refresh(database, automation_id)
    await change_automation(database, automation_id, participant_filter="!('out' in participant.tags)")
    _, ledger = await enroll(database, automation_id)
    assert [row[0] for row in ledger] == [*people[:2], *people[3:]]


async def test_who_no_longer_matches_is_cancelled_instead(database: Database, program_id: UUID) -> None:
    one, other = await add_people(database, program_id, {"tags": ["vip"]}, {"tags": ["vip"]})
    automation_id = await add_watching(database, program_id, participant_filter="'vip' in participant.tags")
    await refresh(database, automation_id)
    async with database.transaction() as session:
        await session.execute(text("UPDATE participant SET tags = '{}' WHERE id = :id"), {"id": one})
    _, ledger = await enroll(database, automation_id)
    assert ledger == [(other, "pending", None)]
    gone = (await standings(database, automation_id))[one]
    assert (gone.status, gone.next_trigger_at, gone.trigger_count) == ("cancelled", None, 0)


async def test_who_was_deleted_is_forgotten_instead(database: Database, program_id: UUID) -> None:
    one, other = await add_people(database, program_id, {}, {})
    automation_id = await add_watching(database, program_id)
    await refresh(database, automation_id)
    async with database.transaction() as session:
        await session.execute(text("DELETE FROM participant WHERE id = :id"), {"id": one})
    _, ledger = await enroll(database, automation_id)
    assert ledger == [(other, "pending", None)]
    assert set(await standings(database, automation_id)) == {other}


async def test_a_date_changed_behind_the_subscriptions_back_is_not_kept_on_the_old_day(
    database: Database, program_id: UUID
) -> None:
    (person,) = await add_people(database, program_id, {"attributes": {"birthday": "1990-06-02"}})
    automation_id = await add_watching(database, program_id, **BIRTHDAY)
    await refresh(database, automation_id)
    async with database.transaction() as session:
        await session.execute(
            text('UPDATE participant SET attributes = \'{"birthday": "1990-06-20"}\' WHERE id = :id'),
            {"id": person},
        )
    assert (await enroll(database, automation_id))[1] == []
    assert (await standings(database, automation_id))[person].next_trigger_at == at("2026-06-20T09:00Z")


async def test_what_is_too_late_is_enrolled_as_missed_and_not_counted(
    database: Database, program_id: UUID
) -> None:
    late, person = await add_people(database, program_id, {"timezone": "Asia/Tokyo"}, {})
    automation_id = await add_watching(database, program_id)
    await refresh(database, automation_id)
    run_id, ledger = await enroll(database, automation_id)
    assert ledger == [(late, "skipped", "missed"), (person, "pending", None)]
    async with database.transaction() as session:
        counts = await count_ledger(session, run_id, 2)
    assert counts == RunCounts(total=2, skipped={"missed": 1}, pending=1)
    missed = (await standings(database, automation_id))[late]
    assert (missed.trigger_count, missed.next_trigger_at) == (0, at("2026-06-03T00:00Z"))


async def test_an_enrollment_that_is_rolled_back_leaves_everyone_due(
    database: Database, program_id: UUID
) -> None:
    await add_people(database, program_id, {}, {})
    automation_id = await add_watching(database, program_id)
    await refresh(database, automation_id)
    before = await standings(database, automation_id)
    run_id = await add_run(database, program_id, automation_id=automation_id)
    with pytest.raises(ZeroDivisionError):
        async with database.transaction() as session:
            run = await lock_run(session, run_id)
            automation = await session.get_one(Automation, automation_id)
            assert await enroll_due(session, run, automation, DUE) == 2
            raise ZeroDivisionError
    assert await standings(database, automation_id) == before
    async with database.transaction() as session:
        assert await list_run_participants(session, run_id, None, -1, 9) == []


async def test_a_subscription_being_enrolled_is_locked_against_a_change(
    database: Database, program_id: UUID
) -> None:
    (person,) = await add_people(database, program_id, {})
    automation_id = await add_watching(database, program_id)
    await refresh(database, automation_id)
    run_id = await add_run(database, program_id, automation_id=automation_id)
    async with database.transaction() as session:
        run = await lock_run(session, run_id)
        await enroll_due(session, run, await session.get_one(Automation, automation_id), DUE)
        with pytest.raises(OperationalError, match="lock timeout"):
            async with database.transaction() as other:
                await other.execute(text("SET LOCAL lock_timeout = '50ms'"))
                await forget_participant(other, program_id, person)


async def test_a_failure_is_retried_and_what_was_sent_is_not(database: Database, program_id: UUID) -> None:
    one, other = await add_people(database, program_id, {}, {})
    automation_id = await add_watching(database, program_id)
    await refresh(database, automation_id)
    run_id, _ = await enroll(database, automation_id)
    await end(
        database,
        run_id,
        automation_id,
        DUE,
        Settlement(0, Outcome.FAILED, "rejected", "no answer"),
        Settlement(1, Outcome.SENT),
    )
    found = await standings(database, automation_id)
    assert (found[one].retry_count, found[one].last_error) == (1, "no answer")
    assert found[one].next_trigger_at == DUE + timedelta(minutes=5)
    assert (found[other].retry_count, found[other].next_trigger_at) == (0, NEXT)

    retry_id, ledger = await enroll(database, automation_id, DUE + timedelta(minutes=5))
    assert ledger == [(one, "pending", None)]
    await end(database, retry_id, automation_id, DUE, Settlement(0, Outcome.SENT))
    sent = (await standings(database, automation_id))[one]
    assert (sent.retry_count, sent.last_error, sent.trigger_count) == (0, None, 1)
    assert sent.next_trigger_at == NEXT


async def test_a_trigger_that_keeps_failing_fails_the_subscription_when_none_follows(
    database: Database, program_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriptions, "PAGE", 1)
    people = await add_people(database, program_id, {}, {}, {})
    automation_id = await add_watching(database, program_id, **SPENDING)
    for person in people:
        await refresh(database, automation_id)
        await change_person(database, person, counters={"spend": 1000})
    now = NOON
    for _ in range(4):
        run_id, ledger = await enroll(database, automation_id, now)
        assert len(ledger) == 3
        failures = (Settlement(seq, Outcome.FAILED, "rejected") for seq in range(3))
        await end(database, run_id, automation_id, now, *failures)
        now = await earliest(database, automation_id)
    assert now is None
    for held in (await standings(database, automation_id)).values():
        assert (held.status, held.last_error, held.trigger_count) == ("failed", "rejected", 1)


async def test_a_run_that_failed_nobody_leaves_the_subscriptions_alone(
    database: Database, program_id: UUID
) -> None:
    await add_people(database, program_id, {}, {}, {})
    automation_id = await add_watching(database, program_id)
    await refresh(database, automation_id)
    run_id, _ = await enroll(database, automation_id)
    before = await standings(database, automation_id)
    ends = (
        Settlement(0, Outcome.SENT),
        Settlement(1, Outcome.SKIPPED, "no_consent"),
        Settlement(2, Outcome.UNKNOWN),
    )
    await end(database, run_id, automation_id, DUE, *ends)
    assert await standings(database, automation_id) == before


async def test_a_list_shows_the_newest_first_and_never_the_cancelled(
    database: Database, program_id: UUID
) -> None:
    out, broken, done, active = await add_people(
        database,
        program_id,
        {"attributes": {"birthday": "2026-06-20"}},
        {"attributes": {"birthday": "soon"}},
        {"attributes": {"birthday": "2026-05-20"}},
        {"attributes": {"birthday": "2026-06-20"}},
    )
    config = {"attribute": "birthday", "recurrence": "once"}
    automation_id = await add_watching(
        database,
        program_id,
        **BIRTHDAY | {"schedule_config": config},
        participant_filter="!('out' in participant.tags)",
    )
    for number, person in enumerate((out, broken, done, active)):
        await change_person(database, person, NOON + timedelta(minutes=number), first_name="Ana")
    await change_person(database, out, tags=["out"])
    assert [row.participant_id for row in await listed(database, automation_id)] == [active, done, broken]
    for status, person in (("active", active), ("completed", done), ("failed", broken)):
        (row,) = await listed(database, automation_id, status)
        assert (row.participant_id, row.status) == (person, status)
    (failed,) = await listed(database, automation_id, "failed")
    assert failed.last_error is not None
    assert failed.last_error.startswith('attribute "birthday" is no date')
    assert await listed(database, uuid4()) == []


async def test_a_list_goes_on_where_its_cursor_says(database: Database, program_id: UUID) -> None:
    people = await add_people(database, program_id, {}, {}, {})
    automation_id = await add_watching(database, program_id)
    for number, person in enumerate(people):
        await change_person(database, person, NOON + timedelta(minutes=number), first_name="Ana")
    async with database.transaction() as session:
        first = await list_subscriptions(session, automation_id, None, PageRequest(limit=2))
        rest = await list_subscriptions(session, automation_id, None, PageRequest(2, first.next_cursor))
    assert [row.participant_id for row in (*first.rows, *rest.rows)] == people[::-1]
    assert rest.next_cursor is None
