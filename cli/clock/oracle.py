"""The DST policies by brute force: look at a zone's clock minute by minute, and let croniter read it.

It shares nothing with `domain.schedules`, which it checks, but the zone data and the policies' names.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from croniter import croniter

from domain.schedules import DstPolicy, Gap, Overlap

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
SCAN = 6 * HOUR
POLICIES = [DstPolicy(gap=gap, overlap=overlap) for gap in Gap for overlap in Overlap]

Clock = list[tuple[datetime, datetime]]
"""(instant in UTC, what the clock on the wall shows) for consecutive minutes."""


def transitions(zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[datetime]:
    """Instants at which the zone's offset changes, to the minute."""
    moment, offset = start, _offset(start, zone)
    while moment < end:
        later = moment + SCAN
        later_offset = _offset(later, zone)
        if later_offset != offset:
            yield next(at for at in _minutes(moment, later) if _offset(at, zone) != offset)
        moment, offset = later, later_offset


def watch_clock(zone: ZoneInfo, start: datetime, end: datetime) -> Clock:
    """What the zone's clock shows at every minute from `start` to `end`, both included."""
    return [(at, at.astimezone(zone).replace(tzinfo=None, fold=0)) for at in _minutes(start, end)]


def expected_fires(text: str, clock: Clock, policy: DstPolicy) -> list[datetime]:
    """Every instant of the clock, its first excepted, at which the expression should fire."""
    shown = [wall for _, wall in clock]
    wanted = wanted_walls(text, min(shown), max(shown))
    times_shown: dict[datetime, list[datetime]] = {}
    for instant, wall in clock:
        times_shown.setdefault(wall, []).append(instant)
    fires: set[datetime] = set()
    for wall in wanted & times_shown.keys():
        fires.update(_chosen(times_shown[wall], policy.overlap))
    if policy.gap is Gap.SHIFT:
        fires.update(_ends_of_gaps(clock, wanted - times_shown.keys()))
    return sorted(fires - {clock[0][0]})


@lru_cache(maxsize=2_048)
def wanted_walls(text: str, first: datetime, last: datetime) -> frozenset[datetime]:
    """Wall-clock minutes from `first` to `last` that croniter matches."""
    reader = croniter(text, first - MINUTE)
    walls = set()
    while (wall := reader.get_next(datetime)) <= last:
        walls.add(wall)
    return frozenset(walls)


def _chosen(instants: list[datetime], overlap: Overlap) -> list[datetime]:
    match overlap:
        case Overlap.FIRST:
            return instants[:1]
        case Overlap.SECOND:
            return instants[-1:]
        case Overlap.BOTH:
            return instants


def _ends_of_gaps(clock: Clock, never_shown: frozenset[datetime]) -> Iterator[datetime]:
    for (_, earlier), (instant, later) in pairwise(clock):
        if later - earlier > MINUTE and any(earlier < wall < later for wall in never_shown):
            yield instant


def _minutes(start: datetime, end: datetime) -> Iterator[datetime]:
    return (start + count * MINUTE for count in range(int((end - start) / MINUTE) + 1))


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta | None:
    return moment.astimezone(zone).utcoffset()


def utc(*parts: int) -> datetime:
    """An instant of the clock in Greenwich."""
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]
