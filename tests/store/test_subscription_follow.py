import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from domain.participant_state import SubscriptionStatus
from store import subscription_follow
from store.database import Database
from store.programs import get_program
from store.subscription_follow import (
    ParticipantChange,
    RefreshedPage,
    follow_participants,
    refresh_subscriptions_page,
)
from store.subscription_watch import lock_as_refresh
from store.subscriptions import forget_participant
from store.tables import Participant, Program
from tests.store.watching import (
    BIRTHDAY,
    DAILY,
    NOON,
    SPENDING,
    add_people,
    add_watching,
    at,
    change_automation,
    change_person,
    refresh,
    standings,
)

VIP = {"participant_filter": "'vip' in participant.tags"}
LATER = at("2026-06-05T12:00Z")


async def test_a_refresh_subscribes_everyone_who_matches_page_by_page(
    database: Database, program_id: UUID
) -> None:
    people = await add_people(database, program_id, *({"tags": ["vip"] * (n % 2)} for n in range(7)))
    automation_id = await add_watching(database, program_id, **VIP)
    assert await refresh(database, automation_id) == (7, 3, 0)
    found = await standings(database, automation_id)
    assert set(found) == set(people[1::2])
    assert {one.next_trigger_at for one in found.values()} == {at("2026-06-02T09:00Z")}
    assert await refresh(database, automation_id, LATER) == (7, 0, 0)
    assert await standings(database, automation_id) == found


@pytest.mark.parametrize("people", [0, 3, 4])
async def test_a_refresh_ends_with_the_last_participant(
    database: Database, program_id: UUID, people: int
) -> None:
    await add_people(database, program_id, *({} for _ in range(people)))
    automation_id = await add_watching(database, program_id)
    assert await refresh(database, automation_id, limit=3) == (people, people, 0)


async def test_a_refresh_looks_at_no_other_program(database: Database, program_id: UUID) -> None:
    async with database.transaction() as session:
        other = Program(name="Other")
        session.add(other)
    await add_people(database, other.id, {}, {})
    automation_id = await add_watching(database, program_id)
    assert await refresh(database, automation_id) == (0, 0, 0)


async def test_a_refresh_cancels_who_no_longer_matches_and_takes_back_who_returns(
    database: Database, program_id: UUID
) -> None:
    (person,) = await add_people(database, program_id, {"tags": ["vip"]})
    automation_id = await add_watching(database, program_id, **VIP)
    await refresh(database, automation_id)
    async with database.transaction() as session:
        await session.execute(text("UPDATE participant SET tags = '{}' WHERE id = :id"), {"id": person})
    assert await refresh(database, automation_id, LATER) == (1, 0, 1)
    gone = (await standings(database, automation_id))[person]
    assert (gone.status, gone.next_trigger_at) == ("cancelled", None)
    async with database.transaction() as session:
        await session.execute(text("UPDATE participant SET tags = '{vip}' WHERE id = :id"), {"id": person})
    assert await refresh(database, automation_id, LATER) == (1, 1, 0)
    back = (await standings(database, automation_id))[person]
    assert (back.status, back.subscribed_at) == ("active", LATER)


async def test_a_refresh_writes_only_what_changed(database: Database, program_id: UUID) -> None:
    one, other = await add_people(database, program_id, {"timezone": "Asia/Tokyo"}, {})
    automation_id = await add_watching(database, program_id)
    await refresh(database, automation_id)

    async def versions() -> dict[UUID, str]:
        async with database.transaction() as session:
            rows = await session.execute(
                text("SELECT participant_id, xmin FROM subscription WHERE automation_id = :id"),
                {"id": automation_id},
            )
            return {row[0]: str(row[1]) for row in rows}

    before = await versions()
    async with database.transaction() as session:
        await session.execute(
            text("UPDATE participant SET timezone = 'Asia/Seoul' WHERE id = :id"), {"id": one}
        )
        await session.execute(
            text("UPDATE participant SET timezone = 'nowhere' WHERE id = :id"), {"id": other}
        )
    await refresh(database, automation_id)
    after = await versions()
    assert after[other] == before[other]
    assert after[one] != before[one]


