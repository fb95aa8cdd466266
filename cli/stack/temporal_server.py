"""The real Temporal development server with its Web UI, run as a part of the stack."""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from cli.stack.data_dir import DataDir
from cli.stack.ports import HOST
from cli.stack.process import ChildProcess, Command
from cli.stack.readiness import http_answers, tcp_answers

DYNAMIC_CONFIG: dict[str, bool | int] = {
    "system.forceSearchAttributesCacheRefreshOnRead": True,
    "worker.schedulerNamespaceStartWorkflowRPS": 300,
}


@dataclass(frozen=True)
class TemporalPorts:
    frontend: int
    ui: int
    http: int
    metrics: int


class TemporalServer:
    """Describes the server process. It keeps its state in `<data-dir>/temporal.db`, or in memory."""

    def __init__(
        self,
        data_dir: DataDir,
        namespace: str,
        ports: TemporalPorts,
        dynamic_config: Mapping[str, bool | int] = MappingProxyType({}),
    ) -> None:
        self._data_dir = data_dir
        self._dynamic_config = DYNAMIC_CONFIG | dict(dynamic_config)
        self._namespace = namespace
        self._ports = ports

    @property
    def address(self) -> str:
        return f"{HOST}:{self._ports.frontend}"

    @property
    def ui_url(self) -> str:
        return f"http://{HOST}:{self._ports.ui}"

    async def prepare(self) -> None:
        """Nothing to do: the server creates its own state."""

    def command(self) -> Command:
        data_dir = self._data_dir
        state = () if data_dir.is_temporary else self._on_disk()
        dynamic_config = (
            argument
            for key, value in self._dynamic_config.items()
            for argument in ("--dynamic-config-value", f"{key}={json.dumps(value)}")
        )
        ports = {
            "--port": self._ports.frontend,
            "--ui-port": self._ports.ui,
            "--http-port": self._ports.http,
            "--metrics-port": self._ports.metrics,
        }
        return Command(
            name="temporal",
            argv=(
                *(str(Path(sys.prefix) / "bin" / "temporal"), "server", "start-dev", "--ip", HOST),
                *(argument for option, port in ports.items() for argument in (option, str(port))),
                *("--namespace", self._namespace, "--log-level", "error", "--color", "never"),
                *("--ui-disable-news-fetch", *state, *dynamic_config),
            ),
            log=data_dir.log("temporal"),
        )

    def _on_disk(self) -> tuple[str, ...]:
        # A write-ahead log survives the process being killed, and is several times faster under load.
        pragmas = ("journal_mode=WAL", "synchronous=NORMAL")
        filename = ("--db-filename", str(self._data_dir.path / "temporal.db"))
        return (*filename, *(part for pragma in pragmas for part in ("--sqlite-pragma", pragma)))

    async def is_ready(self, child: ChildProcess) -> bool:
        """The HTTP API answers from the same frontend as gRPC, so its answer proves both."""
        namespace = f"/api/v1/namespaces/{self._namespace}"
        return await http_answers(HOST, self._ports.http, namespace) and await tcp_answers(
            HOST, self._ports.ui
        )
