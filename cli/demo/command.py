"""`carillon demo`: everything on this machine, and a sample program that shows what it does."""

import asyncio
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.stack import DataDirError, PartFailedError, PortsUnavailableError, StackOptions
from cli.stack.interruption import cancel_on_signal

if TYPE_CHECKING:
    from cli.demo.session import Session

_FAILED = 1
_CANNOT_START = 2
_INTERRUPTED = 130
_USUAL_PORTS = StackOptions(
    api_port=8080,
    temporal_port=7233,
    ui_port=8233,
    postgres_port=5433,
    smtp_port=1025,
    inbox_port=8025,
    sms_port=8026,
)


def demo(
    data_dir: Annotated[Path, typer.Option("--data-dir", help="Where data and logs are kept.")] = Path(
        ".carillon/demo"
    ),
    any_port: Annotated[
        bool, typer.Option("--any-port", help="Take free ports, not those of `carillon up`.")
    ] = False,
) -> None:
    """Start everything on this machine, load a sample program and let two automations work on it.

    It runs until Ctrl-C; without a terminal, or with DEMO_EXIT=1, it ends by itself.

    Exit status: 0 the demo was shown, 1 it failed or a part crashed, 2 it cannot start, 130 it was
    interrupted before all was shown.
    """
    from cli.demo.screen import Screen
    from cli.demo.session import Session

    options = replace(StackOptions() if any_port else _USUAL_PORTS, data_dir=data_dir)
    until_ended = sys.stdout.isatty() and os.environ.get("DEMO_EXIT") != "1"
    session = Session(options, Screen())
    raise typer.Exit(asyncio.run(_run_until_signal(session, data_dir, until_ended=until_ended)))


async def _run_until_signal(session: "Session", data_dir: Path, *, until_ended: bool) -> int:
    from cli.demo.api_client import DemoError

    running = asyncio.create_task(session.run(until_ended=until_ended))
    cancel_on_signal(running, lambda: session.is_ending)
    try:
        await running
    except asyncio.CancelledError:
        return 0 if session.is_shown else _INTERRUPTED
    except PartFailedError as failure:
        print(failure, file=sys.stderr)
        return _FAILED
    except DemoError as failure:
        advice = f"The logs are in {data_dir / 'logs'}; without {data_dir} the demo begins afresh."
        print(f"carillon: {failure}\n{advice}", file=sys.stderr)
        return _FAILED
    except (PortsUnavailableError, DataDirError) as problem:
        print(problem, file=sys.stderr)
        return _CANNOT_START
    return 0
