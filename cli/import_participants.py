"""`carillon import participants`: create or update people from a CSV file."""

import asyncio
import csv
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from cli.record import BAD_ARGUMENTS, DATABASE_FAILED, UnclearProgramError, fail, program_id_of
from domain.csv_records import UnreadableFileError
from domain.participant_columns import ColumnMapping, ColumnsError, Unmapped
from domain.participant_rows import RowProblem
from runtime.settings import SettingsError, load_settings

if TYPE_CHECKING:
    from store.participant_import import ImportProgress, ImportReport

_SOME_REJECTED = 1
_SHOWN_PROBLEMS = 10
_STANDARD_INPUT = Path("-")

app = typer.Typer(no_args_is_help=True, help="Bring data in from files.")


@app.callback()
def _group() -> None:
    """Keeps `participants` a sub-command although it is the only one."""


@app.command()
def participants(
    file: Annotated[
        Path, typer.Argument(metavar="FILE.csv", help="CSV with a header, UTF-8; - is standard input.")
    ],
    program: Annotated[str, typer.Option("--program", "-p", help="Id or name of the program.")],
    mapped: Annotated[
        list[str] | None,
        typer.Option(
            "--map", metavar="COLUMN=FIELD", help="Such as 'Colour=attributes.colour' or 'Notes=ignore'."
        ),
    ] = None,
    unmapped: Annotated[
        Unmapped, typer.Option("--unmapped", help="What becomes of columns without meaning.")
    ] = Unmapped.ERROR,
    delimiter: Annotated[str, typer.Option("--delimiter", help="Character between cells.")] = ",",
    report_file: Annotated[
        Path | None, typer.Option("--report", metavar="FILE.csv", help="Write every rejected line here.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Create or update a participant for each row of a CSV file, by external_id.

    Columns are external_id (required), email, phone, first_name, last_name,
    display_name, locale, timezone, status, tags (separated by | or ;),
    attributes.NAME[:number|bool|date], counters.NAME, tiers.NAME and
    consent.CHANNEL. An empty cell leaves the stored value as it is. Bad rows
    are skipped and reported.

    Exit status: 0 all rows stored, 1 some rows rejected, 2 the file or an
    argument cannot be used (nothing is stored), 3 the database failed (run it
    again: rows already stored are recognised).
    """
    try:
        mapping = ColumnMapping.parse(mapped or (), unmapped, delimiter)
        with ExitStack() as open_files:
            stream = open_files.enter_context(_open_input(file))
            on_problem = open_files.enter_context(_problem_writer(report_file))
            with _progress_bar(file) as on_progress:
                report = asyncio.run(_import(stream, program, mapping, on_progress, on_problem))
    except (ColumnsError, UnreadableFileError, SettingsError, UnclearProgramError, OSError) as error:
        fail(_refusal(error), BAD_ARGUMENTS)
    except _DatabaseError as error:
        fail(str(error), DATABASE_FAILED)
    if as_json:
        print(report.model_dump_json())
    else:
        _print_report(report)
    raise typer.Exit(_SOME_REJECTED if report.rejected else 0)


class _DatabaseError(Exception):
    """The database cannot be reached, or failed part-way."""


async def _import(
    stream: BinaryIO,
    program: str,
    mapping: ColumnMapping,
    on_progress: "Callable[[ImportProgress], None]",
    on_problem: Callable[[RowProblem], None],
) -> "ImportReport":
    # Loading the store takes longer than most commands run, so only this one waits for it.
    from sqlalchemy.exc import SQLAlchemyError

    from store.database import Database
    from store.participant_import import ImportInterruptedError, import_participants, read_chunks

    database = Database(load_settings().database_url, pool_size=2)
    try:
        async with database.transaction() as session:
            program_id = await program_id_of(session, program)
        chunks = read_chunks(stream)
        return await import_participants(database, program_id, chunks, mapping, on_progress, on_problem)
    except ImportInterruptedError as error:
        stored = error.report.created + error.report.updated + error.report.unchanged
        message = f"{error} ({error.__cause__}).\n{stored:,} participants are stored; run the import again."
        raise _DatabaseError(message) from error
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        raise _DatabaseError(f"the database cannot be used: {cause}") from error
    finally:
        await database.close()


@contextmanager
def _open_input(file: Path) -> Iterator[BinaryIO]:
    if file == _STANDARD_INPUT:
        yield sys.stdin.buffer
        return
    with file.open("rb") as stream:
        yield stream


@contextmanager
def _problem_writer(file: Path | None) -> Iterator[Callable[[RowProblem], None]]:
    if file is None:
        yield lambda _: None
        return
    with file.open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(("line", "field", "reason"))
        yield lambda problem: rows.writerow((problem.line, problem.field, problem.reason))


@contextmanager
def _progress_bar(file: Path) -> "Iterator[Callable[[ImportProgress], None]]":
    """A bar on standard error, by bytes; nothing when that is not a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    size = file.stat().st_size if file.is_file() else None
    columns = (
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[read]:,} rows, {task.fields[rejected]:,} rejected"),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        bar = progress.add_task("import", total=size, read=0, rejected=0)

        def show(step: "ImportProgress") -> None:
            progress.update(bar, completed=step.bytes_read, read=step.read, rejected=step.rejected)

        yield show


def _print_report(report: "ImportReport") -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    counts = Table.grid(padding=(0, 2))
    counts.add_column()
    counts.add_column(justify="right")
    for name in ("read", "created", "updated", "unchanged", "duplicates", "rejected"):
        counts.add_row(name.capitalize(), f"{getattr(report, name):,}")
    console = Console()
    console.print(counts)
    if not report.problems:
        return
    problems = Table("Line", "Field", "Reason")
    for problem in report.problems[:_SHOWN_PROBLEMS]:
        problems.add_row(str(problem.line), escape(problem.field), escape(problem.reason))
    console.print(problems)
    if report.problem_count > _SHOWN_PROBLEMS:
        console.print(
            f"... and {report.problem_count - _SHOWN_PROBLEMS:,} more; --report FILE.csv keeps all."
        )


def _refusal(error: Exception) -> str:
    match error:
        case ColumnsError():
            return _listed("the columns cannot be used", error.problems)
        case OSError(strerror=str(reason)):
            return f"{error.filename}: {reason}" if error.filename else reason
        case _:
            return str(error)


def _listed(what: str, problems: Sequence[str]) -> str:
    return "\n  ".join((f"{what}:", *problems))
