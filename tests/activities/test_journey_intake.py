"""Events through the pump: who enters a journey, who leaves it, who moves on, and who is told why not."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from domain.journeys.definition import JourneyDefinition
from domain.wake_up import Sleeper, WakeUp
from store.database import Database
from store.event_queue import next_events
from store.journey_intake import hear
from store.participants import erase_participant
from store.waking import wake_ups
from tests.activities.pumping import add_event, add_person, add_rule, drain
from tests.domain.journeys.samples import block, definition, filters
from tests.fixtures.journeys import advance
from tests.store.journeys_inside import (
    add_open_journey,
    disable,
    passes,
    put_inside,
    refusals,
    republish,
)

HOUR = timedelta(hours=1)
ONCE = {"frequencyLimiter": {"mode": "once"}}


@pytest.fixture(autouse=True)
async def empty_queue(database: Database) -> AsyncIterator[None]:
    await drain(database)
    yield
    await drain(database)


async def happen(database: Database, program_id: UUID, person: UUID | None, type_: str, **data: Any) -> UUID:
    source = data.pop("source", "api")
    return await add_event(
        database,
        program_id,
        participant_id=person,
        type=type_,
        source=source,
        event_data={"type": type_, **data},
    )


async def test_an_event_lets_its_participant_in_once_though_it_is_processed_again(
    database: Database, program_id: UUID
) -> None:
    journey_id = await add_open_journey(database, program_id)
    person = await add_person(database, program_id)
    event_id = await happen(database, program_id, person, "placed order")
    await drain(database)
    async with database.transaction() as session:
        await session.execute(text("UPDATE event SET status = 'PENDING' WHERE id = :id"), {"id": event_id})
    await drain(database)
    (inside,) = await passes(database, journey_id)
    assert (inside.participant_id, inside.trigger_event_id, inside.status) == (person, event_id, "active")
    assert inside.content_hash == definition().content_hash()
    assert inside.wake_at == inside.entered_at


async def test_journeys_of_other_programs_and_disabled_ones_let_nobody_in(
    database: Database, program_id: UUID
) -> None:
    journey_id = await add_open_journey(database, program_id)
    await disable(database, program_id, journey_id)
    person = await add_person(database, program_id)
    await happen(database, program_id, person, "placed order")
    await drain(database)
    assert await passes(database, journey_id) == []


async def test_filters_and_origin_pick_events_and_the_audience_picks_people(
    database: Database, program_id: UUID
) -> None:
    journey_id = await add_open_journey(
        database,
        program_id,
        definition(
            origin="shopify",
            groups=[filters(("total", "gte", 100))],
            audience=filters(("tag", "eq", "vip"), ("country", "eq", "US")),
        ),
    )
    vip = await add_person(database, program_id, tags=["vip"], attributes={"country": "US"})
    other = await add_person(database, program_id, tags=["vip"], attributes={"country": "ES"})
    for person in (vip, other):
        await happen(database, program_id, person, "placed order", total=150, source="shopify")
    await happen(database, program_id, vip, "placed order", total=50, source="shopify")
    await happen(database, program_id, vip, "placed order", total=150)
    await drain(database)
    assert [one.participant_id for one in await passes(database, journey_id)] == [vip]
    assert await refusals(database, journey_id) == {other: "audience"}


async def test_the_audience_sees_people_as_the_rules_have_left_them(
    database: Database, program_id: UUID
) -> None:
    journey_id = await add_open_journey(
        database, program_id, definition("purchase", audience=filters(("tag", "eq", "buyer")))
    )
    await add_rule(database, program_id, {"type": "add_tag", "tag": "buyer"})
    person = await add_person(database, program_id)
    await happen(database, program_id, person, "purchase")
    await drain(database)
    assert len(await passes(database, journey_id)) == 1


async def test_limits_hold_within_a_batch_and_across_batches(database: Database, program_id: UUID) -> None:
    journey_id = await add_open_journey(database, program_id, definition(settings=ONCE))
    person = await add_person(database, program_id)
    for _ in range(2):
        await happen(database, program_id, person, "placed order")
        await happen(database, program_id, person, "placed order")
        await drain(database)
    assert len(await passes(database, journey_id)) == 1
    assert await refusals(database, journey_id) == {person: "entered_before"}


async def test_whoever_is_in_another_journey_is_refused(database: Database, program_id: UUID) -> None:
    other_id = await add_open_journey(database, program_id, definition("never"))
    overlap = {"overlapLimiter": {"mode": "currentlyIn", "automationIDs": [other_id]}}
    journey_id = await add_open_journey(database, program_id, definition(settings=overlap))
    inside, outside = await add_person(database, program_id), await add_person(database, program_id)
    await put_inside(database, program_id, other_id, inside, definition("never"))
    for person in (inside, outside):
        await happen(database, program_id, person, "placed order")
    await drain(database)
    assert [one.participant_id for one in await passes(database, journey_id)] == [outside]
    assert await refusals(database, journey_id) == {inside: "currently_in_another"}


async def test_an_exit_ends_the_passes_of_its_own_version_at_once(
    database: Database, program_id: UUID
) -> None:
    old = definition(exitConditions=[{"event": "refunded"}])
    journey_id = await add_open_journey(database, program_id, old)
    first, second = await add_person(database, program_id), await add_person(database, program_id)
    await put_inside(database, program_id, journey_id, first, old)
    await republish(database, program_id, journey_id, definition())
    await put_inside(database, program_id, journey_id, second)
    await disable(database, program_id, journey_id)
    events = [await happen(database, program_id, person, "refunded") for person in (first, second)]
    await drain(database)
    ended = {one.participant_id: one for one in await passes(database, journey_id)}
    assert (ended[first].status, ended[first].reason) == ("exited", "exit_condition")
    assert (ended[first].exit_event_id, ended[first].wake_at) == (events[0], None)
    assert ended[second].status == "active"


async def test_an_event_enters_what_the_next_one_leaves(database: Database, program_id: UUID) -> None:
    journey_id = await add_open_journey(
        database, program_id, definition(exitConditions=[{"event": "refunded"}])
    )
    person = await add_person(database, program_id)
    for type_ in ("placed order", "refunded", "placed order"):
        await happen(database, program_id, person, type_)
    await drain(database)
    assert sorted(one.status for one in await passes(database, journey_id)) == ["active", "exited"]


async def test_each_event_restarts_the_quiet_time(database: Database, program_id: UUID) -> None:
    quiet = definition("viewed", inactivity={"duration": {"amount": 2, "units": "h"}})
    journey_id = await add_open_journey(database, program_id, quiet)
    person = await add_person(database, program_id)
    await happen(database, program_id, person, "viewed")
    await drain(database)
    (before,) = await passes(database, journey_id)
    assert before.status == "waiting_inactivity"
    assert before.wake_at == before.entered_at > datetime.now(UTC) + HOUR
    again = await happen(database, program_id, person, "viewed")
    await drain(database)
    (after,) = await passes(database, journey_id)
    assert after.id == before.id and after.trigger_event_id == again
    assert after.wake_at is not None and before.wake_at is not None and after.wake_at > before.wake_at


def walking() -> JourneyDefinition:
    wait = {"event": "clicked", "timeout": {"amount": 1, "units": "d"}, "eventBlocks": [block("e")]}
    return definition(
        "never", blocks=[block("w", wait=wait), block("g", goal={"event": "bought"}), block("z")]
    )


async def test_an_event_ends_a_wait_and_reaches_a_goal(database: Database, program_id: UUID) -> None:
    journey_id = await add_open_journey(database, program_id, walking())
    people = [await add_person(database, program_id) for _ in range(3)]
    for person in people:
        await put_inside(database, program_id, journey_id, person, walking(), block_id="w")
    clicked = await happen(database, program_id, people[0], "clicked")
    await happen(database, program_id, people[1], "bought")
    await drain(database)
    by_person = {one.participant_id: one for one in await passes(database, journey_id)}
    waited, reached, still = (by_person[person] for person in people)
    assert (waited.block_id, waited.awaited_event_id) == ("w", clicked) and waited.wake_at is not None
    assert reached.block_id == "g" and reached.goal_at == reached.wake_at is not None
    assert (still.block_id, still.wake_at, still.goal_at) == ("w", None, None)


async def test_rules_let_people_in_and_take_them_out(database: Database, program_id: UUID) -> None:
    journey_id = await add_open_journey(
        database, program_id, definition("never", settings=ONCE, audience=filters(("segmentID", "neq", "s")))
    )
    await add_rule(
        database, program_id, {"type": "enroll_journey", "journey_id": journey_id}, trigger_type="in"
    )
    await add_rule(
        database, program_id, {"type": "exit_journey", "journey_id": journey_id}, trigger_type="out"
    )
    person = await add_person(database, program_id)
    await happen(database, program_id, person, "in")
    await happen(database, program_id, person, "in")
    await drain(database)
    (inside,) = await passes(database, journey_id)
    assert inside.status == "active"
    assert await refusals(database, journey_id) == {person: "entered_before"}
    out = await happen(database, program_id, person, "out")
    await drain(database)
    (left,) = await passes(database, journey_id)
    assert (left.status, left.reason, left.exit_event_id) == ("exited", "by_rule", out)


async def test_a_rule_is_told_when_the_journey_is_not_enabled(database: Database, program_id: UUID) -> None:
    journey_id = await add_open_journey(database, program_id, definition("never"))
    await disable(database, program_id, journey_id)
    await add_rule(database, program_id, {"type": "enroll_journey", "journey_id": journey_id})
    person = await add_person(database, program_id)
    await happen(database, program_id, person, "purchase")
    await drain(database)
    assert await refusals(database, journey_id) == {person: "journey_not_enabled"}


async def test_pumps_at_once_with_another_way_in_let_each_person_in_once(
    database: Database, program_id: UUID
) -> None:
    journey_id = await add_open_journey(database, program_id, definition(settings=ONCE))
    people = [await add_person(database, program_id) for _ in range(20)]
    for person in people:
        for _ in range(3):
            await happen(database, program_id, person, "placed order")
    await asyncio.gather(*(drain(database) for _ in range(3)))
    inside = await passes(database, journey_id)
    assert sorted(one.participant_id for one in inside) == sorted(people)


async def test_events_that_no_journey_listens_to_cost_one_look(database: Database, program_id: UUID) -> None:
    person = await add_person(database, program_id)
    await happen(database, program_id, person, "nobody cares")
    async with database.transaction() as session:
        queued = await next_events(session, list(range(8)), 10)
        heard = await hear(session, [one.facts for one in queued])
    assert (list(heard.hearings), heard.participants) == ([], frozenset())


async def test_a_journey_with_somebody_inside_wakes_when_they_move(
    database: Database, program_id: UUID
) -> None:
    told: set[WakeUp] = set()
    journey_id = await add_open_journey(database, program_id)
    person = await add_person(database, program_id)
    await happen(database, program_id, person, "placed order")
    waking = Database(database.engine.url.render_as_string(hide_password=False), pool_size=4)
    waking.after_commit = lambda session: told.update(wake_ups(session))
    await drain(waking)
    await waking.close()
    assert WakeUp(Sleeper.JOURNEY, journey_id) in told


async def test_erasing_a_participant_takes_their_refusals_along(database: Database, program_id: UUID) -> None:
    journey_id = await add_open_journey(
        database, program_id, definition(audience=filters(("tag", "eq", "vip")))
    )
    person = await add_person(database, program_id)
    await happen(database, program_id, person, "placed order")
    await drain(database)
    assert await refusals(database, journey_id) == {person: "audience"}
    async with database.transaction() as session:
        assert await erase_participant(session, program_id, person)
    assert await refusals(database, journey_id) == {}


def starting(other_id: str, **parts: Any) -> JourneyDefinition:
    start = {"type": "enrollJourney", "enrollJourney": {"automationID": other_id}}
    return definition("never", blocks=[{"id": "go", "type": "action", "action": start}], **parts)


async def test_a_journey_sends_people_into_another_through_its_gates_and_never_in_circles(
    database: Database, program_id: UUID
) -> None:
    first = await add_open_journey(database, program_id)
    second = await add_open_journey(
        database, program_id, starting(first, audience=filters(("tag", "eq", "vip")))
    )
    await disable(database, program_id, first)
    await republish(database, program_id, first, starting(second))
    vip, other = await add_person(database, program_id, tags=["vip"]), await add_person(database, program_id)
    for person in (vip, other):
        await put_inside(database, program_id, first, person, starting(second), due=True)
    for journey_id in (first, second, first):
        await advance(database, journey_id, datetime.now(UTC))
    assert [one.participant_id for one in await passes(database, second)] == [vip]
    assert len(await passes(database, first)) == 2
    assert await refusals(database, second) == {other: "audience"}
    assert await refusals(database, first) == {vip: "loop"}


async def test_what_a_journey_changes_about_people_does_not_bring_them_back_into_it(
    database: Database, program_id: UUID
) -> None:
    tag = {"type": "action", "action": {"type": "addTag", "addTag": {"value": "seen"}}}
    wanted = definition("participant.updated", blocks=[{"id": "tag", **tag}])
    journey_id = await add_open_journey(database, program_id, wanted)
    person = await add_person(database, program_id)
    await put_inside(database, program_id, journey_id, person, wanted, due=True)
    await advance(database, journey_id, datetime.now(UTC))
    await drain(database)
    assert len(await passes(database, journey_id)) == 1
    assert await refusals(database, journey_id) == {person: "loop"}
