"""A child process with its own group and log, that does not outlive its supervisor on Linux."""

import asyncio
import contextlib
import ctypes
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from signal import Signals

_PR_SET_PDEATHSIG = 1
_POLL_SECONDS = 0.01
_TAIL_BYTES = 16_384
_TAIL_LINES = 15


@dataclass(frozen=True)
class Account:
    """The operating system user a process runs as."""

    uid: int
    gid: int


@dataclass(frozen=True, kw_only=True)
class Command:
    """What to run and how it is asked to end."""

    name: str
    argv: tuple[str, ...]
    log: Path
    env: Mapping[str, str] | None = None
    cwd: Path | None = None
    account: Account | None = None
    stdin: bytes = b""
    stop_signal: Signals = Signals.SIGTERM
    orphan_signal: Signals = Signals.SIGKILL


class PartFailedError(Exception):
    """A part of the stack ended by itself, or was never ready (then `exit_code` is None)."""

    def __init__(self, part: str, exit_code: int | None, log: Path, last_lines: tuple[str, ...]) -> None:
        self.part = part
        self.exit_code = exit_code
        self.log = log
        self.last_lines = last_lines
        what = "was not ready in time" if exit_code is None else f"ended with exit code {exit_code}"
        lines = "".join(f"\n    {line}" for line in last_lines)
        super().__init__(f"{part} {what}. Its log is {log}" + (f", and ends:{lines}" if lines else ""))


class ChildProcess:
    """A running command. It counts as crashed when it ends without `end_expected` set before."""

    def __init__(self, command: Command) -> None:
        self.command = command
        self.end_expected = False
        account = command.account
        with command.log.open("ab") as log:
            self._log_start = log.tell()
            self._process: subprocess.Popen[bytes] = subprocess.Popen(
                command.argv,
                stdin=subprocess.PIPE if command.stdin else subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=command.env,
                cwd=command.cwd,
                start_new_session=True,
                preexec_fn=_die_with_parent(os.getpid(), command.orphan_signal),
                user=None if account is None else account.uid,
                group=None if account is None else account.gid,
                extra_groups=None if account is None else [],
            )
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError), self._process.stdin as stdin:
                stdin.write(command.stdin)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative when a signal ended it."""
        return self._process.poll()

    @property
    def crashed(self) -> bool:
        return self.exit_code is not None and not self.end_expected

    def output(self) -> bytes:
        """What this process (not an earlier one on the same log) has written so far."""
        with self.command.log.open("rb") as log:
            log.seek(self._log_start)
            return log.read()

    def failure(self) -> PartFailedError:
        """The end of this process as an error, with the last lines of its log."""
        lines = self.output()[-_TAIL_BYTES:].decode(errors="replace").splitlines()
        return PartFailedError(
            self.command.name, self.exit_code, self.command.log, tuple(lines[-_TAIL_LINES:])
        )

    def send(self, signal: Signals) -> None:
        """Signal the process; SIGKILL goes to its whole group."""
        if self.exit_code is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            if signal is Signals.SIGKILL:
                os.killpg(self.pid, signal)
            else:
                os.kill(self.pid, signal)

    async def wait(self, seconds: float | None = None) -> bool:
        """Wait for the end; False when `seconds` passed before it."""
        try:
            async with asyncio.timeout(seconds):
                while self.exit_code is None:  # noqa: ASYNC110
                    await asyncio.sleep(_POLL_SECONDS)
        except TimeoutError:
            return False
        return True

    async def stop(self, grace_seconds: float) -> None:
        """Ask it to end, and kill what is left of its group once the grace is over."""
        if self.exit_code is not None:
            return
        self.end_expected = True
        self.send(self.command.stop_signal)
        if await self.wait(grace_seconds):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, Signals.SIGKILL)
        else:
            self.send(Signals.SIGKILL)
            await self.wait()


async def run_to_end(command: Command) -> bytes:
    """Run a command that ends by itself and return its output. Raises PartFailedError unless it exits with 0."""
    child = ChildProcess(command)
    try:
        await child.wait()
    finally:
        child.send(Signals.SIGKILL)
        await child.wait()
    if child.exit_code != 0:
        raise child.failure()
    return child.output()


def _die_with_parent(parent: int, signal: Signals) -> Callable[[], None] | None:
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None).prctl

    def arrange() -> None:
        prctl(_PR_SET_PDEATHSIG, int(signal))
        if os.getppid() != parent:
            os.kill(os.getpid(), Signals.SIGKILL)

    return arrange
