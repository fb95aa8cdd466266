"""Who is in a segment: exactly those for whom its condition holds, and only what changed is written."""

import asyncio
from datetime import timedelta
from random import Random
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from domain.expressions import compile_condition
from domain.segments import SegmentStatus
from store import audience
from store.database import Database
from store.participants import erase_participant
from store.segment_refresh import begin_evaluation, evaluate, give_up
from store.segments import delete_segment, lock_segment
from store.tables import Participant, Program
from tests.store.expression_sql.agreement import add_hostile_participants
from tests.store.segmenting import NOON, VIP, add_segment, members, put_in, refresh, segment_of
from tests.store.test_audience import one_by_one
from tests.store.watching import add_people

LATER = NOON + timedelta(minutes=5)
CONDITIONS = [
    pytest.param('participant.attributes.plan == "pro"', id="all told by SQL"),
    pytest.param('participant.attributes.plan.matches("^pr?o+$")', id="nothing certain"),
    pytest.param(
        'participant.attributes.plan == "pro" || participant.attributes.plan.matches("^f(r|R)ee$")',
        id="some certain, the rest asked about",
    ),
    pytest.param("true", id="everyone"),
    pytest.param("false", id="nobody"),
]


async def change_tags(database: Database, participant_id: UUID, *tags: str) -> None:
    async with database.transaction() as session:
        (await session.get_one(Participant, participant_id)).tags = list(tags)


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("held", [20_000, 3])
async def test_exactly_those_that_match_are_members(
    database: Database, program_id: UUID, condition: str, held: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audience, "MAX_RECHECKED_AT_ONCE", held)
    monkeypatch.setattr(audience, "PAGE", 20)
    async with database.transaction() as session:
        await add_hostile_participants(session, program_id, 100, Random(7))
        program = await session.get_one(Program, program_id)
        matching = await one_by_one(session, program, condition)
    segment_id = await add_segment(database, program_id, condition)
    assert await refresh(database, segment_id)
    assert sorted(await members(database, segment_id)) == matching
    segment = await segment_of(database, segment_id)
    assert (segment.status, segment.member_count) == (SegmentStatus.READY.value, len(matching))
    assert segment.refreshed_at == segment.attempted_at == NOON


async def test_who_enters_and_who_leaves_is_written_and_who_stays_is_left_alone(
    database: Database, program_id: UUID
) -> None:
    stays, leaves, enters = await add_people(
        database, program_id, {"tags": ["vip"]}, {"tags": ["vip"]}, {"tags": []}
    )
    segment_id = await add_segment(database, program_id)
    await refresh(database, segment_id)
    assert await members(database, segment_id) == {stays: NOON, leaves: NOON}
    await change_tags(database, leaves)
    await change_tags(database, enters, "vip")
    assert await refresh(database, segment_id, LATER)
    assert await members(database, segment_id) == {stays: NOON, enters: LATER}
    assert (await segment_of(database, segment_id)).member_count == 2


async def test_repeating_a_refresh_writes_no_row_of_a_member(database: Database, program_id: UUID) -> None:
    await add_people(database, program_id, {"tags": ["vip"]}, {"tags": ["vip"]})
    segment_id = await add_segment(database, program_id)
    versions = text("SELECT participant_id, xmin::text FROM segment_member WHERE segment_id = :id ORDER BY 1")
    seen = []
    for now in (NOON, LATER):
        await refresh(database, segment_id, now)
        async with database.transaction() as session:
            seen.append((await session.execute(versions, {"id": segment_id})).all())
    assert len(seen[0]) == 2
    assert seen[0] == seen[1]


async def test_people_of_other_programs_and_members_of_other_segments_are_left_out(
    database: Database, program_id: UUID
) -> None:
    async with database.transaction() as session:
        other = Program(name="Other")
        session.add(other)
    (mine,) = await add_people(database, program_id, {"tags": ["vip"]})
    (theirs,) = await add_people(database, other.id, {"tags": ["vip"]})
    segment_id, other_id = await add_segment(database, program_id), await add_segment(database, other.id)
    await put_in(database, other_id, theirs)
    await refresh(database, segment_id)
    assert set(await members(database, segment_id)) == {mine}
    assert set(await members(database, other_id)) == {theirs}


