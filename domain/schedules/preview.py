"""The runs a schedule has ahead of it, in words for people: the wall clock, and what daylight saving did to it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from itertools import groupby, takewhile
from zoneinfo import ZoneInfo

from domain.schedules.cron import Cron
from domain.schedules.occurrences import (
    DstPolicy,
    Gap,
    Overlap,
    matching_walls,
    occurrences,
    offsets_around,
    wall_clock,
)

_END = datetime(9998, 12, 31, 23, 59, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """One run to come: its instant in UTC, the same on the zone's wall clock, and what is odd about it."""

    run_at: datetime
    local: datetime
    note: str | None = None


def planned_runs(
    cron: Cron, zone: ZoneInfo, policy: DstPolicy, after: datetime, limit: int
) -> list[PlannedRun]:
    """The first ``limit`` occurrences strictly after ``after``; fewer when the schedule ends before.

    Raises ScheduleError(field="start") if ``after`` is naive or outside the years 2 to 9998.
    """
    runs: list[PlannedRun] = []
    before = after
    for instant in occurrences(cron, zone, policy, after, _END, limit):
        notes = [*_of_gaps(cron, zone, policy, before, instant), *_of_overlap(zone, policy, instant)]
        runs.append(PlannedRun(instant, local_time(instant, zone), ". ".join(notes) or None))
        before = instant
    return runs


def local_time(instant: datetime, zone: ZoneInfo) -> datetime:
    """``instant`` with the offset that the zone has then, written out."""
    local = instant.astimezone(zone)
    return local.astimezone(timezone(local.utcoffset() or timedelta(0)))


def _of_gaps(
    cron: Cron, zone: ZoneInfo, policy: DstPolicy, before: datetime, instant: datetime
) -> Iterator[str]:
    """A sentence for each day on which wall-clock times since the run before were passed over."""
    shown = wall_clock(instant, zone)
    start = wall_clock(before, zone).replace(second=0, microsecond=0) + _MINUTE
    walls = takewhile(lambda wall: wall <= shown, matching_walls(cron, start))
    for day, group in groupby((wall for wall in walls if _is_skipped(wall, zone)), key=datetime.date):
        missing = list(group)
        alone = len(missing) == 1
        times = f"{missing[0]:%H:%M}" if alone else f"{missing[0]:%H:%M} to {missing[-1]:%H:%M}"
        where = f"{times} {'does' if alone else 'do'} not exist on {day} in {zone.key}"
        if policy.gap is Gap.SKIP:
            yield f"{where}; skipped"
        else:
            fires = "fires" if alone else "fires once,"
            yield f"{where}; {fires} at {shown:%H:%M}{'' if shown.date() == day else f' on {shown.date()}'}"


def _of_overlap(zone: ZoneInfo, policy: DstPolicy, instant: datetime) -> Iterator[str]:
    shown = wall_clock(instant, zone)
    earlier, later = offsets_around(shown, zone)
    if earlier <= later:
        return
    twice = f"{shown:%H:%M} comes twice on {shown.date()} in {zone.key}"
    if policy.overlap is not Overlap.BOTH:
        yield f"{twice}; fires the {policy.overlap} time only"
        return
    which = "second" if instant.astimezone(zone).fold else "first"
    yield f"{twice}; fires both times, this is the {which}"


def _is_skipped(wall: datetime, zone: ZoneInfo) -> bool:
    before, after = offsets_around(wall, zone)
    return before < after
