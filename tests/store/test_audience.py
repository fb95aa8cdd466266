"""Who is enrolled: exactly the participants for whom the engine says so, one by one."""

from dataclasses import replace
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.expressions import compile_condition
from store import audience, audience_preview
from store.audience import enroll_everyone, enroll_matching
from store.audience_preview import AudienceCount, count_matching, preview_audience
from store.database import Database
from store.expression_sql import SqlCondition, compile_to_sql
from store.participant_values import ParticipantValues, column_sql
from store.tables import Participant, Program, RunParticipant
from tests.store.expression_sql.agreement import add_hostile_participants, add_participant
from tests.store.expression_sql.generated import NOW
from tests.store.expression_sql.segment_conditions import SEGMENTS
from tests.store.records import add_run

CONDITIONS = [
    pytest.param('participant.attributes.plan == "pro"', id="all told by SQL"),
    pytest.param("participant.attributes.level >= 5 || participant.attributes.score < 50", id="numbers"),
    pytest.param('participant.attributes.plan.matches("^pr?o+$")', id="nothing certain"),
    pytest.param(
        'participant.attributes.plan == "pro" || participant.attributes.plan.matches("^f(r|R)ee$")',
        id="some certain, the rest asked about",
    ),
    pytest.param(
        "timestamp(participant.attributes.last_visit) < now - duration('720h')", id="times in odd forms"
    ),
    pytest.param("true", id="everyone"),
    pytest.param("false", id="nobody"),
    pytest.param("size(participant.attributes.orders) > 0", id="odd data"),
    pytest.param(f'in_segment("{SEGMENTS[0]}") || in_segment("{SEGMENTS[1]}")', id="segments"),
    pytest.param('participant.segments[0].matches("0(a|b)$")', id="segments that the engine is asked about"),
]


async def one_by_one(session: AsyncSession, program: Program, condition_text: str) -> list[UUID]:
    condition = compile_condition(condition_text)
    values = ParticipantValues(condition, program, NOW)
    rows = await session.execute(
        text(
            f"SELECT p.*, {column_sql('segments')} AS segments FROM participant AS p "  # noqa: S608
            "WHERE p.program_id = :program ORDER BY p.id"
        ),
        {"program": program.id},
    )
    return [row["id"] for row in rows.mappings() if condition.evaluate(values.of(row)).matched]


async def enroll(session: AsyncSession, run_id: UUID, program: Program, condition_text: str) -> list[int]:
    """Enrolls, and answers what the progress was told to be."""
    progress: list[int] = []
    condition = compile_condition(condition_text)
    values = ParticipantValues(condition, program, NOW)
    total = await enroll_matching(session, run_id, program.id, condition, values, progress.append)
    ledger = (
        await session.exec(
            select(RunParticipant).where(RunParticipant.run_id == run_id).order_by(col(RunParticipant.seq))
        )
    ).all()
    assert [row.seq for row in ledger] == list(range(total))
    assert sorted(row.participant_id for row in ledger) == await one_by_one(session, program, condition_text)
    return progress


async def populated(session: AsyncSession, program_id: UUID, count: int = 300) -> Program:
    await add_hostile_participants(session, program_id, count, Random(7))
    return await session.get_one(Program, program_id)


@pytest.mark.parametrize("condition", CONDITIONS)
async def test_exactly_those_that_match_are_enrolled(
    database: Database, program_id: UUID, condition: str
) -> None:
    run_id = await add_run(database, program_id)
    async with database.transaction() as session:
        program = await populated(session, program_id)
        await enroll(session, run_id, program, condition)


@pytest.mark.parametrize("condition", CONDITIONS)
async def test_the_same_are_enrolled_when_there_are_too_many_to_ask_about_at_once(
    database: Database, program_id: UUID, condition: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audience, "MAX_RECHECKED_AT_ONCE", 3)
    monkeypatch.setattr(audience, "PAGE", 20)
    run_id = await add_run(database, program_id)
    async with database.transaction() as session:
        program = await populated(session, program_id)
        progress = await enroll(session, run_id, program, condition)
    assert progress == sorted(progress)


async def test_no_more_than_a_page_of_those_asked_about_is_held(
    database: Database, program_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audience, "PAGE", 20)
    run_id = await add_run(database, program_id)
    async with database.transaction() as session:
        program = await populated(session, program_id, 50)
        condition = 'participant.external_id.matches("^x-[0-9.e-]+$")'
        assert await enroll(session, run_id, program, condition) == [20, 40, 50]


async def test_people_of_other_programs_are_left_out(database: Database, program_id: UUID) -> None:
    run_id = await add_run(database, program_id)
    async with database.transaction() as session:
        other = Program(name="Other")
        session.add(other)
        await session.flush()
        await add_participant(session, other.id, attributes={"plan": "pro"})
        mine = await add_participant(session, program_id, attributes={"plan": "pro"})
        program = await session.get_one(Program, program_id)
        await enroll(session, run_id, program, 'participant.attributes.plan == "pro"')
        enrolled = await session.exec(
            select(RunParticipant.participant_id).where(RunParticipant.run_id == run_id)
        )
        assert enrolled.all() == [mine]