async def test_a_request_is_answered_by_the_refresh_that_saw_it(database: Database, program_id: UUID) -> None:
    segment_id = await add_segment(database, program_id, refresh_requested_at=NOON)
    async with database.transaction() as session:
        evaluation = await begin_evaluation(session, segment_id, NOON)
        assert evaluation is not None
        async with database.transaction() as other:
            segment = await lock_segment(other, program_id, segment_id)
            assert segment is not None
            segment.refresh_requested_at = LATER
        await evaluate(session, evaluation, compile_condition(VIP), lambda _: None)
    assert (await segment_of(database, segment_id)).refresh_requested_at == LATER
    await refresh(database, segment_id)
    assert (await segment_of(database, segment_id)).refresh_requested_at is None


async def test_a_segment_is_evaluated_by_one_at_a_time(database: Database, program_id: UUID) -> None:
    segment_id = await add_segment(database, program_id)
    async with database.transaction() as session:
        assert await begin_evaluation(session, segment_id, NOON) is not None
        assert await refresh(database, segment_id) is False
    assert await refresh(database, segment_id) is True


@pytest.mark.parametrize("change", ["condition", "deletion"])
async def test_what_was_found_for_a_segment_that_has_changed_meanwhile_is_dropped(
    database: Database, program_id: UUID, change: str
) -> None:
    await add_people(database, program_id, {"tags": ["vip"]})
    segment_id = await add_segment(database, program_id)
    async with database.transaction() as session:
        evaluation = await begin_evaluation(session, segment_id, NOON)
        assert evaluation is not None
        async with database.transaction() as other:
            segment = await lock_segment(other, program_id, segment_id)
            assert segment is not None
            if change == "condition":
                segment.expression = "true"
            else:
                await delete_segment(other, segment)
        assert await evaluate(session, evaluation, compile_condition(VIP), lambda _: None) is False
        await give_up(session, evaluation, "too slow")
    assert await members(database, segment_id) == {}
    if change == "condition":
        assert (await segment_of(database, segment_id)).status == SegmentStatus.PENDING.value


async def test_one_that_is_gone_is_not_evaluated(database: Database) -> None:
    assert await refresh(database, uuid4()) is False


async def test_a_segment_that_was_given_up_keeps_its_members_and_says_why(
    database: Database, program_id: UUID
) -> None:
    (person,) = await add_people(database, program_id, {"tags": ["vip"]})
    segment_id = await add_segment(database, program_id, refresh_requested_at=NOON)
    await refresh(database, segment_id)
    async with database.transaction() as session:
        evaluation = await begin_evaluation(session, segment_id, LATER)
        assert evaluation is not None
        await give_up(session, evaluation, "too slow")
    segment = await segment_of(database, segment_id)
    assert (segment.status, segment.error) == (SegmentStatus.FAILED.value, "too slow")
    assert (segment.refreshed_at, segment.attempted_at) == (NOON, LATER)
    assert set(await members(database, segment_id)) == {person}
    await refresh(database, segment_id, LATER)
    segment = await segment_of(database, segment_id)
    assert (segment.status, segment.error) == (SegmentStatus.READY.value, None)


async def test_who_is_erased_while_a_segment_is_refreshed_is_in_it_no_more(
    database: Database, program_id: UUID
) -> None:
    person, other = await add_people(database, program_id, {"tags": ["vip"]}, {"tags": ["vip"]})
    segment_id = await add_segment(database, program_id)

    async def erase() -> None:
        async with database.transaction() as session:
            assert await erase_participant(session, program_id, person)

    async with database.transaction() as session:
        evaluation = await begin_evaluation(session, segment_id, NOON)
        assert evaluation is not None
        await evaluate(session, evaluation, compile_condition(VIP), lambda _: None)
        erasing = asyncio.create_task(erase())
        await asyncio.wait({erasing}, timeout=0.3)
        assert not erasing.done()
    await erasing
    assert set(await members(database, segment_id)) == {other}
