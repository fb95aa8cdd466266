"""`carillon replay`: prove that this version's workflow code still fits the histories it will meet."""

import asyncio
import logging
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from cli.histories import ReplayReport

_DIVERGED = 1
_CANNOT_READ = 2


def replay(
    query: Annotated[
        str | None,
        typer.Option("--query", "-q", help="Visibility query, such as \"ExecutionStatus = 'Running'\"."),
    ] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Histories at most.")] = None,
    history: Annotated[
        list[Path] | None,
        typer.Option("--history", metavar="PATH", help="Replay this file or folder instead; repeatable."),
    ] = None,
) -> None:
    """Replay recorded histories through this version's workflow code.

    Reads the namespace that CARILLON_TEMPORAL_* names: every workflow of
    Carillon, running and closed, or those that --query selects. Nothing there
    is changed. With --history it reads JSON files instead, such as those
    that `temporal workflow show --output json` writes.

    Exit status: 0 all replayed, 1 some diverged (each is listed with the
    reason), 2 the histories cannot be read.
    """
    # Loading Temporal takes longer than most commands run, so only this one waits for it.
    from temporalio.runtime import Runtime, TelemetryConfig
    from temporalio.service import RPCError

    from cli.histories import UnreadableHistoryError
    from runtime.settings import SettingsError

    if history and (query or limit):
        raise typer.BadParameter("cannot be used with --query or --limit", param_hint="--history")
    # The report says what diverged and why; the core and the SDK would each log it once more.
    Runtime.set_default(Runtime(telemetry=TelemetryConfig(logging=None)))
    logging.getLogger("temporalio").addHandler(logging.NullHandler())
    try:
        report = asyncio.run(_replay_files(history) if history else _replay_namespace(query, limit))
    except (UnreadableHistoryError, SettingsError) as error:
        _end(_CANNOT_READ, str(error))
    except (RPCError, RuntimeError, OSError) as error:
        _end(_CANNOT_READ, f"Temporal cannot be read: {error}")
    _print_report(report)
    _end(_DIVERGED if report.divergences else 0)


async def _replay_files(paths: Sequence[Path]) -> "ReplayReport":
    from cli.histories import files_under, read_histories, replay_histories

    files = files_under(paths)
    with _progress_bar(len(files)) as on_progress:
        return await replay_histories(read_histories(files), on_progress)


async def _replay_namespace(query: str | None, limit: int | None) -> "ReplayReport":
    from cli.histories import fetch_histories, query_of, replay_histories
    from runtime.settings import load_settings
    from runtime.temporal import connect_temporal

    client = await connect_temporal(load_settings())
    chosen = query_of(query)
    count = (await client.count_workflows(chosen)).count
    with _progress_bar(count if limit is None else min(count, limit)) as on_progress:
        return await replay_histories(fetch_histories(client, chosen, limit), on_progress)


@contextmanager
def _progress_bar(total: int) -> "Iterator[Callable[[ReplayReport], None]]":
    """A bar on standard error; nothing when that is not a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[diverged]:,} diverged"),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        bar = progress.add_task("replay", total=total, diverged=0)

        def show(report: "ReplayReport") -> None:
            progress.update(bar, completed=report.replayed.total(), diverged=len(report.divergences))

        yield show


def _print_report(report: "ReplayReport") -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("Workflow type")
    table.add_column("Replayed", justify="right")
    table.add_column("Diverged", justify="right")
    for workflow_type, count in sorted(report.replayed.items()):
        table.add_row(workflow_type, f"{count:,}", f"{report.diverged[workflow_type]:,}")
    table.add_section()
    table.add_row("All", f"{report.replayed.total():,}", f"{len(report.divergences):,}")
    Console().print(table)
    for divergence in report.divergences:
        print(f"\n{divergence.workflow_type} {divergence.workflow_id} (run id {divergence.run_id})")
        print(f"  {divergence.reason}")


def _end(status: int, complaint: str | None = None) -> NoReturn:
    if complaint is not None:
        print(f"carillon: {complaint}", file=sys.stderr)
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads of the Temporal core may outlive the interpreter's teardown and abort the process.
    os._exit(status)
