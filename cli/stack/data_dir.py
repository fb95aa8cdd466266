"""The directory one stack owns: its lock, its secrets and its logs."""

import contextlib
import fcntl
import os
import secrets
import shutil
import tempfile
from pathlib import Path
from typing import TextIO


class DataDirError(Exception):
    """The data directory cannot be written, or another stack runs on it."""


class DataDir:
    """A locked data directory. Without a path it is a temporary one that `release` removes."""

    def __init__(self, path: Path | None) -> None:
        self.is_temporary = path is None
        self._begun_logs: set[Path] = set()
        if path is None:
            self.path = Path(tempfile.mkdtemp(prefix="carillon-")).resolve()
        else:
            self.path = path.resolve()
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = self._take_lock()
            self.logs.mkdir(exist_ok=True)
        except OSError as error:
            raise DataDirError(f"{self.path} cannot be used (--data-dir): {error}") from error

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    def log(self, name: str) -> Path:
        """The log file of a part, empty at first; that of the run before becomes `<name>.previous.log`."""
        log = self.logs / f"{name}.log"
        if log not in self._begun_logs:
            self._begun_logs.add(log)
            if log.exists():
                log.replace(self.logs / f"{name}.previous.log")
            log.touch(mode=0o600)
        return log

    def secret(self, name: str, prefix: str = "") -> str:
        """A random secret kept in a file only its owner reads: made at first use, the same ever after."""
        file = self.path / name
        if not file.exists():
            unfinished = file.with_suffix(".new")
            unfinished.unlink(missing_ok=True)
            descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as stream:
                stream.write(prefix + secrets.token_urlsafe(32))
            unfinished.replace(file)
        return file.read_text()

    def release(self, *, keep: bool = False) -> None:
        """Unlock, and remove a temporary directory unless it is kept for its logs."""
        if self.is_temporary and not keep:
            shutil.rmtree(self.path, ignore_errors=True)
        self._lock.close()

    def _take_lock(self) -> TextIO:
        lock = (self.path / "lock").open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with contextlib.closing(lock):
                lock.seek(0)
                owner = lock.read().strip()
            raise DataDirError(
                f"{self.path} is in use by another stack (process {owner}): "
                "stop that one, or choose another directory with --data-dir"
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        return lock
