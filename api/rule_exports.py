"""Exports of runs and events: what may be asked for, and the file that answers it."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query, Request

from api.csv_response import CsvResponse
from api.dependencies import DatabaseDep
from api.errors import invalid
from api.rule_paging import EventSortingDep, RunSortingDep
from api.slots import Slots
from domain.instants import Instant
from store.csv_export import ExportRequest, export_csv
from store.database import Database
from store.rule_pages import RuleList, Sorting

MOST_ROWS = 1_000_000
CSV_ANSWER = {
    "description": "The rows, under a header",
    "content": {"text/csv": {"schema": {"type": "string"}}},
}


@dataclass(frozen=True, slots=True)
class Exporter:
    """Exports in a transaction of its own, that lasts as long as the client reads."""

    database: Database
    slots: Slots

    async def export(self, listed: RuleList, request: ExportRequest, filename: str) -> CsvResponse:
        """Raises a Refusal while too many others export."""
        return await CsvResponse.of(self._pieces(listed, request), filename)

    async def _pieces(self, listed: RuleList, request: ExportRequest) -> AsyncGenerator[bytes, None]:
        async with (
            self.slots.one(),
            self.database.transaction() as session,
            aclosing(export_csv(session, listed, request)) as pieces,
        ):
            async for piece in pieces:
                yield piece


async def _exporter(request: Request, database: DatabaseDep) -> Exporter:
    slots: Slots = request.app.state.export_slots
    return Exporter(database, slots)


Limit = Annotated[int, Query(ge=1, le=MOST_ROWS, description="Rows at most")]
CreatedFrom = Annotated[Instant | None, Query(description="Created from then on")]
CreatedTo = Annotated[Instant | None, Query(description="Created before then")]


async def _run_export(
    sorting: RunSortingDep,
    limit: Limit = 10_000,
    created_from: CreatedFrom = None,
    created_to: CreatedTo = None,
) -> ExportRequest:
    return _export_request(sorting, limit, created_from, created_to)


async def _event_export(
    sorting: EventSortingDep,
    limit: Limit = 10_000,
    created_from: CreatedFrom = None,
    created_to: CreatedTo = None,
) -> ExportRequest:
    return _export_request(sorting, limit, created_from, created_to)


def _export_request(
    sorting: Sorting, limit: int, created_from: Instant | None, created_to: Instant | None
) -> ExportRequest:
    if created_from is not None and created_to is not None and created_to <= created_from:
        raise invalid("created_to", "not after created_from", f"an instant after {created_from.isoformat()}")
    return ExportRequest(limit, sorting, created_from, created_to)


ExporterDep = Annotated[Exporter, Depends(_exporter)]
RunExportDep = Annotated[ExportRequest, Depends(_run_export)]
EventExportDep = Annotated[ExportRequest, Depends(_event_export)]
