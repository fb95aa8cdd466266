"""Which process runs where: the chosen parts, their ports, and the environment that connects them."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from cli.stack.data_dir import DataDir
from cli.stack.options import Addresses, Part, StackOptions
from cli.stack.ports import HOST, PortRequest, claim_ports
from cli.stack.postgres import Postgres
from cli.stack.process import ChildProcess, Command
from cli.stack.services import ApiService, MailSink, SmsSinkProcess, WorkerService, setup_command
from cli.stack.sms_account import account_at
from cli.stack.temporal_server import TemporalPorts, TemporalServer

_ADMIN_KEY = "CARILLON_ADMIN_KEY"
_ADMIN_EMAIL = "CARILLON_ADMIN_EMAIL"
_ADMIN_PASSWORD = "CARILLON_ADMIN_PASSWORD"  # noqa: S105
# Only `carillon setup` is to know them.
_OF_SETUP = frozenset({_ADMIN_KEY, _ADMIN_EMAIL, _ADMIN_PASSWORD})
_LOGIN = "admin@carillon.example"
# Below the grace the supervisor gives workers, so that activities end in order, not by SIGKILL.
_WORKER_SHUTDOWN_SECONDS = "4"
# Meant for servers elsewhere: with them the processes would fail against the parts that run here.
_CREDENTIALS_FOR_ELSEWHERE = (
    "CARILLON_TEMPORAL_TLS",
    "CARILLON_TEMPORAL_API_KEY",
    "CARILLON_SMTP_USERNAME",
    "CARILLON_SMTP_PASSWORD",
    "CARILLON_SMTP_STARTTLS",
)


class Definition(Protocol):
    """How one process is prepared, launched and recognized as ready."""

    async def prepare(self) -> None: ...

    def command(self) -> Command: ...

    async def is_ready(self, child: ChildProcess) -> bool: ...


@dataclass(frozen=True)
class Layout:
    """Processes by name. `services` start once the infrastructure is ready and `setup` has ended."""

    addresses: Addresses
    env: Mapping[str, str]
    infrastructure: Mapping[str, Definition]
    setup: Command | None
    services: Mapping[str, Definition]


def lay_out(options: StackOptions, data_dir: DataDir) -> Layout:
    """Settle every port and describe every process. Raises PortsUnavailableError."""
    parts = {Part(part) for part in options.parts}
    ports = _claim(options, parts)
    postgres = Postgres(data_dir, ports["postgres"])
    temporal = TemporalServer(
        data_dir,
        options.temporal_namespace,
        TemporalPorts(ports["temporal"], ports["ui"], ports["http"], ports["metrics"]),
        options.temporal_dynamic_config,
    )
    mail = MailSink(data_dir, ports["smtp"], ports["inbox"])
    sms = SmsSinkProcess(data_dir, ports["sms"])
    addresses = Addresses(
        api_url=f"http://{HOST}:{ports['api']}" if Part.API in parts else "",
        temporal_address=temporal.address if Part.TEMPORAL in parts else "",
        temporal_namespace=options.temporal_namespace,
        ui_url=temporal.ui_url if Part.TEMPORAL in parts else "",
        database_url=postgres.url if Part.POSTGRES in parts else "",
        smtp_address=mail.smtp_address if Part.MAIL in parts else "",
        inbox_url=mail.inbox_url if Part.MAIL in parts else "",
        sms_url=sms.url if Part.SMS in parts else "",
        admin_key=data_dir.secret("admin_key", prefix="sk_"),
        admin_email=_LOGIN,
        admin_password=data_dir.secret("admin_password"),
    )
    link_key = {"CARILLON_LINK_KEY": data_dir.secret("link_key")}
    env = _environment(addresses, link_key | dict(options.extra_env))
    infrastructure: dict[str, Definition] = {
        "postgres": postgres,
        "temporal": temporal,
        "mail": mail,
        "sms": sms,
    }
    return Layout(
        addresses=addresses,
        env=env,
        infrastructure={name: part for name, part in infrastructure.items() if name in parts},
        setup=setup_command(_inherited() | env, data_dir) if Part.SETUP in parts else None,
        services=_services(options.workers, parts, env, data_dir, ports["api"]),
    )


def _services(
    workers: int, parts: set[Part], env: Mapping[str, str], data_dir: DataDir, api_port: int
) -> dict[str, Definition]:
    service_env = _inherited() | {name: value for name, value in env.items() if name not in _OF_SETUP}
    services: dict[str, Definition] = {}
    if Part.API in parts:
        services["api"] = ApiService(service_env, data_dir, api_port)
    if Part.WORKER in parts:
        for number in range(1, workers + 1):
            name = f"worker-{number}"
            services[name] = WorkerService(name, service_env, data_dir)
    return services


def _claim(options: StackOptions, parts: set[Part]) -> dict[str, int]:
    wanted = {
        "api": (Part.API, PortRequest("the API", options.api_port, "--api-port")),
        "temporal": (Part.TEMPORAL, PortRequest("Temporal", options.temporal_port, "--temporal-port")),
        "ui": (Part.TEMPORAL, PortRequest("the Temporal UI", options.ui_port, "--ui-port")),
        "http": (Part.TEMPORAL, PortRequest("the Temporal HTTP API", 0)),
        "metrics": (Part.TEMPORAL, PortRequest("the Temporal metrics", 0)),
        "postgres": (Part.POSTGRES, PortRequest("PostgreSQL", options.postgres_port, "--postgres-port")),
        "smtp": (Part.MAIL, PortRequest("the mail sink", options.smtp_port, "--smtp-port")),
        "inbox": (Part.MAIL, PortRequest("the inbox page", options.inbox_port, "--inbox-port")),
        "sms": (Part.SMS, PortRequest("the SMS sink", options.sms_port, "--sms-port")),
    }
    running = {name: request for name, (part, request) in wanted.items() if part in parts}
    return dict.fromkeys(wanted, 0) | dict(zip(running, claim_ports(list(running.values())), strict=True))


def _environment(addresses: Addresses, extra: Mapping[str, str]) -> dict[str, str]:
    smtp_host, _, smtp_port = addresses.smtp_address.partition(":")
    known = {
        "CARILLON_DATABASE_URL": addresses.database_url,
        "CARILLON_TEMPORAL_ADDRESS": addresses.temporal_address,
        "CARILLON_TEMPORAL_NAMESPACE": addresses.temporal_namespace,
        "CARILLON_API_HOST": HOST if addresses.api_url else "",
        "CARILLON_API_PORT": addresses.api_url.rpartition(":")[2],
        "CARILLON_PUBLIC_URL": addresses.api_url,
        "CARILLON_SMTP_HOST": smtp_host,
        "CARILLON_SMTP_PORT": smtp_port,
        "CARILLON_WORKER_SHUTDOWN_SECONDS": _WORKER_SHUTDOWN_SECONDS,
        _ADMIN_KEY: addresses.admin_key,
        _ADMIN_EMAIL: addresses.admin_email,
        _ADMIN_PASSWORD: addresses.admin_password,
    }
    texts = account_at(addresses.sms_url) if addresses.sms_url else {}
    return {name: value for name, value in known.items() if value} | texts | dict(extra)


def _inherited() -> dict[str, str]:
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(_CREDENTIALS_FOR_ELSEWHERE)
    }
    # A worker says that it is ready on its standard output, which must not wait in a buffer.
    return kept | {"PYTHONUNBUFFERED": "1"}
