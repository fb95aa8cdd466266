"""Carillon's own programs as parts of the stack: the sinks, `setup`, `api` and `worker`."""

import sys
from collections.abc import Mapping
from pathlib import Path

from cli.stack.data_dir import DataDir
from cli.stack.ports import HOST
from cli.stack.process import ChildProcess, Command
from cli.stack.readiness import http_answers, tcp_answers

_PROGRAM = str(Path(sys.prefix) / "bin" / "carillon")
_WORKER_READY = b"worker ready"


class MailSink:
    """Describes the sink's process."""

    def __init__(self, data_dir: DataDir, smtp_port: int, http_port: int) -> None:
        self._data_dir = data_dir
        self._smtp_port = smtp_port
        self._http_port = http_port

    @property
    def smtp_address(self) -> str:
        return f"{HOST}:{self._smtp_port}"

    @property
    def inbox_url(self) -> str:
        return f"http://{HOST}:{self._http_port}"

    async def prepare(self) -> None:
        """Nothing to do: the sink keeps no state."""

    def command(self) -> Command:
        ports = ("--smtp-port", str(self._smtp_port), "--http-port", str(self._http_port))
        return Command(
            name="mail",
            argv=(sys.executable, "-P", "-m", "cli.stack.mail_sink", *ports),
            log=self._data_dir.log("mail"),
        )

    async def is_ready(self, child: ChildProcess) -> bool:
        return await http_answers(HOST, self._http_port, "/api/stats") and await tcp_answers(
            HOST, self._smtp_port
        )


class SmsSinkProcess:
    """Describes the process of the sink of SMS and WhatsApp messages."""

    def __init__(self, data_dir: DataDir, port: int) -> None:
        self._data_dir = data_dir
        self._port = port

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self._port}"

    async def prepare(self) -> None:
        """Nothing to do: the sink keeps no state."""

    def command(self) -> Command:
        return Command(
            name="sms",
            argv=(sys.executable, "-P", "-m", "cli.stack.sms_sink", "--port", str(self._port)),
            log=self._data_dir.log("sms"),
        )

    async def is_ready(self, child: ChildProcess) -> bool:
        return await http_answers(HOST, self._port, "/sink/stats")


def setup_command(env: Mapping[str, str], data_dir: DataDir) -> Command:
    """The command that brings database and Temporal to what this version needs."""
    return Command(name="setup", argv=(_PROGRAM, "setup"), env=env, log=data_dir.log("setup"))


class ApiService:
    """Describes the API process."""

    def __init__(self, env: Mapping[str, str], data_dir: DataDir, port: int) -> None:
        self._command = Command(name="api", argv=(_PROGRAM, "api"), env=env, log=data_dir.log("api"))
        self._port = port

    async def prepare(self) -> None:
        """Nothing to do: `setup` ran before."""

    def command(self) -> Command:
        return self._command

    async def is_ready(self, child: ChildProcess) -> bool:
        return await http_answers(HOST, self._port, "/healthz")


class WorkerService:
    """Describes one worker process."""

    def __init__(self, name: str, env: Mapping[str, str], data_dir: DataDir) -> None:
        self._command = Command(name=name, argv=(_PROGRAM, "worker"), env=env, log=data_dir.log(name))

    async def prepare(self) -> None:
        """Nothing to do: `setup` ran before."""

    def command(self) -> Command:
        return self._command

    async def is_ready(self, child: ChildProcess) -> bool:
        return _WORKER_READY in child.output().splitlines()
