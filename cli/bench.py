"""`carillon bench`: measure, write JSON, print a table."""

from pathlib import Path
from typing import Annotated

import typer

TABLE_WIDTH = 110


def bench(
    names: Annotated[list[str] | None, typer.Argument(help="Which benchmarks; all by default.")] = None,
    results: Annotated[Path, typer.Option(help="Where the JSON goes.")] = Path("bench/results"),
) -> None:
    """Run the benchmarks on a stack of their own. Compare ratios within one run, not runs with each other."""
    import uvloop
    from rich.console import Console

    from bench import BENCHMARKS

    chosen = names or list(BENCHMARKS)
    unknown = sorted(set(chosen) - set(BENCHMARKS))
    if unknown:
        raise typer.BadParameter(f"{', '.join(unknown)}: expected {', '.join(BENCHMARKS)}")
    console = Console()
    # Wide enough that a row is a line, also where the output is not a terminal.
    console.width = max(console.width, TABLE_WIDTH)
    for name in chosen:
        report = uvloop.run(BENCHMARKS[name]())
        report.print(console)
        console.print(f"written to {report.write(results)}")
