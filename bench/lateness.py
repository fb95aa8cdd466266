"""Lateness: many automations due in the same second, and how long after it each has fired."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psycopg

from bench.bench_stack import Bench, bench_stack
from bench.clients import apply_load
from bench.percentiles import percentile, spread
from bench.report import Figure, Report

SAMPLE = 50
GIVE_UP_AFTER = timedelta(minutes=5)
FIRED = """
SELECT extract(epoch FROM event.created_at - run.nominal_at)::float8, run.requested_by
FROM automation_run AS run JOIN event ON event.id = run.event_id
WHERE run.program_id = %s AND run.nominal_at = %s
"""


@dataclass(frozen=True, slots=True)
class Fired:
    """Seconds from the nominal time to each event, and who delivered the occurrence."""

    lateness: list[float]
    delivered_by: list[str]


async def measure_lateness(automations: int = 1_000, jitter_seconds: int = 30) -> Report:
    """`automations` on one minute without jitter, then as many on a later minute with it; program scope."""
    async with bench_stack() as bench:
        sharp = await _fire_together(bench, automations, 0)
        spread_out = await _fire_together(await bench.add_program(), automations, jitter_seconds)
    return Report("lateness", [*_figures_sharp(sharp), *_figures_jittered(spread_out, sharp, jitter_seconds)])


async def _fire_together(bench: Bench, count: int, jitter_seconds: int) -> Fired:
    """Create `count` automations due in one minute, wait for it, and look at what happened."""
    sample = await apply_load(range(min(SAMPLE, count)), lambda number: bench.create(f"sample {number}"))
    minute = _whole_minute(datetime.now(UTC) + timedelta(seconds=10 + 1.5 * count / sample.per_second))

    async def create(number: int) -> None:
        trigger = {"type": "cron", "cron_expression": f"{minute.minute} {minute.hour} * * *"}
        await bench.create(f"due {number}", trigger=trigger, jitter_seconds=jitter_seconds)

    await apply_load(range(count), create)
    if datetime.now(UTC) >= minute:
        raise RuntimeError("creating the automations took longer than foreseen: the machine is too busy")
    return await _all_fired(bench, minute, count)


def _whole_minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0) + timedelta(minutes=1)


async def _all_fired(bench: Bench, minute: datetime, count: int) -> Fired:
    async with await psycopg.AsyncConnection.connect(bench.database_url, autocommit=True) as connection:
        while True:
            rows = await (await connection.execute(FIRED, (bench.program_id, minute))).fetchall()
            if len(rows) == count:
                return Fired([seconds for seconds, _ in rows], [by for _, by in rows])
            if datetime.now(UTC) > minute + GIVE_UP_AFTER:
                raise RuntimeError(f"only {len(rows)} of {count} fired within {GIVE_UP_AFTER}")
            # Seldom enough that looking does not slow what is looked at.
            await asyncio.sleep(2)


def _figures_sharp(fired: Fired) -> list[Figure]:
    own = sum(by != "schedule" for by in fired.delivered_by)
    return [
        Figure("no jitter, p50", percentile(fired.lateness, 50), "s", None, spread(fired.lateness)),
        Figure("no jitter, p99", percentile(fired.lateness, 99), "s", None, f"{own:,} by their own timer"),
        Figure("no jitter, max", max(fired.lateness), "s"),
    ]


def _figures_jittered(fired: Fired, sharp: Fired, jitter_seconds: int) -> list[Figure]:
    """An occurrence's own delay is the server's secret: what is beyond the longest delay is late for certain."""
    name = f"jitter of {jitter_seconds} s"
    own = sum(by != "schedule" for by in fired.delivered_by)
    beyond = [max(0.0, seconds - jitter_seconds) for seconds in fired.lateness]
    p99 = percentile(fired.lateness, 99)
    return [
        Figure(f"{name}, p50", percentile(fired.lateness, 50), "s", None, spread(fired.lateness)),
        Figure(f"{name}, p99", p99, "s", p99 / percentile(sharp.lateness, 99), f"{own:,} by their own timer"),
        Figure(f"{name}, p99 beyond it", percentile(beyond, 99), "s", None, f"max {max(beyond):,.1f}"),
    ]
