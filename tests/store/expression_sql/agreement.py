"""Compares what SQL says of a condition with what the engine says, participant by participant."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.expressions import Condition, ExpressionError, compile_condition
from store.expression_sql import compile_to_sql
from store.participant_values import ParticipantValues, column_sql
from store.tables import Participant, Program, SegmentMember
from tests.store.expression_sql.generated import NOW, Conditions, participant
from tests.store.expression_sql.segment_conditions import SEGMENTS

_BOUNDS = (
    f"SELECT p.*, {column_sql('segments')} AS segments,"  # noqa: S608
    " ({c.t_lo}) IS TRUE AS t_lo, ({c.t_hi}) IS TRUE AS t_hi, ({c.f_lo}) IS TRUE AS f_lo,"
    " ({c.f_hi}) IS TRUE AS f_hi, ({c.is_fit}) IS TRUE AS is_fit, {c.certain} AS certain"
    " FROM participant AS p WHERE p.program_id = :program ORDER BY p.id"
)


@dataclass
class Tally:
    """`rechecked`: rows that only the engine could tell, of those that SQL did not rule out."""

    conditions: int = 0
    exact: int = 0
    rows: int = 0
    matched: int = 0
    errors: int = 0
    possible: int = 0
    rechecked: int = 0
    disagreements: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.conditions} conditions x {self.rows // max(1, self.conditions)} participants: "
            f"{self.exact / max(1, self.conditions):.0%} of the conditions exact, {self.matched} rows matched, "
            f"{self.errors} errors, {self.rechecked} of {self.possible} possible rows rechecked, "
            f"{len(self.disagreements)} disagreements"
        )


async def bounds(session: AsyncSession, program: Program, condition: Condition) -> Sequence[RowMapping]:
    """Every participant of the program with the five predicates and whether it is certain."""
    compiled = compile_to_sql(condition, program, NOW)
    found = await session.execute(
        text(_BOUNDS.format(c=compiled)), {**compiled.parameters, "program": program.id}
    )
    return found.mappings().all()


async def compare(session: AsyncSession, program: Program, condition: Condition, tally: Tally) -> None:
    values = ParticipantValues(condition, program, NOW)
    tally.conditions += 1
    tally.exact += compile_to_sql(condition, program, NOW).is_exact
    for row in await bounds(session, program, condition):
        verdict = condition.evaluate(values.of(row))
        is_false = not verdict.matched and verdict.error is None
        tally.rows += 1
        tally.matched += verdict.matched
        tally.errors += verdict.error is not None
        tally.possible += row["t_hi"]
        tally.rechecked += row["t_hi"] and not row["certain"]
        wrong = [
            name
            for name, is_wrong in (
                ("true too often", row["t_lo"] and row["is_fit"] and not verdict.matched),
                ("certain too often", row["certain"] and not verdict.matched),
                ("possibly true too seldom", verdict.matched and not row["t_hi"]),
                ("false too often", row["f_lo"] and row["is_fit"] and not is_false),
                ("possibly false too seldom", is_false and not row["f_hi"]),
            )
            if is_wrong
        ]
        if wrong:
            seen = {name: row[name] for name in ("attributes", "counters", "tags", "email", "created_at")}
            tally.disagreements.append(f"{condition.text}: {wrong}, engine {verdict}, {seen}")


async def add_hostile_participants(
    session: AsyncSession, program_id: UUID, count: int, random: Random
) -> None:
    people = [Participant(program_id=program_id, **participant(random)) for _ in range(count)]
    session.add_all(people)
    session.add_all(
        SegmentMember(segment_id=UUID(segment), participant_id=person.id)
        for person in people
        for segment in random.sample(SEGMENTS, random.choice((0, 1, 2, 3)))
    )
    await session.flush()


async def add_participant(
    session: AsyncSession, program_id: UUID, segments: Sequence[str] = (), **columns: Any
) -> UUID:
    person = Participant(program_id=program_id, external_id=str(Random().random()), **columns)
    session.add(person)
    session.add_all(SegmentMember(segment_id=UUID(each), participant_id=person.id) for each in segments)
    await session.flush()
    return person.id


def generate(random: Random) -> Condition:
    conditions = Conditions(random)
    while True:
        try:
            return compile_condition(conditions.condition(random.choice((0, 0, 1, 1, 2, 2, 3))))
        except ExpressionError:
            continue
