"""Starts the parts of the stack in order, watches them, and ends them within ten seconds."""

import asyncio
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from signal import Signals
from types import TracebackType
from typing import Never, Self

from cli.stack.data_dir import DataDir
from cli.stack.layout import Definition, Layout, lay_out
from cli.stack.options import Addresses, Part, StackOptions
from cli.stack.postgres import end_leftovers
from cli.stack.process import ChildProcess, PartFailedError, run_to_end
from cli.stack.readiness import until_ready

_WATCH_SECONDS = 0.1
_WORKER_GRACE_SECONDS = 5.0
# Seconds after the order to end by which each part is gone, killed if need be.
_GONE_BY = {
    Part.API: 2.5,
    Part.WORKER: 7.2,
    Part.MAIL: 7.5,
    Part.SMS: 7.5,
    Part.TEMPORAL: 8.9,
    Part.POSTGRES: 9.5,
}


class Stack:
    """An asynchronous context manager: inside it every chosen part is ready.

    A process is named by its part: `postgres`, `temporal`, `mail`, `sms`, `api`, `worker` (the same as
    `worker-1`), `worker-2` and so on.
    """

    def __init__(self, options: StackOptions) -> None:
        self._options = options
        self.is_ending = False
        self._layout: Layout | None = None
        self._children: dict[str, ChildProcess] = {}

    async def __aenter__(self) -> Self:
        self._data_dir = DataDir(self._options.data_dir)
        try:
            await asyncio.to_thread(end_leftovers, self._data_dir)
            self._layout = lay_out(self._options, self._data_dir)
            await self._launch_all(self._layout.infrastructure)
            if self._layout.setup is not None:
                await run_to_end(self._layout.setup)
            await self._launch_all(self._layout.services)
        except BaseException as error:
            await self._end(keep_logs=isinstance(error, PartFailedError))
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._end(keep_logs=isinstance(error, PartFailedError))

    @property
    def addresses(self) -> Addresses:
        return self._settled.addresses

    @property
    def data_dir(self) -> Path:
        return self._data_dir.path

    @property
    def env(self) -> dict[str, str]:
        """The `CARILLON_*` variables that connect a process to this stack."""
        return dict(self._settled.env)

    async def watch(self) -> Never:
        """Wait for a part to end by itself, and raise PartFailedError then."""
        while True:
            for child in self._children.values():
                if child.crashed:
                    raise child.failure()
            await asyncio.sleep(_WATCH_SECONDS)

    def pid(self, name: str) -> int:
        """The process id of a running part. Raises LookupError when it does not run."""
        return self._running(name).pid

    async def kill(self, name: str, signal: Signals = Signals.SIGKILL) -> None:
        """Signal a part and wait for its end, except after SIGSTOP and SIGCONT, which end nothing."""
        child = self._running(name)
        if signal in (Signals.SIGSTOP, Signals.SIGCONT):
            child.send(signal)
            return
        child.end_expected = True
        child.send(signal)
        await child.wait()

    async def start(self, name: str) -> None:
        """Start a part that was ended, on the same ports, and wait until it is ready."""
        child = self._children.get(_process_name(name))
        if child is None or child.exit_code is not None:
            await self._launch(_process_name(name))

    async def restart_worker(self, name: str = Part.WORKER) -> None:
        """End a worker the orderly way and start it again."""
        await self._running(name).stop(_WORKER_GRACE_SECONDS)
        await self.start(name)

    @property
    def _settled(self) -> Layout:
        if self._layout is None:
            raise RuntimeError("the stack has not been started")
        return self._layout

    def _running(self, name: str) -> ChildProcess:
        child = self._children.get(_process_name(name))
        if child is None or child.exit_code is not None:
            raise LookupError(f"{name} does not run")
        return child

    async def _launch_all(self, definitions: Mapping[str, Definition]) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for name in definitions:
                    group.create_task(self._launch(name))
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None

    async def _launch(self, name: str) -> None:
        definition = {**self._settled.infrastructure, **self._settled.services}[name]
        await definition.prepare()
        child = self._children[name] = ChildProcess(definition.command())
        await until_ready(child, lambda: definition.is_ready(child), self._options.startup_seconds)

    async def _end(self, *, keep_logs: bool) -> None:
        self.is_ending = True
        begun = time.monotonic()
        for part, gone_by in _GONE_BY.items():
            grace = begun + gone_by - time.monotonic()
            await asyncio.gather(*(child.stop(grace) for child in self._children_of(part)))
        self._data_dir.release(keep=keep_logs)

    def _children_of(self, part: Part) -> Iterable[ChildProcess]:
        return [child for name, child in self._children.items() if name.partition("-")[0] == part]


def _process_name(name: str) -> str:
    return "worker-1" if name == Part.WORKER else str(name)
