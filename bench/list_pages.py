"""List pages: the same page of a long list and of a short one, over HTTP."""

import asyncio
import time
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bench.automations import add_automations
from bench.bench_stack import Bench, bench_stack
from bench.clients import MILLISECONDS
from bench.percentiles import percentile
from bench.report import Figure, Report
from store.paging import encode_cursor

LIMITS = (50, 100)
DEEP_PAGE = 500
FILTERS: dict[str, dict[str, str]] = {
    "no filter": {},
    "trigger_type": {"trigger_type": "cron"},
    "trigger_type, rare": {"trigger_type": "immediate"},
    "scope": {"scope": "participants"},
    "status": {"status": "active"},
    "status=archived": {"status": "archived"},
    "status, rare": {"status": "failed"},
    "source": {"source": "api"},
    "source, rare": {"source": "rule_action"},
    "two, none": {"status": "completed", "source": "rule_action"},
    "search": {"search": "spring"},
    "search, rare": {"search": "unicorn"},
    "search, none": {"search": "zebra"},
    "search of 2 letters, none": {"search": "zq"},
}


@dataclass(frozen=True, slots=True)
class FilteredList:
    """One program's automations as one filter lists them; `cursors` says where each row is."""

    bench: Bench
    filters: dict[str, str]
    cursors: list[str]

    def after(self, row: int) -> str | None:
        """The cursor of the page that begins behind this many rows."""
        return self.cursors[row - 1] if row > 0 else None

    def deep(self, limit: int) -> str | None:
        """Page DEEP_PAGE, or the middle of a shorter list."""
        return self.after(min(DEEP_PAGE * limit, len(self.cursors) // 2))

    def last(self, limit: int) -> str | None:
        return self.after(len(self.cursors) - limit)

    async def milliseconds(self, limit: int, cursor: str | None) -> float:
        begun = time.perf_counter()
        await list_page(self.bench, self.filters, limit, cursor)
        return (time.perf_counter() - begun) * MILLISECONDS


async def list_page(
    bench: Bench, filters: dict[str, str], limit: int, cursor: str | None
) -> tuple[list[str], str | None]:
    """The rows of one page, each as its cursor, and the cursor of the next page."""
    params = filters | {"limit": str(limit)} | ({"cursor": cursor} if cursor else {})
    answer = await bench.http.get(f"{bench.base}/automations", params=params)
    page = answer.raise_for_status().json()
    cursors = [
        encode_cursor(datetime.fromisoformat(row["created_at"]), UUID(row["id"])) for row in page["data"]
    ]
    return cursors, page["pagination"]["next_cursor"]


async def walk(bench: Bench, filters: dict[str, str]) -> FilteredList:
    """The whole list, page by page."""
    found: list[str] = []
    cursor: str | None = None
    while True:
        rows, cursor = await list_page(bench, filters, max(LIMITS), cursor)
        found += rows
        if cursor is None:
            return FilteredList(bench, filters, found)


async def measure_list_pages(many: int = 100_000, few: int = 1_000, repeats: int = 15) -> Report:
    """Every filter's first page, page 500 and last page: the slowest of them, in the long list."""
    figures = []
    async with bench_stack() as bench:
        other = await bench.add_program()
        for program, count in ((bench, many), (other, few)):
            await asyncio.to_thread(add_automations, bench.database_url, program.program_id, count)
        for name, filters in FILTERS.items():
            long, short = await walk(bench, filters), await walk(other, filters)
            figures += [
                await _compare(f"{name}, limit {limit}", long, short, limit, repeats) for limit in LIMITS
            ]
    return Report("list_pages", figures)


async def _compare(name: str, long: FilteredList, short: FilteredList, limit: int, repeats: int) -> Figure:
    """Both lists in turns, so that whatever else the machine does slows both."""
    medians: dict[str, tuple[float, float]] = {}
    for place, of_long, of_short in (
        ("first", None, None),
        ("deep", long.deep(limit), short.deep(limit)),
        ("last", long.last(limit), short.last(limit)),
    ):
        taken = [
            (await long.milliseconds(limit, of_long), await short.milliseconds(limit, of_short))
            for _ in range(repeats)
        ]
        medians[place] = (
            percentile([one for one, _ in taken], 50),
            percentile([other for _, other in taken], 50),
        )
    slowest, compared = max(medians.values())
    pages = ", ".join(
        f"{place} {of_long:,.1f} ({of_short:,.1f})" for place, (of_long, of_short) in medians.items()
    )
    return Figure(name, slowest, "ms", slowest / compared, f"{len(long.cursors):,} rows: {pages}")
