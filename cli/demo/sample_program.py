"""The sample program and its participants, from the CSV file that ships with Carillon."""

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import UUID

from cli.demo.api_client import ApiClient, DemoError
from cli.sample.lately import reservations, visits_lately

PROGRAM = {"name": "Sample club", "timezone": "Europe/Madrid"}
_ROWS_AN_UPLOAD = 500
_PAGE = 100

Advance = Callable[[int, int], None]


@dataclass(frozen=True)
class Imported:
    """What became of the rows of the CSV file."""

    created: int = 0
    known: int = 0

    def plus(self, report: dict[str, Any]) -> "Imported":
        return Imported(
            self.created + report["created"], self.known + report["updated"] + report["unchanged"]
        )


async def kept_program(api: ApiClient) -> UUID | None:
    """The sample program of an earlier start."""
    cursor: str | None = None
    while True:
        params = {"limit": str(_PAGE)} | ({"cursor": cursor} if cursor else {})
        page = await api.send("GET", "/v1/programs", params=params)
        for program in page["data"]:
            if program["name"] == PROGRAM["name"]:
                return UUID(program["id"])
        cursor = page["pagination"]["next_cursor"]
        if cursor is None:
            return None


async def create_program(api: ApiClient) -> UUID:
    return UUID((await api.send("POST", "/v1/programs", json=PROGRAM))["id"])


async def is_loaded(api: ApiClient, program_id: UUID, file: Path) -> bool:
    """Whether the last person of the file is there. Uploads go in order, so then everyone is."""
    _, rows = _read(file)
    found = await api.send(
        "GET", f"/v1/programs/{program_id}/participants", params={"external_id": rows[-1][0]}
    )
    return bool(found["data"])


async def load(api: ApiClient, program_id: UUID, file: Path, advance: Advance) -> Imported:
    """Upload the file a few hundred rows at a time. Raises DemoError when a row is rejected."""
    header, rows = _read(file)
    imported, done = Imported(), 0
    for upload in _in_parts(header, rows):
        report = await api.send(
            "POST",
            f"/v1/programs/{program_id}/participants/import",
            content=upload,
            headers={"Content-Type": "text/csv"},
        )
        if report["rejected"]:
            raise DemoError(f"{file.name}: {report['rejected']} rows are rejected: {report['problems'][:3]}")
        imported = imported.plus(report)
        done += report["read"]
        advance(done, len(rows))
    return imported


async def load_lately(api: ApiClient, program_id: UUID, now: datetime) -> None:
    """What the people of the file did just before `now`, and when they are expected."""
    events = {"program_id": str(program_id), "events": visits_lately(now)}
    await api.send("POST", "/v1/events/batch", json=events)
    await api.send(
        "POST",
        f"/v1/programs/{program_id}/participants/import",
        content=reservations(now).encode(),
        headers={"Content-Type": "text/csv"},
    )


def _read(file: Path) -> tuple[list[str], list[list[str]]]:
    with file.open(encoding="utf-8", newline="") as stream:
        header, *rows = csv.reader(stream)
    return header, rows


def _in_parts(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[bytes]:
    for start in range(0, len(rows), _ROWS_AN_UPLOAD):
        text = StringIO()
        csv.writer(text).writerows([header, *rows[start : start + _ROWS_AN_UPLOAD]])
        yield text.getvalue().encode()