async def test_a_refresh_drops_subscriptions_of_participants_that_are_gone(
    database: Database, program_id: UUID
) -> None:
    people = await add_people(database, program_id, *({} for _ in range(7)))
    automation_id = await add_watching(database, program_id)
    await refresh(database, automation_id)
    async with database.transaction() as session:
        gone = [people[1], people[5], people[6]]
        await session.execute(text("DELETE FROM participant WHERE id = ANY(:ids)"), {"ids": gone})
    assert await refresh(database, automation_id) == (4, 0, 0)
    assert set(await standings(database, automation_id)) == set(people) - set(gone)


@pytest.mark.parametrize("status", ["archived", "completed", "failed"])
async def test_an_automation_that_has_ended_is_not_refreshed(
    database: Database, program_id: UUID, status: str
) -> None:
    await add_people(database, program_id, {})
    automation_id = await add_watching(database, program_id, status=status)
    assert await refresh_subscriptions_page(database, automation_id, None, 9, NOON, False) == RefreshedPage(
        None, 0, 0, 0
    )
    assert await refresh_subscriptions_page(database, uuid4(), None, 9, NOON, False) == RefreshedPage(
        None, 0, 0, 0
    )


async def test_a_rebase_drops_what_came_due_while_paused(database: Database, program_id: UUID) -> None:
    (person,) = await add_people(database, program_id, {})
    automation_id = await add_watching(database, program_id)
    await refresh(database, automation_id)
    await refresh(database, automation_id, LATER)
    assert (await standings(database, automation_id))[person].next_trigger_at == at("2026-06-02T09:00Z")
    await refresh(database, automation_id, LATER, rebase=True)
    resumed = (await standings(database, automation_id))[person]
    assert (resumed.next_trigger_at, resumed.trigger_count) == (at("2026-06-06T09:00Z"), 0)


async def test_a_change_subscribes_follows_and_cancels_at_once(database: Database, program_id: UUID) -> None:
    (person,) = await add_people(database, program_id, {"attributes": {"birthday": "1990-06-15"}})
    automation_id = await add_watching(database, program_id, **BIRTHDAY, **VIP)

    async def due_after(expected_to_wake: bool, **fields: Any) -> str | None:
        woken = await change_person(database, person, **fields)
        assert woken == ({automation_id} if expected_to_wake else set())
        held = (await standings(database, automation_id)).get(person)
        return f"{held.status} {held.next_trigger_at}" if held is not None else None

    assert await due_after(False, first_name="Ana") is None
    assert await due_after(True, tags=["vip"]) == "active 2026-06-15 09:00:00+00:00"
    assert await due_after(False, tags=["vip", "x"]) == "active 2026-06-15 09:00:00+00:00"
    assert await due_after(True, attributes={"birthday": "1990-06-10"}) == "active 2026-06-10 09:00:00+00:00"
    assert await due_after(False, attributes={"birthday": "1990-06-20"}) == "active 2026-06-20 09:00:00+00:00"
    assert await due_after(True, timezone="Asia/Tokyo") == "active 2026-06-20 00:00:00+00:00"
    assert await due_after(False, attributes={"birthday": 0}) == "failed None"
    assert await due_after(False, tags=[]) == "cancelled None"
    assert await due_after(False, attributes={}, tags=["vip"]) == "cancelled None"
    assert await due_after(True, attributes={"birthday": "06-15"}) == "active 2026-06-15 00:00:00+00:00"


async def test_a_crossing_is_due_at_once(database: Database, program_id: UUID) -> None:
    (person,) = await add_people(database, program_id, {"counters": {"spend": 900}})
    automation_id = await add_watching(database, program_id, **SPENDING)
    assert await change_person(database, person, counters={"spend": "1000.00"}) == {automation_id}
    assert (await standings(database, automation_id))[person].next_trigger_at == NOON


