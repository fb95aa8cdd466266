"""`carillon clock`: changes of the clocks, outages, and what a cron expression means."""

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from domain.schedules import DstPolicy, Gap, Overlap, ScheduleError

if TYPE_CHECKING:
    from rich.table import Table

_DISAGREES = 1
_SAMPLED_ZONES = 60
_TABLE_WIDTH = 110

app = typer.Typer(no_args_is_help=True, help="Show and check what the clock of automations does.")

AsJson = Annotated[bool, typer.Option("--json", help="Print it as JSON.")]


@app.command()
def dst(
    zones: Annotated[int, typer.Option("--zones", min=1, help="How many IANA zones, spread over all.")] = (
        _SAMPLED_ZONES
    ),
    every_zone: Annotated[bool, typer.Option("--all", help="Every IANA zone.")] = False,
    years: Annotated[str, typer.Option("--years", help="First and last year.")] = "2025-2035",
    as_json: AsJson = False,
) -> None:
    """Check the fires around each change of the clocks against a brute-force reading of the zone's clock.

    Exit status: 0 they agree, 1 they do not.
    """
    from cli.clock.dst import check_zones, sampled_zones, samples

    start, end = _span(years)
    names = sampled_zones(None if every_zone else zones)
    report = check_zones(names, start, end)
    shown = samples(start)
    if as_json:
        print(json.dumps({"years": years, **report.as_json(), "samples": [each.as_json() for each in shown]}))
    else:
        _print(report.table(years), *(each.table() for each in shown))
        for line in report.disagreeing:
            print(line)
    if report.disagreeing:
        raise typer.Exit(_DISAGREES)


@app.command()
def outage(as_json: AsJson = False) -> None:
    """Show what each missed_run_policy makes of outages: what fires when it is over, and what is given up."""
    from cli.clock.outage import outages, table

    found = outages()
    if as_json:
        print(json.dumps([each.as_json() for each in found]))
    else:
        _print(table(found))


@app.command()
def explain(
    cron: Annotated[str, typer.Argument(metavar="CRON", help="A cron expression, in quotes.")],
    timezone: Annotated[str, typer.Option("--timezone", "-z", help="IANA name of the zone.")] = "UTC",
    after: Annotated[
        datetime | None,
        typer.Option(
            "--after",
            formats=["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d"],
            help="Now by default; a day is its midnight in UTC.",
        ),
    ] = None,
    gap: Annotated[Gap, typer.Option("--gap", help="For times that do not exist.")] = Gap.SHIFT,
    overlap: Annotated[Overlap, typer.Option("--overlap", help="For times that come twice.")] = Overlap.FIRST,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=1_000, help="How many.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Show when a cron expression fires next, and what changes of the clocks do to it."""
    from domain.schedules import parse_cron, planned_runs, validate_timezone

    start = after or datetime.now(UTC)
    if start.tzinfo is None:
        start = start.replace(tzinfo=UTC)
    try:
        runs = planned_runs(
            parse_cron(cron), validate_timezone(timezone), DstPolicy(gap=gap, overlap=overlap), start, limit
        )
    except ScheduleError as error:
        raise typer.BadParameter(str(error)) from None
    rows = [
        {"run_at": run.run_at.isoformat(), "local": run.local.isoformat(), "note": run.note} for run in runs
    ]
    if as_json:
        print(json.dumps(rows))
        return
    from rich.table import Table

    table = Table("In UTC", f"In {timezone}", "Note", title=cron)
    for row in rows:
        table.add_row(row["run_at"], row["local"], row["note"])
    _print(table)


def _span(years: str) -> tuple[datetime, datetime]:
    first, _, last = years.partition("-")
    try:
        start = datetime(int(first), 1, 1, tzinfo=UTC)
        end = datetime(int(last or first) + 1, 1, 1, tzinfo=UTC)
    except ValueError:
        start = end = datetime(1, 1, 1, tzinfo=UTC)
    if not datetime(1900, 1, 1, tzinfo=UTC) <= start < end <= datetime(2101, 1, 1, tzinfo=UTC):
        raise typer.BadParameter(f"{years!r}: expected years from 1900 to 2100, such as 2025-2035")
    return start, end


def _print(*tables: "Table") -> None:
    from rich.console import Console

    console = Console()
    # Wide enough that a row is a line, also where the output is not a terminal.
    console.width = max(console.width, _TABLE_WIDTH)
    for table in tables:
        console.print(table)
