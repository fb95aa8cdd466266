"""A journey of mail, days of waiting, a split by who opened it, and a text or a tag: many people at once, and one by one."""

import asyncio
import time
from dataclasses import dataclass
from typing import Any

import httpx
import psycopg
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from bench.bench_stack import CLIENTS, Bench, bench_stack
from bench.people import populate
from bench.report import Figure, Report
from domain.contract import journey_workflow_id
from domain.wake_up import Sleeper, WakeUp
from runtime.waking import wake

REACHABLE = """
UPDATE participant SET consent = '{"email": "subscribed", "sms": "subscribed"}',
    phone = '+3461' || lpad((random() * 9999999)::int::text, 7, '0') WHERE program_id = %s
"""
# As whoever has a whole segment enter does it, in one statement.
ENTER = """
INSERT INTO enrollment (entry_key, journey_id, program_id, participant_id, content_hash, status, entered_at, wake_at)
SELECT j.id || ':' || p.id, j.id, p.program_id, p.id, j.published_hash, 'active', now(), now()
FROM participant p JOIN journey j ON j.id = %s WHERE p.program_id = j.program_id
"""
OPENED = "UPDATE message SET opened_at = now() WHERE journey_id = %s AND hashtext(key) %% 2 = 0"
# The days of waiting end for everybody at one instant, some seconds from now.
END_WAIT = """
UPDATE enrollment SET wake_at = now() + make_interval(secs => %s) WHERE journey_id = %s AND finished_at IS NULL
RETURNING wake_at
"""
WAITING = "SELECT count(*) FROM enrollment WHERE journey_id = %s AND waiting_since IS NOT NULL"
FINISHED = "SELECT count(*) FROM enrollment WHERE journey_id = %s AND status = 'completed'"
UNSENT = "SELECT count(*) FROM message WHERE journey_id = %s AND status IN ('queued', 'sending')"
# Without a mail, with neither a text nor a tag, with both, or with another number of steps than they were told.
BROKEN = """
SELECT count(*) FROM enrollment e JOIN participant p ON p.id = e.participant_id WHERE e.journey_id = %s AND (
    (SELECT count(*) FILTER (WHERE channel = 'email') <> 1
        OR count(*) FILTER (WHERE channel = 'sms') + ('fan' = ANY(p.tags))::int <> 1
        FROM message m WHERE m.enrollment_id = e.id)
    OR (SELECT count(*) FROM enrollment_step s WHERE s.enrollment_id = e.id) <> e.steps OR e.steps <> 4)
"""
AT_ONCE_AHEAD_SECONDS = 3.0
SOON = 0.2


async def measure_journeys(people: int = 100_000, singles: int = 1_000) -> Report:
    """`people` enrolled at once, then `singles` who enter with an event each, through journeys of one kind."""
    async with bench_stack() as bench:
        temporal = await Client.connect(
            bench.stack.addresses.temporal_address, data_converter=pydantic_data_converter
        )
        async with httpx.AsyncClient(base_url=bench.stack.addresses.sms_url) as sink:
            # What a provider tells of texts afterwards comes to another machine's API, most often.
            (await sink.post("/sink/faults", json={"callbacks": []})).raise_for_status()
        await asyncio.to_thread(populate, bench.database_url, bench.program_id, people, singles)
        await asyncio.to_thread(_execute, bench.database_url, REACHABLE, bench.program_id)
        figures = await _Journey(bench, temporal, "at once", people).measure(_Journey.enter_at_once)
        apart = await bench.add_program()
        await asyncio.to_thread(populate, bench.database_url, apart.program_id, singles, 0)
        await asyncio.to_thread(_execute, bench.database_url, REACHABLE, apart.program_id)
        figures += await _Journey(apart, temporal, "one by one", singles).measure(_Journey.enter_one_by_one)
    return Report("journeys", figures)