async def test_who_is_created_above_a_threshold_has_not_crossed_it(
    database: Database, program_id: UUID
) -> None:
    automation_id = await add_watching(database, program_id, **SPENDING)
    async with database.transaction() as session:
        person = Participant(program_id=program_id, external_id="x", counters={"spend": 5000})
        session.add(person)
        await session.flush()
        program = await get_program(session, program_id)
        assert program is not None
        change = ParticipantChange(None, person.model_dump())
        assert await follow_participants(session, program, [change], NOON) == set()
    held = (await standings(database, automation_id))[person.id]
    assert (held.status, held.satisfied, held.next_trigger_at) == ("active", True, None)


async def test_every_automation_of_the_program_follows_and_no_other(
    database: Database, program_id: UUID
) -> None:
    async with database.transaction() as session:
        elsewhere = Program(name="Other")
        session.add(elsewhere)
    (person,) = await add_people(database, program_id, {})
    watching = {await add_watching(database, program_id) for _ in range(3)}
    idle = [
        await add_watching(database, elsewhere.id),
        await add_watching(database, program_id, status="archived"),
        await add_watching(database, program_id, trigger_type="cron"),
    ]
    assert await change_person(database, person, first_name="Ana") == watching
    for automation_id in watching:
        assert set(await standings(database, automation_id)) == {person}
    for automation_id in idle:
        assert await standings(database, automation_id) == {}


async def test_a_paused_automation_follows_and_lets_nothing_become_due(
    database: Database, program_id: UUID
) -> None:
    one, other = await add_people(
        database, program_id, {"counters": {"spend": 10}}, {"counters": {"spend": 10}}
    )
    automation_id = await add_watching(database, program_id, **SPENDING, status="paused")
    for spend in (20, 2000):
        assert await change_person(database, one, counters={"spend": spend}) == set()
    assert await change_person(database, other, counters={"spend": 2000}) == set()
    for held in (await standings(database, automation_id)).values():
        assert (held.status, held.satisfied, held.next_trigger_at) == ("active", True, None)
    await change_automation(database, automation_id, status="active")
    await change_person(database, one, counters={"spend": 10})
    assert await change_person(database, one, counters={"spend": 1000}) == {automation_id}


async def test_a_program_without_such_automations_costs_no_look_at_subscriptions(
    database: Database, program_id: UUID
) -> None:
    (person,) = await add_people(database, program_id, {})
    async with database.transaction() as blocking:
        await blocking.execute(text("LOCK TABLE subscription"))
        assert await change_person(database, person, first_name="Ana") == set()


async def test_deleting_a_participant_deletes_their_subscriptions(
    database: Database, program_id: UUID
) -> None:
    one, other = await add_people(database, program_id, {}, {})
    watching = [await add_watching(database, program_id) for _ in range(2)]
    for automation_id in watching:
        await refresh(database, automation_id)
    async with database.transaction() as session:
        await forget_participant(session, program_id, one)
        await session.delete(await session.get_one(Participant, one))
    for automation_id in watching:
        assert set(await standings(database, automation_id)) == {other}


async def test_a_refresh_waits_for_a_write_in_flight_and_sees_it(
    database: Database, program_id: UUID
) -> None:
    """Without waiting it would plan from the old attribute, and overwrite or miss the newer plan."""
    held_by_follow, new = await add_people(
        database, program_id, {"attributes": {"birthday": "1990-06-15"}}, {}
    )
    automation_id = await add_watching(database, program_id, **BIRTHDAY)
    async with database.transaction() as writer:
        program = await get_program(writer, program_id)
        assert program is not None
        for person_id in (held_by_follow, new):
            person = await writer.get_one(Participant, person_id, with_for_update=True)
            before = person.model_dump()
            person.attributes = {"birthday": "1990-08-20"}
            await writer.flush()
            change = ParticipantChange(before, person.model_dump())
            await follow_participants(writer, program, [change], NOON)
        refreshing = asyncio.create_task(refresh(database, automation_id))
        await _until_it_waits(database, refreshing)
        assert not refreshing.done()
    await refreshing
    found = await standings(database, automation_id)
    assert [found[id_].next_trigger_at for id_ in (held_by_follow, new)] == [at("2026-08-20T09:00Z")] * 2


