"""Runs that stay in progress for as long as a test needs them to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from signal import SIGCONT, SIGSTOP
from typing import Any

from activities.message_effect import CHUNK
from cli.stack import Part, Stack
from tests.fixtures.carillon import Carillon, eventually
from tests.fixtures.people import add_many_people, query

MAIL = {"type": "send_message", "channel": "email", "subject": "Hi", "body": "Hello"}
PEOPLE = CHUNK + 16
COHORT_SIZE = CHUNK + 6
BEING_SENT = CHUNK + PEOPLE - COHORT_SIZE
WAITING = PEOPLE - BEING_SENT
ADD_UP = ("sent", "failed", "unknown", "pending")


def adds_up(run: dict[str, Any]) -> bool:
    counts = run["counts"]
    parts = sum(counts["skipped"].values()) + sum(counts[name] for name in ADD_UP)
    return bool(counts["total"] == parts)


@dataclass(frozen=True)
class Work:
    stack: Stack
    carillon: Carillon

    @asynccontextmanager
    async def held(self) -> AsyncIterator[dict[str, Any]]:
        """An automation whose run is held up by a mail server that does not answer.

        Its two cohorts have handed over BEING_SENT mails; WAITING people of the first come after those.
        """
        await add_many_people(self.stack.addresses.database_url, self.carillon.program_id, PEOPLE)
        automation = await self.carillon.create(action=MAIL, cohort_size=COHORT_SIZE)
        await self.stack.kill(Part.MAIL, SIGSTOP)
        try:
            answer = await self.carillon.trigger(automation["id"])
            assert answer.status_code == 200, answer.text
            await eventually(lambda: self._is_being_sent(automation["id"]))
            yield automation
        finally:
            await self.stack.kill(Part.MAIL, SIGCONT)

    async def _is_being_sent(self, automation_id: str) -> bool:
        rows = await query(
            self.stack.addresses.database_url,
            "SELECT count(*) FROM run_participant JOIN automation_run ON automation_run.id = run_id "
            "WHERE automation_id = %s AND outcome = 'sending'",
            automation_id,
        )
        return rows == [(BEING_SENT,)]

    async def run_is(self, automation_id: str, status: str, **counts: int) -> dict[str, Any]:
        """The first run, once it has this status and these counts, in its summary and in its ledger."""

        async def look() -> dict[str, Any] | None:
            run = (await self.carillon.runs(automation_id))[-1]
            shown = run["counts"] | {"skipped": sum(run["counts"]["skipped"].values())}
            return run if run["status"] == status and counts.items() <= shown.items() else None

        run: dict[str, Any] = await eventually(look)
        assert adds_up(run)
        outcomes = [row["outcome"] for row in await self.carillon.outcomes(automation_id, run["id"])]
        assert {name: outcomes.count(name) for name in counts} == counts
        return run

    async def status_becomes(self, automation_id: str, status: str) -> dict[str, Any]:
        async def look() -> dict[str, Any] | None:
            shown = await self.carillon.get(automation_id)
            return shown if shown["status"] == status else None

        shown: dict[str, Any] = await eventually(look)
        return shown

    async def receipts(self, automation_id: str) -> list[tuple[object, ...]]:
        """What became of each occurrence that was delivered: (outcome, reason)."""
        return await query(
            self.stack.addresses.database_url,
            "SELECT outcome, reason FROM fire_receipt WHERE automation_id = %s ORDER BY recorded_at",
            automation_id,
        )
