"""Fires around changes of the clocks: what the engine's expansion gives, against the oracle."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.table import Table

from cli.clock.oracle import HOUR, POLICIES, Clock, expected_fires, transitions, watch_clock
from domain.schedules import DstPolicy, local_time, occurrences, parse_cron, timezone_names, validate_timezone

AROUND = 4 * HOUR
EXPRESSIONS = ("*/30 * * * *", "0 * * * *", "0 0 * * *", "30 2 * * *", "15 1-3 * * *")
SHOWN = (("Europe/Berlin", "30 2 * * *"), ("America/New_York", "30 1,2 * * *"))


@dataclass(slots=True)
class PolicyCheck:
    """Counts for one policy, over all zones, transitions and expressions."""

    policy: DstPolicy
    expected: int = 0
    given: int = 0
    disagreements: int = 0


@dataclass(slots=True)
class DstReport:
    zones: int
    transitions: int = 0
    policies: list[PolicyCheck] = field(default_factory=lambda: [PolicyCheck(each) for each in POLICIES])
    disagreeing: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, object]:
        return {
            "zones": self.zones,
            "transitions": self.transitions,
            "expressions": list(EXPRESSIONS),
            "policies": [
                {
                    "gap": each.policy.gap.value,
                    "overlap": each.policy.overlap.value,
                    "expected": each.expected,
                    "given": each.given,
                    "disagreements": each.disagreements,
                }
                for each in self.policies
            ],
            "disagreeing": self.disagreeing,
        }

    def table(self, years: str) -> Table:
        title = (
            f"{self.transitions:,} changes of the clocks in {self.zones} zones, {years}, "
            f"{len(EXPRESSIONS)} expressions each"
        )
        table = Table("Gap", "Overlap", title=title)
        for heading in ("Fires expected", "Fires given", "Disagreements"):
            table.add_column(heading, justify="right")
        for each in self.policies:
            counts = (f"{count:,}" for count in (each.expected, each.given, each.disagreements))
            table.add_row(each.policy.gap, each.policy.overlap, *counts)
        return table


@dataclass(frozen=True, slots=True)
class Sample:
    """One expression around one change, by policy."""

    zone: str
    expression: str
    change: datetime
    fires: dict[str, list[datetime]]

    def as_json(self) -> dict[str, object]:
        return {
            "zone": self.zone,
            "cron_expression": self.expression,
            "change": self.change.isoformat(),
            "fires": {policy: [at.isoformat() for at in fires] for policy, fires in self.fires.items()},
        }

    def table(self) -> Table:
        title = f"{self.expression} in {self.zone}, change at {self.change:%Y-%m-%d %H:%M} UTC"
        table = Table("Policy", "Fires, local", title=title)
        for policy, fires in self.fires.items():
            table.add_row(policy, ", ".join(f"{at:%H:%M%z}" for at in fires) or "-")
        return table


def sampled_zones(count: int | None) -> list[str]:
    """Every IANA zone, or `count` of them, evenly spread over their names."""
    names = sorted(timezone_names())
    if count is None or count >= len(names):
        return names
    return [names[index * len(names) // count] for index in range(count)]


def check_zones(names: Sequence[str], start: datetime, end: datetime) -> DstReport:
    """Compare the two around every transition from `start` to `end`."""
    report = DstReport(zones=len(names))
    for name in names:
        zone = validate_timezone(name)
        for change in transitions(zone, start, end):
            report.transitions += 1
            _check(report, zone, change)
    return report


def samples(start: datetime) -> list[Sample]:
    """What the policies make of the first gap and the first overlap after `start`, for two expressions."""
    found = []
    for name, expression in SHOWN:
        zone = validate_timezone(name)
        for change in list(transitions(zone, start, start.replace(year=start.year + 1)))[:2]:
            clock = _clock_around(zone, change)
            fires = {
                f"{policy.gap}, {policy.overlap}": [
                    local_time(at, zone) for at in _given(expression, clock, zone, policy)
                ]
                for policy in POLICIES
            }
            found.append(Sample(name, expression, change, fires))
    return found


def _check(report: DstReport, zone: ZoneInfo, change: datetime) -> None:
    clock = _clock_around(zone, change)
    for expression in EXPRESSIONS:
        for check in report.policies:
            expected = expected_fires(expression, clock, check.policy)
            given = _given(expression, clock, zone, check.policy)
            check.expected += len(expected)
            check.given += len(given)
            if expected != given:
                check.disagreements += 1
                policy = f"gap {check.policy.gap}, overlap {check.policy.overlap}"
                report.disagreeing.append(f"{zone.key}, {change.isoformat()}, {expression}, {policy}")


def _clock_around(zone: ZoneInfo, change: datetime) -> Clock:
    return watch_clock(zone, change - AROUND, change + AROUND)


def _given(expression: str, clock: Clock, zone: ZoneInfo, policy: DstPolicy) -> list[datetime]:
    return list(occurrences(parse_cron(expression), zone, policy, clock[0][0], clock[-1][0]))