@dataclass
class _Journey:
    bench: Bench
    temporal: Client
    name: str
    people: int
    id: str = ""

    async def measure(self, enter: Any) -> list[Figure]:
        await self._make()
        begun = time.perf_counter()
        await enter(self)
        await self._until(WAITING)
        entering = time.perf_counter() - begun
        await self._until(UNSENT, 0)
        mailing = time.perf_counter() - begun
        waking = await self._wake_everybody()
        # Texts that are still leaving would slow down whatever is measured next.
        begun = time.perf_counter()
        await self._until(UNSENT, 0)
        texting = waking + time.perf_counter() - begun
        size = await self._history_bytes()
        broken = (await self._ask(BROKEN))[0]
        return [
            self._rate("entered, mailed and waiting", entering),
            Figure(f"{self.name}: the last mail has left", mailing, "s"),
            self._rate("woken, parted and through", waking),
            Figure(f"{self.name}: the last text has left", texting, "s"),
            Figure(
                f"{self.name}: history", size / self.people, "bytes a participant", None, f"{size:,} in all"
            ),
            Figure(f"{self.name}: workflows", await self._workflows(), "", None, "of this journey"),
            Figure(f"{self.name}: lost or doubled", broken, "people", None, f"of {self.people:,}"),
        ]

    async def enter_at_once(self) -> None:
        await asyncio.to_thread(_execute, self.bench.database_url, ENTER, self.id)
        await self._tell()

    async def enter_one_by_one(self) -> None:
        slots = asyncio.Semaphore(CLIENTS)

        async def enter(number: int) -> None:
            event = {
                "program_id": self.bench.program_id,
                "external_id": f"p-{number}",
                "event_data": {"type": "signed up"},
            }
            async with slots:
                (await self.bench.http.post("/v1/events", json=event)).raise_for_status()

        await asyncio.gather(*(enter(number) for number in range(1, self.people + 1)))

    async def _make(self) -> None:
        content = {"en": {"subject": "Unused", "body": "Hello [[contact.first_name]]"}}
        template = {"name": "Hello", "channel": "email", "contents": content}
        made = await self.bench.http.post(f"{self.bench.base}/message-templates", json=template)
        created = await self._call("", _journey_of(made.raise_for_status().json()["id"]))
        self.id = created["id"]
        await self._call(f"/{self.id}/enable", None)

    async def _call(self, path: str, body: object) -> dict[str, Any]:
        headers = {"X-Program-Id": self.bench.program_id}
        answer = await self.bench.http.post(f"/api/automations{path}", json=body, headers=headers)
        found: dict[str, Any] = answer.raise_for_status().json()
        return found

    async def _wake_everybody(self) -> float:
        """Seconds from the instant at which all are due until the last one is seen to be through."""
        await asyncio.to_thread(_execute, self.bench.database_url, OPENED, self.id)
        ahead = AT_ONCE_AHEAD_SECONDS + self.people / 10_000
        (due_at,) = await asyncio.to_thread(_execute, self.bench.database_url, END_WAIT, ahead, self.id)
        await self._tell()
        await self._until(FINISHED)
        (now,) = await asyncio.to_thread(_execute, self.bench.database_url, "SELECT clock_timestamp()")
        return float((now - due_at).total_seconds())

    async def _history_bytes(self) -> int:
        description = await self.temporal.get_workflow_handle(journey_workflow_id(self.id)).describe()
        return int(description.raw_description.workflow_execution_info.history_size_bytes)

    async def _workflows(self) -> int:
        return (await self.temporal.count_workflows(f"WorkflowId = '{journey_workflow_id(self.id)}'")).count

    async def _tell(self) -> None:
        await wake(self.temporal, "carillon", WakeUp(Sleeper.JOURNEY, self.id))

    async def _until(self, statement: str, count: int | None = None) -> None:
        wanted = self.people if count is None else count
        while True:
            if (await self._ask(statement))[0] == wanted:
                return
            await asyncio.sleep(SOON)

    async def _ask(self, statement: str) -> tuple[Any, ...]:
        return await asyncio.to_thread(_execute, self.bench.database_url, statement, self.id)

    def _rate(self, what: str, seconds: float) -> Figure:
        note = f"{self.people:,} people in {seconds:,.1f} s"
        return Figure(f"{self.name}: {what}", self.people / max(seconds, 0.001), "participants/s", None, note)


def _journey_of(template_id: str) -> dict[str, Any]:
    mail = {
        "templateID": template_id,
        "subject": "Hello",
        "preheader": "Glad",
        "senderName": "Bench",
        "language": "en_US",
    }
    text = {
        "message": "Hello [[contact.first_name]]",
        "compliance": {"isStopKeywordIncluded": False, "isUnsubscribeLinkIncluded": False},
    }
    opened = {"type": "message", "field": "blockID", "operator": "openedEmail", "value": "mail"}
    fan = {"type": "addTag", "addTag": {"value": "fan"}}
    parts = {
        "filterGroup": {"logicalOperator": "and", "filters": [opened]},
        "trueBlocks": [{"temporaryID": "fan", "type": "action", "action": fan}],
        "falseBlocks": [
            {"temporaryID": "text", "type": "action", "action": {"type": "sendSms", "sendSms": text}}
        ],
    }
    pause = {"mode": "duration", "duration": {"amount": 3, "units": "d"}}
    return {
        "name": "Bench",
        "trigger": {"condition": {"event": "signed up"}},
        "blocks": [
            {"temporaryID": "mail", "type": "action", "action": {"type": "sendEmail", "sendEmail": mail}},
            {"temporaryID": "pause", "type": "delay", "delay": pause},
            {"temporaryID": "asked", "type": "split", "split": parts},
        ],
    }


def _execute(database_url: str, statement: str, *values: object) -> tuple[Any, ...]:
    """The first row, if there is one."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        cursor = connection.execute(statement, values)
        return (cursor.fetchone() or ()) if cursor.description is not None else ()
