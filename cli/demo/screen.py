"""What the demo shows: live on a terminal, a few plain lines elsewhere."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from api.schemas.automation import AutomationOut
from api.schemas.run import RunOut
from cli.demo.curl_lines import CurlLine
from cli.demo.sample_program import Advance

_PLAIN_STEPS = 4


class Screen:
    """Standard output."""

    def __init__(self) -> None:
        is_terminal = sys.stdout.isatty()
        # Colours may be forced by the environment; a file or a pipe gets none all the same.
        self._console = Console(force_terminal=None if is_terminal else False, highlight=False)

    def say(self, text: str) -> None:
        """A line, never cut: a narrow terminal wraps it, and it can still be copied whole."""
        self._console.print(text, markup=False, soft_wrap=True)

    def heading(self, text: str) -> None:
        self._console.print(f"\n[bold]{escape(text)}[/bold]", soft_wrap=True)

    @contextmanager
    def waiting(self, text: str) -> Iterator[None]:
        """Shows that something without measurable progress is going on."""
        if not self._console.is_interactive:
            self.say(f"{text} ...")
            yield
            return
        with self._console.status(escape(text)):
            yield

    @contextmanager
    def progress(self, text: str) -> Iterator[Advance]:
        """A bar; the function it gives is told how many are done and of how many."""
        if not self._console.is_interactive:
            yield _PlainProgress(self, text)
            return
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self._console) as bars:
            bar = bars.add_task(escape(text), total=None)
            yield lambda done, total: bars.update(bar, completed=done, total=total or None)

    def run(self, automation: AutomationOut, run: RunOut) -> None:
        """The outcomes of a run by reason, and the identity that they obey."""
        self.heading(f"Run {run.number} of {automation.name}: {run.status}")
        counts = run.counts
        table = Table("Outcome", "Reason", box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
        table.add_column("Participants", justify="right")
        table.add_row("sent", "", f"{counts.sent:,}")
        for reason, count in sorted(counts.skipped.items()):
            table.add_row("skipped", reason, f"{count:,}")
        for outcome in ("failed", "unknown", "pending"):
            table.add_row(outcome, "", f"{getattr(counts, outcome):,}")
        table.add_section()
        table.add_row("[bold]total[/bold]", "", f"[bold]{counts.total:,}[/bold]")
        self._console.print(table)
        self.say(identity(run))

    def automations(self, automations: Sequence[AutomationOut]) -> None:
        """Which automations there are, and when each fires next in its own zone."""
        self.heading("Automations")
        table = Table("Name", "Scope", "Status", "Next run", box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
        for automation in automations:
            next_run = _local_time(automation.next_run_at, automation.timezone)
            table.add_row(escape(automation.name), automation.scope, automation.status, next_run)
        self._console.print(table)

    def addresses(self, rows: Sequence[tuple[str, str]]) -> None:
        self.heading("Addresses")
        width = max(len(label) for label, _ in rows)
        for label, address in rows:
            self.say(f"  {label:<{width}}  {address}")

    def curl_lines(self, lines: Sequence[CurlLine]) -> None:
        self.heading("Three lines to try")
        for line in lines:
            self.say(f"\n{line.purpose}:\n{line.command}")


class _PlainProgress:
    """A line for each quarter of the way."""

    def __init__(self, screen: Screen, text: str) -> None:
        self._screen = screen
        self._text = text
        self._shown = 0

    def __call__(self, done: int, total: int) -> None:
        step = _PLAIN_STEPS * done // total if total else 0
        if step > self._shown:
            self._shown = step
            self._screen.say(f"{self._text}: {done:,} of {total:,}")


def identity(run: RunOut) -> str:
    """The counts of a run as the equation they must satisfy."""
    counts = run.counts
    terms = (
        ("sent", counts.sent),
        ("skipped", sum(counts.skipped.values())),
        ("failed", counts.failed),
        ("unknown", counts.unknown),
        ("pending", counts.pending),
    )
    sides = " + ".join(f"{count:,} {name}" for name, count in terms)
    return f"{counts.total:,} total {'=' if counts.adds_up else '!='} {sides}"


def _local_time(at: datetime | None, zone: str) -> str:
    if at is None:
        return "-"
    return f"{at.astimezone(ZoneInfo(zone)):%a %d %b %Y %H:%M} {zone}"
