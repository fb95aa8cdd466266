"""Events through the rules: from a client's request to the effect, at a steady rate and at the highest one."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import psycopg

from bench.bench_stack import Bench, bench_stack
from bench.people import populate
from bench.percentiles import percentile, spread
from bench.report import Figure, Report

PEOPLE = 10_000
BATCHES_A_SECOND = 25
MILLISECONDS = 1_000
DRAIN_SECONDS = 120
# What the pump commits is told to the benchmark as it is committed, and the pump does nothing else for it.
WATCH = (
    """
    CREATE FUNCTION tell_bench() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_notify('bench_done', NEW.idempotency_key);
        RETURN NULL;
    END
    $$
    """,
    "CREATE TRIGGER bench_told AFTER UPDATE ON event FOR EACH ROW "
    "WHEN (NEW.status = 'COMPLETED' AND NEW.idempotency_key IS NOT NULL) EXECUTE FUNCTION tell_bench()",
)
QUEUED = "SELECT count(*) FROM event WHERE status IN ('RECEIVED', 'PENDING')"
WRITTEN = (
    "SELECT (SELECT count(*) FROM rule_run), (SELECT count(*) FROM rule_run WHERE executed), "
    "(SELECT count(*) FROM event WHERE status = 'COMPLETED'), (SELECT count(*) FROM event)"
)


@dataclass(frozen=True, slots=True)
class Layout:
    """How the rules are spread: `types` types of events, each with so many rules that listen to it."""

    rules: int
    types: int

    @property
    def name(self) -> str:
        return f"{self.rules} rules, {self.rules // self.types} ask each event"


@dataclass(slots=True)
class Flow:
    """What came of a load: ms from request to effect by event, from the answer (the event is stored) to the effect
    by event, and from request to answer by request; the backlog each second."""

    rate: int
    latencies: list[float] = field(default_factory=list)
    since_stored: list[float] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)
    backlog: list[int] = field(default_factory=list)
    sent: int = 0
    seconds: float = 0.0
    drained: float = 0.0

    @property
    def is_flat(self) -> bool:
        """The whole load was sent on time, and what was queued at its end was done within a second."""
        return self.sent / self.seconds > 0.97 * self.rate and self.drained < 1.0


async def measure_events(
    rate: int = 500,
    seconds: int = 30,
    layouts: tuple[Layout, ...] = (Layout(50, 10), Layout(50, 1)),
    ladder: tuple[int, ...] = (750, 1_000, 1_500, 2_000, 2_500, 3_000),
    step_seconds: int = 8,
) -> Report:
    """Each layout on a stack of its own, first at `rate`, then up the ladder until the backlog grows."""
    figures: list[Figure] = []
    for layout in layouts:
        async with bench_stack() as bench:
            figures += await _measure_layout(bench, layout, rate, seconds, ladder, step_seconds)
    return Report("events", figures)


async def _measure_layout(
    bench: Bench, layout: Layout, rate: int, seconds: int, ladder: tuple[int, ...], step_seconds: int
) -> list[Figure]:
    await asyncio.to_thread(populate, bench.database_url, bench.program_id, PEOPLE, PEOPLE // 10)
    async with _pump_watch(bench) as watch:
        await _add_rules(bench, layout)
        await watch.warm_up(layout, rate)
        flow = await watch.apply(layout, rate, seconds)
        figures = [
            Figure(
                f"{layout.name}: request to effect at {rate:,}/s",
                percentile(flow.latencies, 50),
                "ms",
                None,
                f"{spread(flow.latencies)}; answered p50 {percentile(flow.answers, 50):,.0f}",
            ),
            Figure(
                f"{layout.name}: stored to effect at {rate:,}/s",
                percentile(flow.since_stored, 50),
                "ms",
                None,
                spread(flow.since_stored),
            ),
            Figure(f"{layout.name}: largest backlog", max(flow.backlog), "events", None, _flatness(flow)),
        ]
        best = flow if flow.is_flat else None
        for step in ladder:
            climbed = await watch.apply(layout, step, step_seconds)
            if not climbed.is_flat:
                break
            best = climbed
        highest = best.rate if best else 0
        note = f"p50 {percentile(best.latencies, 50):,.0f} ms there" if best else ""
        runs, executed, done, stored = await watch.one(WRITTEN)
        figures.append(Figure(f"{layout.name}: highest rate with a flat backlog", highest, "/s", None, note))
        figures.append(
            Figure(
                f"{layout.name}: rule runs",
                runs,
                "rows",
                None,
                f"{executed:,} executed, {done:,} of {stored:,} done",
            )
        )
        return figures


def _flatness(flow: Flow) -> str:
    return f"{flow.sent:,} events in {flow.seconds:.1f} s, the last done {flow.drained * MILLISECONDS:,.0f} ms later"


async def _add_rules(bench: Bench, layout: Layout) -> None:
    """Each rule asks two things of the event and one of the person; one of ten events meets it."""
    for number in range(layout.rules):
        body = {
            "name": f"rule {number}",
            "trigger_type": f"bench.{number % layout.types}",
            "conditions": f'event.amount >= 10 && event.lane == {number} && "newsletter" in participant.tags',
            "actions": [{"type": "counter", "name": f"rule_{number}", "add": 1}],
        }
        answer = await bench.http.post(
            "/v1/automation/rules", json=body, headers={"X-Program-Id": bench.program_id}
        )
        answer.raise_for_status()


@asynccontextmanager
async def _pump_watch(bench: Bench) -> AsyncIterator["_PumpWatch"]:
    connect = psycopg.AsyncConnection.connect
    async with (
        await connect(bench.database_url, autocommit=True) as hearing,
        await connect(bench.database_url, autocommit=True) as asking,
    ):
        for statement in WATCH:
            await asking.execute(statement)
        await hearing.execute("LISTEN bench_done")
        watch = _PumpWatch(bench, hearing, asking)
        listener = asyncio.create_task(watch.listen())
        try:
            yield watch
        finally:
            listener.cancel()


class _PumpWatch:
    """Sends events at a rate, and hears of each as its effects are committed."""

    def __init__(
        self,
        bench: Bench,
        hearing: psycopg.AsyncConnection[tuple[Any, ...]],
        asking: psycopg.AsyncConnection[tuple[Any, ...]],
    ) -> None:
        self._bench = bench
        self._hearing = hearing
        self._asking = asking
        self._sent_at: dict[str, float] = {}
        self._answered_at: dict[str, float] = {}
        self._flow = Flow(0)

    async def listen(self) -> None:
        async for notice in self._hearing.notifies():
            begun = self._sent_at.pop(notice.payload, None)
            if begun is not None:
                now = time.perf_counter()
                # An effect may be there before the answer has been read.
                stored = self._answered_at.pop(notice.payload, now)
                self._flow.latencies.append((now - begun) * MILLISECONDS)
                self._flow.since_stored.append((now - stored) * MILLISECONDS)

    async def one(self, query: str) -> Any:
        return await (await self._asking.execute(query)).fetchone()

    async def warm_up(self, layout: Layout, rate: int) -> None:
        """A few seconds that are not measured; the database then knows its tables as a running one does."""
        await self.apply(layout, rate, 3)
        await self._asking.execute("ANALYZE")

    async def apply(self, layout: Layout, rate: int, seconds: int) -> Flow:
        """`rate` events a second for so long, in BATCHES_A_SECOND requests; then wait until all are done."""
        flow = Flow(rate)
        self._flow = flow
        size = rate // BATCHES_A_SECOND
        begun = time.perf_counter()
        sampler = asyncio.create_task(self._sample(flow))
        async with asyncio.TaskGroup() as group:
            for tick in range(seconds * BATCHES_A_SECOND):
                due = begun + tick / BATCHES_A_SECOND
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                group.create_task(self._send(layout, tick, size, flow.answers))
                flow.sent += size
        flow.seconds = time.perf_counter() - begun
        ended = time.perf_counter()
        while self._sent_at and time.perf_counter() < ended + DRAIN_SECONDS:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        flow.drained = time.perf_counter() - ended
        sampler.cancel()
        if self._sent_at:
            raise RuntimeError(f"{len(self._sent_at)} events were not processed in {DRAIN_SECONDS} s")
        return flow

    async def _send(self, layout: Layout, tick: int, size: int, answers: list[float]) -> None:
        events = []
        for number in range(size):
            count = tick * size + number
            events.append(
                {
                    "external_id": f"p-{1 + count * 7 % PEOPLE}",
                    "idempotency_key": uuid4().hex,
                    "event_data": {
                        "type": f"bench.{count % layout.types}",
                        "amount": count % 100,
                        "lane": count % layout.rules,
                    },
                }
            )
        begun = time.perf_counter()
        self._sent_at |= {event["idempotency_key"]: begun for event in events}  # type: ignore[misc]
        body = {"program_id": self._bench.program_id, "events": events}
        (await self._bench.http.post("/v1/events/batch", json=body)).raise_for_status()
        answered = time.perf_counter()
        answers.append((answered - begun) * MILLISECONDS)
        self._answered_at |= {
            event["idempotency_key"]: answered
            for event in events
            if event["idempotency_key"] in self._sent_at
        }

    async def _sample(self, flow: Flow) -> None:
        while True:
            flow.backlog.append((await self.one(QUEUED))[0])
            await asyncio.sleep(1)
