"""Figures as JSON for machines and as a table for people."""

import json
import os
import platform
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value. `ratio` compares it with the baseline of the same run."""

    name: str
    value: float
    unit: str
    ratio: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    benchmark: str
    figures: list[Figure]
    measured_at: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    cores: int = field(default_factory=lambda: os.cpu_count() or 1)
    load_before: float = field(default_factory=lambda: os.getloadavg()[0])
    python: str = field(default_factory=platform.python_version)

    def write(self, folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.benchmark}.json"
        path.write_text(json.dumps(asdict(self), indent=2) + "\n")
        return path

    def print(self, console: Console) -> None:
        title = f"{self.benchmark}: {self.cores} cores, load before {self.load_before:.1f}"
        table = Table(title=title, title_justify="left")
        table.add_column("measured")
        table.add_column("value", justify="right")
        table.add_column("ratio", justify="right")
        table.add_column("note")
        for figure in self.figures:
            table.add_row(
                figure.name, f"{figure.value:,.1f} {figure.unit}", _times(figure.ratio), figure.note
            )
        console.print(table)


def _times(ratio: float | None) -> str:
    """One decimal where it tells something."""
    if ratio is None:
        return ""
    return f"{ratio:,.1f} x" if ratio < 10 else f"{ratio:,.0f} x"
