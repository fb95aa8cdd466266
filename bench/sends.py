"""Messages to many people, by mail and by SMS, against a client that does nothing but send to the same sink."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

import httpx
import psutil
import psycopg

from bench.bare_clients import mails_per_second, texts_per_second
from bench.bench_stack import Bench, bench_stack
from bench.fan_out import participants_per_second, run_once
from bench.memory_watch import MEBIBYTE, MemoryWatch
from bench.people import populate
from bench.report import Figure, Report

CONNECTIONS = 16
# Of each hundred messages one is refused, cut off before it is taken, or cut off after.
FAULTS = {"broken": 0.004, "cut": 0.003, "cut_after": 0.003}
# As one that writes to its disk, or is far away, answers.
UNHURRIED_SECONDS = 0.02
BODY = "You have {{ participant.counters.points }} points, {{ participant.first_name }}."
PHONES = (
    "UPDATE participant SET phone = '+346' || lpad(substr(external_id, 3), 8, '0'), "
    """consent = '{"email": "subscribed", "sms": "subscribed"}' WHERE program_id = %s"""
)
LEDGER = "SELECT outcome, count(*) FROM run_participant WHERE run_id = %s GROUP BY outcome"
SPAN = (
    "SELECT count(*), extract(epoch FROM max(settled_at) - min(created_at)) FROM message "
    "WHERE run_id = %s AND status = 'sent'"
)


@dataclass(frozen=True, slots=True)
class Way:
    """`arrivals`: how often something arrived, by the sink's own count, and by whom it was for or by its key.
    `seconds`: how long the sink takes over each that it does not spoil."""

    name: str
    action: dict[str, Any]
    sink_url: str
    faults_path: str
    arrivals: Callable[[], Awaitable[Counter[str]]]
    bare: Callable[[int], Awaitable[float]]
    seconds: float = 0.0


async def measure_sends(people: int = 50_000, bare: int = 5_000) -> Report:
    """A run over so many people for each way, with 1 % faults, after `bare` messages of the bare client."""
    settings = {
        "CARILLON_SMTP_CONNECTIONS": str(CONNECTIONS),
        "CARILLON_TWILIO_CONNECTIONS": str(CONNECTIONS),
    }
    figures = []
    async with bench_stack(settings) as bench:
        await asyncio.to_thread(_populate, bench, people)
        watch = MemoryWatch(psutil.Process(bench.stack.pid("worker")), [])
        sampling = asyncio.create_task(watch.sample())
        for way in _ways(bench):
            figures += await _measure(bench, way, watch, bare)
        sampling.cancel()
    figures.append(Figure("worker memory, highest", max(watch.samples) / MEBIBYTE, "MiB"))
    return Report("sends", figures)


def _populate(bench: Bench, people: int) -> None:
    populate(bench.database_url, bench.program_id, people, 0)
    with psycopg.connect(bench.database_url, autocommit=True) as connection:
        connection.execute(PHONES, [bench.program_id])
        connection.execute("VACUUM ANALYZE participant")


def _ways(bench: Bench) -> tuple[Way, ...]:
    addresses = bench.stack.addresses

    async def mails() -> Counter[str]:
        return Counter(await _get(f"{addresses.inbox_url}/api/recipients"))

    async def texts() -> Counter[str]:
        return Counter(await _get(f"{addresses.sms_url}/sink/arrivals"))

    email = Way(
        "email",
        {"type": "send_message", "channel": "email", "subject": "Hello", "body": BODY},
        addresses.inbox_url,
        "/api/faults",
        mails,
        lambda count: mails_per_second(addresses.smtp_address, count, CONNECTIONS),
    )
    return (
        email,
        replace(email, name=f"email at {UNHURRIED_SECONDS * 1000:.0f} ms", seconds=UNHURRIED_SECONDS),
        Way(
            "sms",
            {"type": "send_message", "channel": "sms", "body": BODY},
            addresses.sms_url,
            "/sink/faults",
            texts,
            lambda count: texts_per_second(addresses.sms_url, count, CONNECTIONS),
        ),
    )


async def _measure(bench: Bench, way: Way, watch: MemoryWatch, bare: int) -> list[Figure]:
    async with httpx.AsyncClient(base_url=way.sink_url) as sink:
        shares = FAULTS | ({"slow": 1 - sum(FAULTS.values())} if way.seconds else {})
        # Without callbacks: the bare client has none either.
        faults = {"shares": shares, "slow_seconds": way.seconds, "callbacks": []}
        (await sink.post(way.faults_path, json=faults)).raise_for_status()
    ceiling = await way.bare(bare)
    before = await way.arrivals()
    run = await run_once(bench, f"by {way.name}", action=way.action)
    arrivals = await way.arrivals() - before
    counts = run["counts"]
    sent, seconds = await asyncio.to_thread(_checked, bench, run)
    arrived = len(arrivals)
    assert max(arrivals.values()) == 1, "a message arrived twice"
    assert counts["sent"] <= arrived <= counts["sent"] + counts["unknown"], (counts, arrived)
    rate = sent / seconds
    memory = watch.samples[-1] / MEBIBYTE
    note = (
        f"{counts['sent']:,} sent, {counts['failed']:,} failed, {counts['unknown']:,} unknown, {arrived:,} arrived; "
        f"whole run {participants_per_second(run):,.0f}/s; worker at {memory:,.0f} MiB after"
    )
    return [
        Figure(f"{way.name}, bare client", ceiling, "messages/s", 1, f"{CONNECTIONS} connections"),
        Figure(f"{way.name}, a run", rate, "messages/s", rate / ceiling, note),
    ]


def _checked(bench: Bench, run: dict[str, Any]) -> tuple[int, float]:
    """How many were sent in how many seconds, first claim to last answer. The ledger is counted beside the API."""
    with psycopg.connect(bench.database_url) as connection:
        ledger: dict[str, int] = dict(connection.execute(LEDGER, [run["id"]]).fetchall())
        sent, seconds = connection.execute(SPAN, [run["id"]]).fetchone() or (0, 1)
    counts = run["counts"]
    assert counts["total"] == sum(ledger.values())
    assert {name: counts[name] for name in ("sent", "failed", "unknown")} == {
        name: ledger.get(name, 0) for name in ("sent", "failed", "unknown")
    }
    return sent, float(seconds)


async def _get(url: str) -> Any:
    async with httpx.AsyncClient(timeout=60) as client:
        return (await client.get(url)).raise_for_status().json()
