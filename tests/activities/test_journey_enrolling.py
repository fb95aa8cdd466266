"""People who enter journeys by no event of their own: segments, birthdays, and what was before."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from temporalio.testing import ActivityEnvironment

from activities import journey_enrolling
from activities.journey_enrolling import BIRTHDAYS_EVERY, attend_entries, enroll_existing
from domain.journeys.definition import JourneyDefinition
from domain.segment_ids import hex_id
from store.database import Database
from store.tables import Event, Program
from tests.activities.pumping import add_event, add_person, add_rule, drain
from tests.domain.journeys.samples import block, definition, filters
from tests.fixtures.people import add_many_people, query
from tests.store.journeying import read_journey
from tests.store.journeys_inside import add_open_journey, disable, enable, passes, refusals
from tests.store.segmenting import add_segment, put_in, refresh

NOW = datetime(2026, 7, 14, 7, 2, tzinfo=UTC)
MANY = 100_000
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
THREE_DAYS = {"mode": "duration", "duration": {"amount": 3, "units": "d"}}


@pytest.fixture(autouse=True)
async def empty_queue(database: Database) -> AsyncIterator[None]:
    await drain(database)
    yield
    await drain(database)


async def attend(database: Database, now: datetime = NOW) -> None:
    await ActivityEnvironment().run(attend_entries, database, now)


async def enroll_all(database: Database, journey_id: str) -> int:
    asked: int = await ActivityEnvironment().run(enroll_existing, database, journey_id)
    return asked


def on_segment(segment_id: UUID, **parts: Any) -> JourneyDefinition:
    return definition(
        "entered segment",
        origin="omnisend",
        groups=[filters(("segment_id", "eq", hex_id(segment_id)))],
        **parts,
    )


async def test_whoever_newly_enters_a_segment_enters_the_journey_once(
    database: Database, program_id: UUID
) -> None:
    segment_id, other = await add_segment(database, program_id), await add_segment(database, program_id)
    before = await add_person(database, program_id, tags=["vip"])
    await put_in(database, segment_id, before)
    journey_id = await add_open_journey(database, program_id, on_segment(segment_id))
    after = await add_person(database, program_id, tags=["vip"])
    for _ in range(2):
        assert await refresh(database, segment_id)
        assert await refresh(database, other)
        await drain(database)
    (inside,) = await passes(database, journey_id)
    assert inside.participant_id == after
    async with database.transaction() as session:
        event = await session.get_one(Event, inside.trigger_event_id)
    assert (event.source, event.kind) == ("omnisend", "SYSTEM")
    assert event.event_data == {"type": "entered segment", "segment_id": hex_id(segment_id)}


async def test_rules_hear_of_segments_and_nobody_tells_when_none_listens(
    database: Database, program_id: UUID, postgres_address: str
) -> None:
    segment_id = await add_segment(database, program_id)
    first = await add_person(database, program_id, tags=["vip"])
    await refresh(database, segment_id)
    await add_rule(
        database, program_id, {"type": "add_tag", "tag": "greeted"}, trigger_type="entered segment"
    )
    second = await add_person(database, program_id, tags=["vip"])
    await refresh(database, segment_id)
    await drain(database)
    told = await query(postgres_address, "SELECT participant_id FROM event WHERE program_id = %s", program_id)
    assert told == [(second,)] and first != second


async def test_back_in_stock_is_an_event_like_any_other(database: Database, program_id: UUID) -> None:
    journey_id = await add_open_journey(
        database, program_id, definition("product back in stock", groups=[filters(("sku", "eq", "a"))])
    )
    person = await add_person(database, program_id)
    for sku in ("a", "b"):
        data = {"type": "product back in stock", "sku": sku}
        await add_event(
            database, program_id, participant_id=person, type=data["type"], event_data=data, source="omnisend"
        )
    await drain(database)
    assert [one.participant_id for one in await passes(database, journey_id)] == [person]


def born(on: object, zone: str | None = "Europe/Madrid", name: str = "birthdate") -> dict[str, Any]:
    return {"attributes": {name: on}, "timezone": zone}


async def test_a_birthday_sets_going_at_nine_in_the_participants_zone_once_a_year(
    database: Database, program_id: UUID
) -> None:
    today = [
        await add_person(database, program_id, **fields)
        for fields in (
            born("1990-07-14"),
            born("07-14"),
            born("1990-07-14T10:00:00+02:00"),
            born("1990-07-14", name="birthday"),
            born(647_956_800),
        )
    ]
    others = (born("1990-07-15"), born("1990-07-14", "America/Lima"), born("soon"), born(None), {})
    for fields in others:
        await add_person(database, program_id, **fields)
    journey_id = await add_open_journey(database, program_id, definition("birthday"), NOW - HOUR)
    for now in (NOW, NOW, NOW + BIRTHDAYS_EVERY * 2):
        await attend(database, now)
    inside = await passes(database, journey_id)
    assert sorted(one.participant_id for one in inside) == sorted(today)
    assert {one.entered_at for one in inside} == {datetime(2026, 7, 14, 7, tzinfo=UTC)}


async def test_a_shift_moves_the_birthday_and_limits_hold(database: Database, program_id: UUID) -> None:
    person = await add_person(database, program_id, **born("1990-07-15"))
    await add_person(database, program_id, **born("1990-07-14"))
    plain = await add_person(database, program_id, **born("1990-07-15"), status="SUSPENDED")
    early = definition("birthday", groups=[filters(("birthdate", "eq", "-24h"))])
    journey_id = await add_open_journey(database, program_id, early, NOW - HOUR)
    await attend(database)
    assert [one.participant_id for one in await passes(database, journey_id)] == [person]
    assert await refusals(database, journey_id) == {plain: "participant_not_active"}


async def test_birthdays_before_a_journey_was_enabled_or_a_day_ago_are_past(
    database: Database, program_id: UUID
) -> None:
    await add_person(database, program_id, **born("1990-07-14"))
    late = await add_open_journey(database, program_id, definition("birthday"), NOW)
    idle = await add_open_journey(database, program_id, definition("birthday"), NOW - 2 * DAY)
    await attend(database, NOW + DAY)
    assert await passes(database, late) == await passes(database, idle) == []


async def test_the_zone_of_those_without_one_is_the_programs(database: Database, program_id: UUID) -> None:
    async with database.transaction() as session:
        (await session.get_one(Program, program_id)).timezone = "America/Lima"
    await add_person(database, program_id, **born("1990-07-14", None))
    journey_id = await add_open_journey(database, program_id, definition("birthday"), NOW - HOUR)
    await attend(database)
    assert await passes(database, journey_id) == []
    await attend(database, NOW + 7 * HOUR)
    assert len(await passes(database, journey_id)) == 1


async def test_members_enter_when_a_journey_is_enabled_for_them_and_a_crash_costs_nothing(
    database: Database, program_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journey_enrolling, "PEOPLE_A_PAGE", 3)
    segment_id = await add_segment(database, program_id)
    people = [
        await add_person(database, program_id, attributes={"country": "US" if n % 2 else "ES"})
        for n in range(10)
    ]
    await put_in(database, segment_id, *people)
    wanted = on_segment(
        segment_id,
        audience=filters(("country", "eq", "US")),
        settings={"frequencyLimiter": {"mode": "once"}},
    )
    journey_id = await add_open_journey(database, program_id, wanted, NOW - DAY)
    await disable(database, program_id, journey_id)
    await enable(database, program_id, journey_id, NOW, enroll_existing=True)
    admit = journey_enrolling.admit
    pages = 0

    async def crash_on_third(*given: Any) -> Any:
        nonlocal pages
        pages += 1
        if pages == 3:
            raise ConnectionError
        return await admit(*given)

    monkeypatch.setattr(journey_enrolling, "admit", crash_on_third)
    with pytest.raises(ConnectionError):
        await enroll_all(database, journey_id)
    assert await enroll_all(database, journey_id) == 4
    inside = await passes(database, journey_id)
    assert sorted(one.participant_id for one in inside) == sorted(people[1::2])
    assert await refusals(database, journey_id) == dict.fromkeys(people[::2], "audience")
    assert (await read_journey(database, program_id, journey_id)).enroll_existing_requested_at is None
    assert await enroll_all(database, journey_id) == 0


async def test_people_whose_event_lies_within_the_first_delay_enter_as_if_then(
    database: Database, program_id: UUID
) -> None:
    people = [await add_person(database, program_id) for _ in range(4)]
    now = datetime.now(UTC)
    ages = (HOUR, 2 * DAY, 4 * DAY, HOUR)
    events = []
    for person, age, total in zip(people, ages, (9, 9, 9, 1), strict=True):
        events.append(
            await add_event(
                database,
                program_id,
                participant_id=person,
                type="placed order",
                event_data={"type": "placed order", "total": total},
                event_timestamp=now - age,
                created_at=now - age,
            )
        )
    await drain(database)
    wanted = definition(
        groups=[filters(("total", "gt", 5))], blocks=[block("d", delay=THREE_DAYS), block("t")]
    )
    journey_id = await add_open_journey(database, program_id, wanted, now - 5 * DAY)
    await disable(database, program_id, journey_id)
    await enable(database, program_id, journey_id, now, enroll_existing=True)
    await attend(database, now)
    inside = {one.participant_id: one for one in await passes(database, journey_id)}
    assert set(inside) == set(people[:2])
    assert inside[people[1]].entered_at == now - 2 * DAY
    assert inside[people[0]].trigger_event_id == events[0]


async def test_whoever_has_had_an_exits_or_a_goals_event_since_is_not_let_in(
    database: Database, program_id: UUID
) -> None:
    wanted = definition(
        exitConditions=[{"event": "placed order", "filterGroup": filters(("total", "gt", 5))}],
        blocks=[
            block("d", delay=THREE_DAYS),
            block("g", goal={"event": "subscribed", "filterGroups": []}),
            block("t"),
        ],
        event="started checkout",
    )
    now = datetime.now(UTC)
    left, converted, stays, came_again = [await add_person(database, program_id) for _ in range(4)]
    for hours, person, type_, total in (
        (9, left, "started checkout", 0),
        (8, left, "placed order", 9),
        (9, converted, "started checkout", 0),
        (8, converted, "subscribed", 0),
        (10, stays, "placed order", 9),
        (9, stays, "started checkout", 0),
        (8, stays, "placed order", 1),
        (10, came_again, "started checkout", 0),
        (9, came_again, "placed order", 9),
        (8, came_again, "started checkout", 0),
    ):
        await add_event(
            database,
            program_id,
            participant_id=person,
            type=type_,
            event_data={"type": type_, "total": total},
            created_at=now - hours * HOUR,
        )
    await drain(database)
    journey_id = await add_open_journey(database, program_id, wanted, now - DAY)
    await disable(database, program_id, journey_id)
    await enable(database, program_id, journey_id, now, enroll_existing=True)
    await attend(database, now)
    inside = {one.participant_id: one for one in await passes(database, journey_id)}
    assert set(inside) == {stays, came_again}
    assert inside[came_again].entered_at == now - 8 * HOUR


async def test_an_event_enrolls_once_whether_the_pump_or_the_enabling_comes_first(
    database: Database, program_id: UUID
) -> None:
    wanted = definition(blocks=[block("d", delay=THREE_DAYS), block("t")])
    journey_id = await add_open_journey(database, program_id, wanted, datetime.now(UTC) - DAY)
    person = await add_person(database, program_id)
    await add_event(
        database,
        program_id,
        participant_id=person,
        type="placed order",
        event_data={"type": "placed order"},
        event_timestamp=datetime.now(UTC) - HOUR,
        created_at=datetime.now(UTC) - HOUR,
    )
    await drain(database)
    await disable(database, program_id, journey_id)
    await enable(database, program_id, journey_id, datetime.now(UTC), enroll_existing=True)
    assert await enroll_all(database, journey_id) == 0
    assert len(await passes(database, journey_id)) == 1


async def test_nobody_enters_a_journey_that_was_disabled_meanwhile(
    database: Database, program_id: UUID
) -> None:
    segment_id = await add_segment(database, program_id)
    await put_in(database, segment_id, await add_person(database, program_id))
    journey_id = await add_open_journey(database, program_id, on_segment(segment_id), NOW - DAY)
    await enable(database, program_id, journey_id, NOW, enroll_existing=True)
    await disable(database, program_id, journey_id)
    assert await enroll_all(database, journey_id) == 0
    assert await passes(database, journey_id) == []


async def test_erased_members_are_left_out(database: Database, program_id: UUID) -> None:
    segment_id = await add_segment(database, program_id)
    await put_in(database, segment_id, uuid4())
    journey_id = await add_open_journey(database, program_id, on_segment(segment_id), NOW - DAY)
    await enable(database, program_id, journey_id, NOW, enroll_existing=True)
    assert await enroll_all(database, journey_id) == 0


@pytest.mark.slow
async def test_a_hundred_thousand_members_enter_a_journey(
    database: Database, program_id: UUID, postgres_address: str
) -> None:
    await add_many_people(postgres_address, str(program_id), MANY)
    segment_id = await add_segment(database, program_id)
    async with database.transaction() as session:
        await session.execute(
            text(
                "INSERT INTO segment_member (segment_id, participant_id) "
                "SELECT :segment, id FROM participant WHERE program_id = :program"
            ),
            {"segment": segment_id, "program": program_id},
        )
    wanted = on_segment(
        segment_id,
        audience=filters(("tag", "eq", "even")),
        settings={"frequencyLimiter": {"mode": "once"}},
    )
    journey_id = await add_open_journey(database, program_id, wanted, NOW - DAY)
    await disable(database, program_id, journey_id)
    await enable(database, program_id, journey_id, NOW, enroll_existing=True)
    assert await enroll_all(database, journey_id) == MANY
    counted = (
        "SELECT (SELECT count(*) FROM enrollment WHERE journey_id = %s), "
        "(SELECT count(*) FROM journey_refusal WHERE journey_id = %s AND reason = 'audience')"
    )
    assert await query(postgres_address, counted, journey_id, journey_id) == [(MANY // 2, MANY // 2)]


async def test_several_ways_in_at_once_let_each_person_in_once(
    database: Database, program_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journey_enrolling, "PEOPLE_A_PAGE", 4)
    segment_id = await add_segment(database, program_id)
    wanted = on_segment(segment_id, settings={"frequencyLimiter": {"mode": "once"}})
    journey_id = await add_open_journey(database, program_id, wanted, NOW - DAY)
    people = [await add_person(database, program_id, tags=["vip"]) for _ in range(24)]
    await add_rule(
        database, program_id, {"type": "enroll_journey", "journey_id": journey_id}, trigger_type="asked"
    )
    for person in people:
        await add_event(
            database, program_id, participant_id=person, type="asked", event_data={"type": "asked"}
        )
    await refresh(database, segment_id)
    await disable(database, program_id, journey_id)
    await enable(database, program_id, journey_id, NOW, enroll_existing=True)
    await asyncio.gather(
        enroll_all(database, journey_id),
        enroll_all(database, journey_id),
        attend(database),
        drain(database),
        drain(database),
    )
    await enroll_all(database, journey_id)
    inside = await passes(database, journey_id)
    assert sorted(one.participant_id for one in inside) == sorted(people)
    assert set((await refusals(database, journey_id)).values()) <= {"entered_before"}
    assert (await read_journey(database, program_id, journey_id)).enroll_existing_requested_at is None