async def test_writers_of_participants_do_not_wait_for_each_other(
    database: Database, program_id: UUID
) -> None:
    one, other = await add_people(database, program_id, {}, {})
    await add_watching(database, program_id)
    async with database.transaction() as writer:
        program = await get_program(writer, program_id)
        assert program is not None
        row = (await writer.get_one(Participant, one, with_for_update=True)).model_dump()
        await follow_participants(writer, program, [ParticipantChange(row, row)], NOON)
        assert await asyncio.wait_for(change_person(database, other, first_name="Ana"), 30)


async def test_a_refresh_and_a_writer_keep_each_other_out(database: Database, program_id: UUID) -> None:
    (person,) = await add_people(database, program_id, {})
    async with database.transaction() as writer:
        program = await get_program(writer, program_id)
        assert program is not None
        row = (await writer.get_one(Participant, person)).model_dump()
        await follow_participants(writer, program, [ParticipantChange(row, row)], NOON)
        with pytest.raises(OperationalError, match="lock timeout"):
            async with database.transaction() as other:
                await other.execute(text("SET LOCAL lock_timeout = '50ms'"))
                await lock_as_refresh(other, program_id)


async def test_changes_racing_refreshes_end_with_what_a_fresh_look_would_find(
    database: Database, program_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def look_slowly(*args: Any) -> Any:
        people = await look(*args)
        await asyncio.sleep(0.01)
        return people

    look = subscription_follow._page_of_participants
    monkeypatch.setattr(subscription_follow, "_page_of_participants", look_slowly)
    people = await add_people(database, program_id, *({} for _ in range(6)))
    automation_id = await add_watching(database, program_id, **BIRTHDAY, **VIP)
    for day in range(1, 16):
        chosen = {
            person: {
                "attributes": {"birthday": f"1990-08-{day + number}"},
                "tags": ["vip"][: (day + number) % 3],
            }
            for number, person in enumerate(people, start=10)
        }
        await asyncio.gather(
            refresh(database, automation_id, limit=2),
            *(change_person(database, person, **fields) for person, fields in chosen.items()),
        )
        found = await standings(database, automation_id)
        for person, fields in chosen.items():
            held = found.get(person)
            if fields["tags"]:
                assert held is not None
                expected = at(f"2026{fields['attributes']['birthday'][4:]}T09:00Z")
                assert (held.status, held.next_trigger_at) == ("active", expected)
            else:
                assert held is None or held.status is SubscriptionStatus.CANCELLED


async def test_an_amended_schedule_reaches_every_subscription_by_a_refresh(
    database: Database, program_id: UUID
) -> None:
    await add_people(database, program_id, {}, {})
    automation_id = await add_watching(database, program_id, **DAILY)
    await refresh(database, automation_id)
    await change_automation(database, automation_id, schedule_config={"cron_expression": "0 10 * * *"})
    assert await refresh(database, automation_id) == (2, 0, 0)
    found = await standings(database, automation_id)
    assert {one.next_trigger_at for one in found.values()} == {at("2026-06-02T10:00Z")}


async def _until_it_waits(database: Database, task: asyncio.Task[Any]) -> None:
    """Until a lock is waited for, or the task has ended without."""
    waiting = 0
    while not waiting and not task.done():
        await asyncio.sleep(0.01)
        async with database.transaction() as session:
            found = await session.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted"))
            waiting = found.scalar_one()
