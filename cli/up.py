"""`carillon up`: everything on this machine, until Ctrl-C."""

import asyncio
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from cli.stack import (
    Addresses,
    DataDirError,
    PartFailedError,
    PortsUnavailableError,
    Stack,
    StackOptions,
)
from cli.stack.interruption import cancel_on_signal

_DEFAULT_DATA_DIR = Path(".carillon")
_PART_CRASHED = 1
_CANNOT_START = 2
_LONGEST_ROW = 140


def _port(option: str, what: str) -> typer.models.OptionInfo:
    info: typer.models.OptionInfo = typer.Option(
        option, min=0, max=65535, help=f"Port of {what}; 0 for any free one."
    )
    return info


def up(
    data_dir: Annotated[
        Path | None,
        typer.Option("--data-dir", help="Where data and logs are kept.", show_default=".carillon"),
    ] = None,
    ephemeral: Annotated[bool, typer.Option("--ephemeral", help="Keep nothing after the end.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the addresses as one line of JSON.")] = False,
    api_port: Annotated[int, _port("--api-port", "the API")] = 8080,
    temporal_port: Annotated[int, _port("--temporal-port", "Temporal")] = 7233,
    ui_port: Annotated[int, _port("--ui-port", "the Temporal UI")] = 8233,
    postgres_port: Annotated[int, _port("--postgres-port", "PostgreSQL")] = 5433,
    smtp_port: Annotated[int, _port("--smtp-port", "the mail sink")] = 1025,
    inbox_port: Annotated[int, _port("--inbox-port", "the inbox page")] = 8025,
    sms_port: Annotated[int, _port("--sms-port", "the SMS sink")] = 8026,
    workers: Annotated[int, typer.Option("--workers", min=1, max=64, help="Worker processes.")] = 1,
) -> None:
    """Run PostgreSQL, Temporal, sinks of mail and SMS, the API and workers on this machine until Ctrl-C."""
    if ephemeral and data_dir is not None:
        raise typer.BadParameter("cannot be used with --data-dir", param_hint="--ephemeral")
    options = StackOptions(
        data_dir=None if ephemeral else data_dir or _DEFAULT_DATA_DIR,
        api_port=api_port,
        temporal_port=temporal_port,
        ui_port=ui_port,
        postgres_port=postgres_port,
        smtp_port=smtp_port,
        inbox_port=inbox_port,
        sms_port=sms_port,
        workers=workers,
    )
    raise typer.Exit(asyncio.run(_run_until_signal(options, as_json=as_json)))


async def _run_until_signal(options: StackOptions, *, as_json: bool) -> int:
    stack = Stack(options)
    running = asyncio.create_task(_run(stack, as_json=as_json))
    cancel_on_signal(running, lambda: stack.is_ending)
    try:
        await running
    except asyncio.CancelledError:
        return 0
    except PartFailedError as failure:
        print(failure, file=sys.stderr)
        return _PART_CRASHED
    except (PortsUnavailableError, DataDirError) as problem:
        print(problem, file=sys.stderr)
        return _CANNOT_START
    return 0


async def _run(stack: Stack, *, as_json: bool) -> None:
    async with stack:
        if as_json:
            print(json.dumps(asdict(stack.addresses)), flush=True)
        else:
            _print_table(stack.addresses)
        await stack.watch()


def _print_table(addresses: Addresses) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    for label, value in (
        ("API", addresses.api_url),
        ("Admin key", addresses.admin_key),
        ("Admin login", addresses.admin_email),
        ("  the password", addresses.admin_password),
        ("Mail inbox", addresses.inbox_url),
        ("SMS sink", f"{addresses.sms_url}/sink/messages"),
        ("Temporal UI", addresses.ui_url),
        ("Temporal", f"{addresses.temporal_address}, namespace {addresses.temporal_namespace}"),
        ("PostgreSQL", addresses.database_url),
        ("SMTP", addresses.smtp_address),
    ):
        table.add_row(label, value)
    console = Console()
    # Wide enough that no address is cut: a narrow terminal wraps it, and it can still be copied whole.
    console.width = max(console.width, _LONGEST_ROW)
    console.print("[bold]Carillon is ready.[/bold] Ctrl-C ends it.\n", table, sep="")
