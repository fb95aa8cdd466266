"""Data past every limit, which only somebody with the database at hand could store: SQL does not claim to know it."""

import json
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from domain.expressions import compile_condition
from domain.segments import MOST_SEGMENTS_OF_A_PROGRAM
from store.database import Database
from store.tables import Program
from tests.store.expression_sql.agreement import Tally, add_participant, compare

CONDITIONS = [
    'participant.attributes.plan == "pro" || participant.attributes.x == 1',
    'participant.attributes.plan == "pro" || has(participant.attributes.x)',
    'participant.attributes.plan == "pro" || size(participant.attributes) > 100',
    'participant.attributes.plan == "pro" || participant.attributes.x.exists(i, i == 1)',
    '["a", "b"].all(k, participant.attributes.x.exists(j, j == 1))',
    "participant.attributes.x >= 1 || participant.attributes.x < 1 || participant.attributes.x == 1.0",
    "participant.attributes.x * 2.0 > 1.0 || participant.attributes.x + 1 > 1",
    '"plan" in participant.attributes && size(participant.attributes) == 1',
    '"vip" in participant.tags || participant.attributes.plan == "pro"',
    'participant.tags.exists(t, t == "vip")',
    'participant.consent.email == "on" || participant.consent.sms != "off"',
    'has(participant.consent.sms) || participant.consent.all(k, k != "zz")',
    'participant.first_name.startsWith("A") || participant.has_email',
]
ATTRIBUTES: list[Any] = [
    {"x": 2**64},
    {"x": -(2**63) - 1},
    {"x": 2**63},
    {"x": [2**64]},
    {"x": "y" * 8_193},
    {"x": ["y" * 8_193]},
    {"x": [1] * 1_001},
    {"x": list(range(200))},
    {"x": {str(number): 1 for number in range(1_001)}},
    {"x": [[[[[[[[[[1]]]]]]]]]]},
    ["plan"],
    "plan",
    None,
    7,
]
RAW_NUMBERS = [
    "0.99999999999999999999",
    "1.00000000000000000001",
    "1e400",
    "1e-400",
    "9007199254740993.5",
    "1.50",
]


async def disagreements(
    database: Database, program_id: UUID, column: str, values: list[str], type_: str
) -> list[str]:
    tally = Tally()
    async with database.transaction() as session:
        program = await session.get_one(Program, program_id)
        # Triggers that keep a history would refuse some of this.
        await session.execute(text("SET LOCAL session_replication_role = replica"))
        for value in values:
            person = await add_participant(
                session, program_id, first_name="Ada", tags=["vip"], attributes={"plan": "pro"}
            )
            await session.execute(
                text(f"UPDATE participant SET {column} = CAST(:value AS {type_}) WHERE id = :id"),  # noqa: S608
                {"value": value, "id": person},
            )
        for condition in CONDITIONS:
            await compare(session, program, compile_condition(condition), tally)
    assert tally.rows == len(values) * len(CONDITIONS)
    return tally.disagreements


async def test_documents_past_the_limits(database: Database, program_id: UUID) -> None:
    documents = [json.dumps(value) for value in ATTRIBUTES]
    with_plan = [json.dumps({"plan": "pro"} | value) for value in ATTRIBUTES if isinstance(value, dict)]
    assert await disagreements(database, program_id, "attributes", documents + with_plan, "jsonb") == []


async def test_numbers_that_no_double_prints_as(database: Database, program_id: UUID) -> None:
    documents = [f'{{"x": {number}, "plan": "free"}}' for number in RAW_NUMBERS]
    assert await disagreements(database, program_id, "attributes", documents, "jsonb") == []


@pytest.mark.parametrize(
    "consent", ['{"email": 3, "sms": "on"}', '{"email": null}', "[]", '{"sms": {"a": 1}}']
)
async def test_consent_that_is_no_text(database: Database, program_id: UUID, consent: str) -> None:
    assert await disagreements(database, program_id, "consent", [consent], "jsonb") == []


async def test_tags_that_are_no_texts_or_too_many(database: Database, program_id: UUID) -> None:
    values = [
        "{vip,NULL}",
        "{{vip,a},{b,c}}",
        "{" + ",".join(["vip"] * 1_001) + "}",
        "{vip," + "x" * 8_193 + "}",
    ]
    assert await disagreements(database, program_id, "tags", values, "text[]") == []


async def test_texts_that_are_too_long(database: Database, program_id: UUID) -> None:
    assert await disagreements(database, program_id, "first_name", ["A" * 8_193, "A" * 8_192], "text") == []


async def test_more_segments_than_loops_may_go_through(database: Database, program_id: UUID) -> None:
    tally = Tally()
    async with database.transaction() as session:
        program = await session.get_one(Program, program_id)
        for most in (1, 40, MOST_SEGMENTS_OF_A_PROGRAM):
            await add_participant(session, program_id, [str(UUID(int=number)) for number in range(most)])
        for condition in (
            "participant.segments.all(s, participant.segments.all(t, t != s || t == s))",
            f'in_segment("{UUID(int=0)}")',
        ):
            await compare(session, program, compile_condition(condition), tally)
    assert tally.disagreements == []
    assert (tally.matched, tally.errors) == (5, 1)
