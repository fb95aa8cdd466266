"""What a SIGKILL costs, at each point of claim, call and settle, for each channel and policy.

The process that is killed runs the activity that sends queued messages, against a real PostgreSQL and providers that
hold a message at the point in question. A second attempt then takes over, as it does under Temporal.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import astuple, dataclass
from enum import StrEnum
from multiprocessing import get_context
from typing import Any
from uuid import UUID, uuid4

import psycopg

from bench.crash_attempt import attempt
from bench.crash_providers import Held, Provider, providers
from bench.report import Figure, Report
from cli.stack import Part, Stack, StackOptions
from domain.actions import Channel
from domain.delivery_policy import DeliveryPolicy
from store.migrate import migrate

AT_ONCE = 20
WITHIN_SECONDS = 60
ADDRESSES = {
    Channel.EMAIL: "p-{}@example.com",
    Channel.SMS: "+346{:08d}",
    Channel.WHATSAPP: "+346{:08d}",
    Channel.PUSH: "device-token-{}",
    Channel.WEBHOOK: "customer-{}",
    Channel.APPRISE: "customer-{}",
}
BY_TWILIO = frozenset({Channel.SMS, Channel.WHATSAPP})
PROGRAM = "INSERT INTO program (id, name, timezone) VALUES (%s, 'crash points', 'UTC')"
QUEUE = (
    "INSERT INTO message (id, key, program_id, channel, recipient, subject, body, status, available_at) "
    "VALUES (%s, %s, %s, %s, %s, 'Hello', %s, 'queued', now())"
)
_PROCESSES = get_context("forkserver")


class Point(StrEnum):
    """Where the process is killed: its last step that has happened."""

    CLAIMED = "claimed, not taken"
    TAKEN = "taken, not answered"
    ANSWERED = "answered, not settled"
    SETTLED = "settled"


@dataclass(frozen=True, slots=True)
class Case:
    """`provider`: which of the stand-ins."""

    channel: Channel
    policy: DeliveryPolicy
    provider: str

    @property
    def name(self) -> str:
        honoured = (
            ", keys honoured" if self.policy is DeliveryPolicy.EXACTLY_ONCE and self.is_by_twilio else ""
        )
        return f"{self.channel}{honoured}, {self.policy}"

    @property
    def is_by_twilio(self) -> bool:
        return self.channel in BY_TWILIO

    @property
    def settings(self) -> dict[str, Any]:
        if self.channel is Channel.EMAIL:
            return {"email_delivery_policy": self.policy}
        return {"twilio_delivery_policy": self.policy} if self.is_by_twilio else {}


TWILIO = (
    (DeliveryPolicy.AT_MOST_ONCE, "twilio"),
    (DeliveryPolicy.AT_LEAST_ONCE, "twilio"),
    (DeliveryPolicy.EXACTLY_ONCE, "twilio, keys honoured"),
)
# The console is the worker's own output: what a kill leaves of it is what was written.
CASES = (
    Case(Channel.EMAIL, DeliveryPolicy.AT_MOST_ONCE, "email"),
    Case(Channel.EMAIL, DeliveryPolicy.AT_LEAST_ONCE, "email"),
    *(
        Case(channel, policy, provider)
        for channel in (Channel.SMS, Channel.WHATSAPP)
        for policy, provider in TWILIO
    ),
    Case(Channel.PUSH, DeliveryPolicy.AT_LEAST_ONCE, "push"),
    Case(Channel.WEBHOOK, DeliveryPolicy.EXACTLY_ONCE, "webhook"),
    Case(Channel.APPRISE, DeliveryPolicy.AT_MOST_ONCE, "apprise"),
)


@dataclass
class Outcome:
    """Of messages whose sender was killed. `lost`: said to be sent, and never arrived, or never settled at all."""

    crashed: int = 0
    once: int = 0
    duplicated: int = 0
    lost: int = 0
    unknown_arrived: int = 0
    unknown_not_arrived: int = 0

    def __add__(self, other: "Outcome") -> "Outcome":
        return Outcome(*(mine + theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True)))

    @property
    def unknown(self) -> int:
        return self.unknown_arrived + self.unknown_not_arrived

    def count(self, status: str, arrivals: int) -> None:
        self.crashed += 1
        if status == "unknown":
            self.unknown_arrived += arrivals > 0
            self.unknown_not_arrived += arrivals == 0
        elif status == "sent":
            self.once += arrivals == 1
            self.lost += arrivals == 0
        else:
            self.lost += 1
        self.duplicated += arrivals > 1


@dataclass
class Scene:
    """A database, and the providers that messages lead to."""

    database_url: str
    connection: psycopg.AsyncConnection[Any]
    providers: dict[str, Provider]

    async def crash_often(self, case: Case, point: Point, crashes: int) -> Outcome:
        """Until so many sends have been cut short."""
        at_once, total = self.providers[case.provider].at_once, Outcome()
        while total.crashed < crashes:
            total += await self.crash(case, point, min(at_once, crashes - total.crashed))
        return total

    async def crash(self, case: Case, point: Point, messages: int) -> Outcome:
        """Kill a process that sends so many at once, at the point; count what came of them."""
        provider = self.providers[case.provider]
        program_id, ids = uuid4(), [uuid4() for _ in range(messages)]
        await self._queue(program_id, case.channel, ids)
        settings = {"database_url": self.database_url, **provider.settings, **case.settings}
        provider.hold(Held.BEFORE if point is Point.CLAIMED else Held.AFTER)
        doomed = _process(settings, program_id, linger=True)
        try:
            await self._until(lambda: _is(provider.waiting == messages))
            await self._reach(point, provider, program_id)
        finally:
            doomed.kill()
            await asyncio.to_thread(doomed.join)
        await self.connection.rollback()
        await self._until(lambda: _is(provider.waiting == 0))
        provider.release()
        await self._take_over(settings, program_id)
        return await self._outcome(provider, ids)

    async def _reach(self, point: Point, provider: Provider, program_id: UUID) -> None:
        if point is Point.ANSWERED:
            # Whoever settles has to wait for these rows.
            await self.connection.execute(
                "SELECT FROM message WHERE program_id = %s FOR UPDATE", [program_id]
            )
            provider.release()
            await self._until(self._somebody_waits)
        elif point is Point.SETTLED:
            provider.release()
            await self._until(lambda: self._is_settled(program_id))

    async def _take_over(self, settings: dict[str, Any], program_id: UUID) -> None:
        """As often as it takes: what was not tried is due again after a while, which is not waited for."""
        while not await self._is_settled(program_id):
            await self.connection.execute(
                "UPDATE message SET available_at = now() WHERE program_id = %s AND status = 'queued'",
                [program_id],
            )
            await self.connection.commit()
            process = _process(settings, program_id, linger=False)
            await asyncio.to_thread(process.join, WITHIN_SECONDS)
            assert process.exitcode == 0, "the attempt that takes over has failed"

    async def _queue(self, program_id: UUID, channel: Channel, ids: Sequence[UUID]) -> None:
        await self.connection.execute(PROGRAM, [program_id])
        rows = [
            (id_, f"crash:{id_}", program_id, channel.value, address, f"Hello {id_}")
            for id_, address in zip(ids, _addresses(channel), strict=False)
        ]
        async with self.connection.cursor() as cursor:
            await cursor.executemany(QUEUE, rows)
        await self.connection.commit()

    async def _outcome(self, provider: Provider, ids: Sequence[UUID]) -> Outcome:
        found = await self.connection.execute(
            "SELECT id, status FROM message WHERE id = ANY(%s)", [list(ids)]
        )
        outcome = Outcome()
        for id_, status in await found.fetchall():
            outcome.count(status, provider.arrivals[str(id_)])
        await self.connection.commit()
        return outcome

    async def _is_settled(self, program_id: UUID) -> bool:
        found = await self.connection.execute(
            "SELECT count(*) FROM message WHERE program_id = %s AND status IN ('queued', 'sending')",
            [program_id],
        )
        (left,) = await found.fetchone() or (1,)
        await self.connection.commit()
        return not left

    async def _somebody_waits(self) -> bool:
        found = await self.connection.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        (waiting,) = await found.fetchone() or (0,)
        return bool(waiting)

    async def _until(self, look: Callable[[], Awaitable[bool]]) -> None:
        async with asyncio.timeout(WITHIN_SECONDS):
            while not await look():  # noqa: ASYNC110
                await asyncio.sleep(0.005)


async def _is(value: bool) -> bool:
    return value


def _addresses(channel: Channel) -> Iterator[str]:
    start = uuid4().int % 10_000_000
    for number in range(AT_ONCE):
        yield ADDRESSES[channel].format(start + number)


def _process(settings: dict[str, Any], program_id: UUID, *, linger: bool) -> Any:
    process = _PROCESSES.Process(target=attempt, args=(settings, program_id, linger), daemon=True)
    process.start()
    return process


@asynccontextmanager
async def scene(database_url: str) -> AsyncIterator[Scene]:
    """On a migrated database, by its libpq address."""
    _PROCESSES.set_forkserver_preload(["bench.crash_attempt"])
    async with providers(AT_ONCE) as made, await psycopg.AsyncConnection.connect(database_url) as connection:
        yield Scene(database_url, connection, made)


async def measure_crash_points(crashes: int = 200) -> Report:
    """So many sends are cut short for each case and point; a kill cuts short as many as are handed over at once."""
    figures = []
    async with Stack(StackOptions(parts={Part.POSTGRES})) as stack:
        url = stack.addresses.database_url
        await asyncio.to_thread(migrate, url.replace("://", "+psycopg://", 1))
        async with scene(url) as crash_scene:
            for case in CASES:
                for point in Point:
                    figures.append(_figure(case, point, await crash_scene.crash_often(case, point, crashes)))
    return Report("crash_points", figures)


def _figure(case: Case, point: Point, outcome: Outcome) -> Figure:
    note = (
        f"{outcome.lost} lost, {outcome.duplicated} duplicated, {outcome.unknown} unknown "
        f"({outcome.unknown_arrived} arrived), {outcome.once} once"
    )
    return Figure(f"{case.name}: {point}", outcome.crashed, "sends", note=note)
