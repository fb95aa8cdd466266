"""Past events in the order in which they were stored, found in an index."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.rules.counterfactual import PastEvent
from domain.rules.rule import Gate
from store import event_history
from store.database import Database
from store.event_history import EventHistory, RecordedRuns, newest_left_out, pages_behind, recorded_runs
from store.rule_pages import plan_for_lists
from tests.store.rule_history import NOON, add_event, add_rule_run
from tests.store.test_rule_list_plans import Plans, assert_found_in_indexes, nodes


def of(program_id: UUID, *types: str) -> EventHistory:
    """The events of an hour from noon on."""
    return EventHistory(program_id, frozenset(types or ("purchase",)), NOON, NOON + timedelta(hours=1))


async def pages(database: Database, history: EventHistory, most: int = 100) -> list[list[PastEvent]]:
    async with database.transaction() as session:
        left_out = await newest_left_out(session, history, most)
        return [page async for page in pages_behind(session, history, left_out)]


async def ids(database: Database, history: EventHistory, most: int = 100) -> list[UUID]:
    return [event.id for page in await pages(database, history, most) for event in page]


async def test_events_come_oldest_first_and_only_those_asked_for(
    database: Database, program_id: UUID
) -> None:
    last = await add_event(database, program_id, 60)
    first = await add_event(database, program_id, 0)
    refund = await add_event(database, program_id, 30, type="refund")
    await add_event(database, program_id, -0.01)
    await add_event(database, program_id, 60.01)
    assert await ids(database, of(program_id)) == [first.id, last.id]
    assert await ids(database, of(program_id, "purchase", "refund")) == [first.id, refund.id, last.id]
    assert await ids(database, of(program_id, "none")) == []
    assert await ids(database, of(uuid4())) == []


@pytest.mark.parametrize("size", [1, 2, 3, 7])
async def test_pages_leave_nothing_out_and_repeat_nothing(
    database: Database, program_id: UUID, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(event_history, "PAGE", size)
    made = [(await add_event(database, program_id, minute // 2)).id for minute in range(6)]
    found = await pages(database, of(program_id))
    assert sorted(event.id for page in found for event in page) == sorted(made)
    assert all(0 < len(page) <= size for page in found)


async def test_events_of_one_instant_come_in_the_order_in_which_they_were_stored(
    database: Database, program_id: UUID
) -> None:
    made = [(await add_event(database, program_id)).id for _ in range(5)]
    assert await ids(database, of(program_id)) == made


@pytest.mark.parametrize("most", [1, 2, 3])
async def test_the_newest_are_kept_when_there_are_too_many(
    database: Database, program_id: UUID, most: int
) -> None:
    made = [(await add_event(database, program_id, minute)).id for minute in range(3)]
    assert await ids(database, of(program_id), most) == made[-most:]


async def test_an_event_is_as_of_when_it_was_processed_or_else_of_now(
    database: Database, program_id: UUID
) -> None:
    person, chain = uuid4(), [uuid4()]
    processed_at = NOON + timedelta(minutes=20)
    fields: dict[str, Any] = {"participant_id": person, "rule_chain": chain}
    done = await add_event(database, program_id, 1, processed_at=processed_at, **fields)
    waiting = await add_event(database, program_id, 2, status="PENDING")
    history = of(program_id)
    ((first, second),) = await pages(database, history)
    assert first == PastEvent(
        id=done.id,
        type="purchase",
        participant_id=person,
        conversation_id=None,
        subject_id=person,
        chain=chain,
        data={"type": "purchase", "amount": 1},
        created_at=NOON + timedelta(minutes=1),
        at=processed_at,
    )
    assert (second.subject_id, second.at) == (waiting.id, history.until)


async def test_what_the_runs_of_one_rule_recorded_is_counted(database: Database, program_id: UUID) -> None:
    rule_id = uuid4()
    for stopped_by in (None, Gate.COOLDOWN, Gate.CONDITIONS):
        event = await add_event(database, program_id)
        await add_rule_run(database, event, rule_id=rule_id, stopped_by=stopped_by)
        await add_rule_run(database, event)
    elsewhere = await add_event(database, program_id, 90)
    await add_rule_run(database, elsewhere, rule_id=rule_id)
    (page,) = await pages(database, of(program_id))
    async with database.transaction() as session:
        recorded = await recorded_runs(session, rule_id, page)
    assert recorded == RecordedRuns(runs=3, matched=2, executed=1)
    assert recorded + recorded == RecordedRuns(runs=6, matched=4, executed=2)


async def test_all_of_it_is_found_in_indexes(database: Database, program_id: UUID) -> None:
    for minute in range(20):
        await add_rule_run(database, await add_event(database, program_id, minute))
    with Plans(database) as plans:
        async with database.transaction() as session:
            await plan_for_lists(session)
            history = of(program_id)
            left_out = await newest_left_out(session, history, 10)
            async for page in pages_behind(session, history, left_out):
                await recorded_runs(session, uuid4(), page)
    assert_found_in_indexes(plans)
    left_out_plan, page_plan, recorded_plan = plans.found
    for plan, index in (
        (left_out_plan, "event_program_page"),
        (page_plan, "event_program_page"),
        (recorded_plan, "rule_run_of_event"),
    ):
        assert index in {node.get("Index Name") for node in nodes(plan)}, plan
