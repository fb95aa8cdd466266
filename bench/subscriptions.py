"""Subscriptions of a participant_state automation: evaluating them, following changes, and firing those due."""

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

from bench.bench_stack import CLIENTS, Bench, bench_stack
from bench.clients import Load, apply_load
from bench.people import populate
from bench.report import Figure, Report
from domain.contract import automation_workflow_id

TRIGGER = {
    "type": "participant_state",
    "schedule_type": "ATTRIBUTE_DATE",
    "schedule_config": {"attribute": "renews_at", "recurrence": "once"},
}
RENEW = """
UPDATE participant SET attributes = attributes || jsonb_build_object('renews_at', %(at)s::text)
WHERE program_id = %(program)s AND (NOT %(sampled)s OR 'sample' = ANY(tags))
"""
PEOPLE = "SELECT id::text FROM participant WHERE program_id = %s AND NOT 'sample' = ANY(tags) LIMIT %s"
EVENTS = "SELECT count(*), max(created_at) FROM event WHERE automation_id = %s"
FAR = timedelta(days=400)
KIBIBYTE = 2**10


async def measure_subscriptions(people: int = 100_000, due: int = 10_000, changes: int = 400) -> Report:
    """An ATTRIBUTE_DATE automation over `people`, of whom `due` are due at the same instant."""
    async with bench_stack() as bench:
        await asyncio.to_thread(populate, bench.database_url, bench.program_id, people, due)
        await _renew(bench, datetime.now(UTC) + FAR, sampled=False)
        # The first requests also open connections; they are not measured.
        await _change_people(bench, CLIENTS)
        alone = await _change_people(bench, changes)
        watch = Watch(bench, (await bench.create("renewals", scope="participants", trigger=TRIGGER))["id"])
        evaluating = await watch.evaluated()
        followed = await _change_people(bench, changes)
        refreshing, late = await watch.fire(due, evaluating)
        return Report(
            "subscriptions",
            [
                Figure("first evaluation", evaluating, "s", None, f"{people / evaluating:,.0f} people/s"),
                Figure("refresh", refreshing, "s", None, f"{due:,} of {people:,} subscriptions moved"),
                Figure("last event after the due instant", late, "s", None, f"{due:,} due at once"),
                *await watch.history(people),
                alone.figure("PATCH a participant, nobody watches"),
                followed.figure("PATCH a participant, a subscription follows", alone),
            ],
        )


@dataclass(frozen=True, slots=True)
class Watch:
    """The automation under measurement."""

    bench: Bench
    automation_id: str

    async def evaluated(self, after: str | None = None) -> float:
        """Wait until the subscriptions have been evaluated, later than `after`; answers the seconds it took."""
        begun = time.perf_counter()
        while True:
            evaluated = (await self._read())["last_evaluated_at"]
            if evaluated is not None and evaluated != after:
                return time.perf_counter() - begun
            await asyncio.sleep(0.2)

    async def fire(self, due: int, foreseen: float) -> tuple[float, float]:
        """Make `due` people due soon, by a refresh that should take `foreseen` seconds.

        Answers the seconds that the refresh took, and those from the due instant to the last event.
        """
        at = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=30 + 2 * foreseen)
        await _renew(self.bench, at, sampled=True)
        before = (await self._read())["last_evaluated_at"]
        path = f"{self.bench.base}/automations/{self.automation_id}/refresh-subscriptions"
        (await self.bench.http.post(path)).raise_for_status()
        refreshing = await self.evaluated(before)
        if datetime.now(UTC) >= at:
            raise RuntimeError("the refresh took longer than foreseen: the machine is too busy")
        await asyncio.sleep((at - datetime.now(UTC)).total_seconds())
        return refreshing, (await self._last_of(due) - at).total_seconds()

    async def history(self, people: int) -> list[Figure]:
        """What all these subscriptions left in the automation's history."""
        client = await Client.connect(self.bench.stack.addresses.temporal_address)
        handle = client.get_workflow_handle(automation_workflow_id(UUID(self.automation_id)))
        events = (await handle.fetch_history()).events
        started = sum(event.event_type == EventType.EVENT_TYPE_TIMER_STARTED for event in events)
        size = (await handle.describe()).raw_description.workflow_execution_info.history_size_bytes
        return [
            Figure(
                "timers in the automation's history", started, "timers", None, f"{people:,} subscriptions"
            ),
            Figure("the automation's history", size / KIBIBYTE, "KiB", None, f"{len(events):,} events"),
        ]

    async def _read(self) -> dict[str, Any]:
        answer = await self.bench.http.get(f"{self.bench.base}/automations/{self.automation_id}")
        shown: dict[str, Any] = answer.raise_for_status().json()
        return shown

    async def _last_of(self, count: int) -> datetime:
        async with await psycopg.AsyncConnection.connect(
            self.bench.database_url, autocommit=True
        ) as connection:
            while True:
                found = await (await connection.execute(EVENTS, (self.automation_id,))).fetchone()
                assert found is not None
                if found[0] == count:
                    last: datetime = found[1]
                    return last
                await asyncio.sleep(0.5)


async def _renew(bench: Bench, at: datetime, *, sampled: bool) -> None:
    """Set everybody's date, or that of the sampled ones, past the API: no subscription follows."""
    async with await psycopg.AsyncConnection.connect(bench.database_url, autocommit=True) as connection:
        parameters = {"at": at.isoformat(), "program": bench.program_id, "sampled": sampled}
        await connection.execute(RENEW, parameters)
        await connection.execute("VACUUM ANALYZE participant")


async def _change_people(bench: Bench, changes: int) -> Load[None]:
    """Move the date of `changes` people who are not due, each by a request."""
    async with await psycopg.AsyncConnection.connect(bench.database_url) as connection:
        rows = await (await connection.execute(PEOPLE, (bench.program_id, changes))).fetchall()
    renews_at = (datetime.now(UTC) + FAR).isoformat()

    async def change(participant_id: str) -> None:
        path = f"{bench.base}/participants/{participant_id}"
        (await bench.http.patch(path, json={"attributes": {"renews_at": renews_at}})).raise_for_status()

    return await apply_load([row[0] for row in rows], change)
