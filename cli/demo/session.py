"""One start of the demo: the stack, the sample program at work on it, and the orderly end."""

import asyncio
import time
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

from api.schemas.automation import AutomationOut
from cli.demo.api_client import ApiClient, DemoError, UnreachableError
from cli.demo.automations import DIGEST, REMINDER, Automations, Ensured
from cli.demo.curl_lines import curl_lines
from cli.demo.sample_program import (
    PROGRAM,
    create_program,
    is_loaded,
    kept_program,
    load,
    load_lately,
)
from cli.demo.screen import Screen, identity
from cli.sample import participants_csv
from cli.stack import PortsUnavailableError, Stack, StackOptions
from domain.automation import IN_PROGRESS, AutomationStatus
from domain.contract import automation_workflow_id
from domain.run_status import RunStatus

# A crashed part shows as a request without an answer first, and by its name a moment later.
_CRASH_SHOWS_WITHIN_SECONDS = 1.0

Result = TypeVar("Result")


class Session:
    """Runs the demo once. `is_shown` is set when it has shown everything and only waits to be ended."""

    def __init__(self, options: StackOptions, screen: Screen) -> None:
        self._stack = Stack(options)
        self._options = options
        self._screen = screen
        self.is_shown = False

    @property
    def is_ending(self) -> bool:
        return self._stack.is_ending

    async def run(self, *, until_ended: bool) -> None:
        """Raises DemoError, and whatever the stack raises."""
        begun = time.monotonic()
        async with AsyncExitStack() as until_the_end:
            with self._screen.waiting("Starting PostgreSQL, Temporal, a mail sink, the API and a worker"):
                await self._start(until_the_end)
            self._screen.say(f"Everything runs, after {time.monotonic() - begun:.1f} s.")
            await _while_all_run(self._stack, self._show())
            self.is_shown = True
            if until_ended:
                self._screen.say("\nCtrl-C ends the demo.")
                await self._until_ended()
            self._say_goodbye()

    async def _start(self, until_the_end: AsyncExitStack) -> None:
        """Start the stack, beside other programs if need be."""
        try:
            await until_the_end.enter_async_context(self._stack)
        except PortsUnavailableError as taken:
            for request in taken.requests:
                self._screen.say(f"Port {request.port} is not free: {request.part} gets another one.")
            self._stack = Stack(beside_others(self._options, taken))
            await until_the_end.enter_async_context(self._stack)

    async def _until_ended(self) -> None:
        try:
            await self._stack.watch()
        except asyncio.CancelledError:
            self._say_goodbye()
            raise

    def _say_goodbye(self) -> None:
        self._screen.say(
            f"\nThe demo ends, and its addresses with it. Its data is kept in {self._stack.data_dir}."
        )

    async def _show(self) -> None:
        addresses = self._stack.addresses
        async with ApiClient(addresses.api_url, addresses.admin_key) as api:
            program_id = await self._program(api)
            automations = Automations(api, program_id)
            digest = self._told(await automations.ensure(DIGEST))
            reminder = self._told(await automations.ensure(REMINDER))
            await self._run_reminder(automations, reminder)
            self._screen.automations(
                [await automations.get(automation.id) for automation in (digest, reminder)]
            )
            self._show_addresses(reminder.id)
            self._screen.curl_lines(curl_lines(addresses, program_id, reminder.id, digest.id))

    async def _program(self, api: ApiClient) -> UUID:
        file = participants_csv()
        program_id = await kept_program(api)
        if program_id is not None and await is_loaded(api, program_id, file):
            self._screen.say(f"{PROGRAM['name']} and its participants are kept from an earlier start.")
            return program_id
        if program_id is None:
            program_id = await create_program(api)
        with self._screen.progress("Participants loaded") as advance:
            imported = await load(api, program_id, file, advance)
        await load_lately(api, program_id, datetime.now(UTC))
        known = f", {imported.known:,} were there before" if imported.known else ""
        self._screen.say(
            f"{PROGRAM['name']}: {imported.created:,} participants created from {file.name}{known}."
        )
        return program_id

    def _told(self, ensured: Ensured) -> AutomationOut:
        automation = ensured.automation
        what = "kept" if ensured.was_kept else "created"
        when = f"cron {automation.cron_expression}, {automation.timezone}"
        self._screen.say(f"{automation.name} {what}: {when}, scope {automation.scope}.")
        return automation

    async def _run_reminder(self, automations: Automations, reminder: AutomationOut) -> None:
        self._screen.say(f"  filter  {reminder.participant_filter}\n  guard   {reminder.guard_condition}")
        if reminder.status is AutomationStatus.PAUSED:
            await automations.resume(reminder.id)
            self._screen.say(f"{reminder.name} was paused, and is active again.")
        if reminder.execution_status in IN_PROGRESS:
            with self._screen.progress(f"{reminder.name}, a run begun before") as advance:
                await automations.follow(reminder.id, advance)
        with self._screen.progress(reminder.name) as advance:
            run = await automations.run_now(reminder.id, advance)
        self._screen.run(reminder, run)
        if not run.counts.adds_up:
            raise DemoError(f"run {run.number} does not add up: {identity(run)}")
        if run.status is not RunStatus.COMPLETED:
            raise DemoError(f"run {run.number} {run.status}: {run.error}")

    def _show_addresses(self, reminder_id: UUID) -> None:
        addresses = self._stack.addresses
        namespace = f"{addresses.ui_url}/namespaces/{addresses.temporal_namespace}"
        self._screen.addresses(
            (
                ("Temporal Web UI", addresses.ui_url),
                ("  the fan-out", f"{namespace}/workflows/{automation_workflow_id(reminder_id)}"),
                ("API docs", f"{addresses.api_url}/docs"),
                ("Mail inbox", addresses.inbox_url),
                ("SMS sink", f"{addresses.sms_url}/sink/messages"),
                ("Admin key", addresses.admin_key),
                ("Admin login", addresses.admin_email),
                ("  the password", addresses.admin_password),
                ("Logs", str(self._stack.data_dir / "logs")),
            )
        )


def beside_others(options: StackOptions, taken: PortsUnavailableError) -> StackOptions:
    """The same options with a free port in place of each one that another program holds."""
    fields = [request.option.removeprefix("--").replace("-", "_") for request in taken.requests]
    changes: dict[str, Any] = dict.fromkeys(fields, 0)
    return replace(options, **changes)


async def _while_all_run(stack: Stack, work: Coroutine[Any, Any, Result]) -> Result:
    """Do the work; the crash of a part ends it, and is raised by the part's name."""
    watching, working = asyncio.create_task(stack.watch()), asyncio.create_task(work)
    try:
        await asyncio.wait((watching, working), return_when=asyncio.FIRST_COMPLETED)
        if working.done() and isinstance(working.exception(), UnreachableError):
            await asyncio.wait((watching,), timeout=_CRASH_SHOWS_WITHIN_SECONDS)
        if watching.done():
            await watching
        return await working
    finally:
        watching.cancel()
        working.cancel()
        await asyncio.gather(watching, working, return_exceptions=True)