async def test_everyone_is_enrolled_in_order(database: Database, program_id: UUID) -> None:
    run_id = await add_run(database, program_id)
    async with database.transaction() as session:
        await populated(session, program_id, 20)
        assert await enroll_everyone(session, run_id, program_id) == 20
        ledger = await session.exec(
            select(RunParticipant.participant_id)
            .where(RunParticipant.run_id == run_id)
            .order_by(col(RunParticipant.seq))
        )
        everyone = await session.exec(
            select(Participant.id).where(Participant.program_id == program_id).order_by(col(Participant.id))
        )
        assert ledger.all() == everyone.all()


@pytest.mark.parametrize("condition", CONDITIONS)
async def test_a_preview_counts_and_names_those_that_match(
    database: Database, program_id: UUID, condition: str
) -> None:
    compiled = compile_condition(condition)
    async with database.transaction() as session:
        program = await populated(session, program_id)
        matching = await one_by_one(session, program, condition)
        preview = await preview_audience(session, program, compiled, NOW, 5)
        counted = await count_matching(session, program, compiled, NOW)
    assert (preview.count, preview.sample) == (len(matching), matching[:5])
    assert counted == AudienceCount(len(matching), preview.rechecked)
    assert preview.exact == (preview.rechecked == 0)
    assert preview.plan_cost >= 0
    assert preview.plan_rows >= 0


@pytest.mark.parametrize(
    "condition",
    [
        pytest.param('participant.attributes.plan == "pro"', id="written at once"),
        pytest.param('participant.attributes.plan.matches("^p.o")', id="page by page"),
    ],
)
async def test_what_takes_postgresql_too_long_is_left_to_the_engine(
    database: Database, program_id: UUID, condition: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def compile_to_slow_sql(*asked: Any) -> SqlCondition:
        compiled = compile_to_sql(*asked)
        return replace(compiled, t_hi=f"({compiled.t_hi}) AND pg_sleep(30) IS NOT NULL")

    monkeypatch.setattr(audience, "SECONDS_FOR_SQL", 0.05)
    for module in (audience, audience_preview):
        monkeypatch.setattr(module, "compile_to_sql", compile_to_slow_sql)
    run_id = await add_run(database, program_id)
    async with database.transaction() as session:
        program = await populated(session, program_id, 20)
        await enroll(session, run_id, program, condition)
        assert (await session.execute(text("SHOW statement_timeout"))).scalar_one() == "0"
        matching = await one_by_one(session, program, condition)
        preview = await preview_audience(session, program, compile_condition(condition), NOW, 3)
    assert (preview.count, preview.rechecked, preview.sample) == (len(matching), 20, matching[:3])


async def test_other_statements_of_the_transaction_may_take_as_long_as_ever(
    database: Database, program_id: UUID
) -> None:
    run_id = await add_run(database, program_id)
    async with database.transaction() as session:
        program = await populated(session, program_id, 5)
        await enroll(session, run_id, program, "true")
        assert (await session.execute(text("SHOW statement_timeout"))).scalar_one() == "0"


async def preview_of(database: Database, program_id: UUID, condition: str, sample: int = 3) -> Any:
    async with database.transaction() as session:
        program = await session.get_one(Program, program_id)
        return await preview_audience(session, program, compile_condition(condition), NOW, sample)


async def test_a_preview_tells_whether_the_engine_was_asked(database: Database, program_id: UUID) -> None:
    async with database.transaction() as session:
        for plan in ("pro", "free", "pro"):
            await add_participant(session, program_id, attributes={"plan": plan})
    by_sql = await preview_of(database, program_id, 'participant.attributes.plan == "pro"')
    assert (by_sql.count, by_sql.exact, by_sql.rechecked) == (2, True, 0)
    by_engine = await preview_of(database, program_id, 'participant.attributes.plan.matches("^p.o")')
    assert (by_engine.count, by_engine.exact, by_engine.rechecked) == (2, False, 2)


async def test_a_preview_may_go_without_a_sample(database: Database, program_id: UUID) -> None:
    async with database.transaction() as session:
        await add_participant(session, program_id, attributes={"plan": "pro"})
    preview = await preview_of(database, program_id, 'participant.attributes.plan.matches("^p.o")', 0)
    assert (preview.count, preview.sample) == (1, [])


async def test_now_is_the_instant_given(database: Database, program_id: UUID) -> None:
    condition = compile_condition("days_since(participant.created_at) >= 30")
    async with database.transaction() as session:
        program = await session.get_one(Program, program_id)
        await add_participant(session, program_id, created_at=datetime(2026, 5, 1, tzinfo=UTC))
        before = await count_matching(
            session, program, condition, datetime(2026, 5, 30, 23, 59, 59, 999999, tzinfo=UTC)
        )
        after = await count_matching(session, program, condition, datetime(2026, 5, 31, tzinfo=UTC))
    assert (before.count, after.count) == (0, 1)
