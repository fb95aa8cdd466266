"""What the policies for missed occurrences make of outages, by the rules the engine itself follows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from rich.table import Table

from domain.automation import Definition, MissedRunPolicy, Scope, TriggerType
from domain.missed_runs import overdue

BEGINS_AT = datetime(2026, 5, 31, 23, 59, 30, tzinfo=UTC)
LENGTHS = {
    "2 min": timedelta(minutes=2),
    "30 min": timedelta(minutes=30),
    "2 h": timedelta(hours=2),
    "30 h": timedelta(hours=30),
}
CRONS = {"every 5 min": "*/5 * * * *", "hourly": "0 * * * *", "daily": "0 0 * * *"}


@dataclass(frozen=True, slots=True)
class Outage:
    """Of `due` occurrences, `fired` fire once the outage is over and `missed` leave a receipt that says so."""

    cron: str
    length: str
    policy: MissedRunPolicy
    fired: int
    missed: int

    @property
    def due(self) -> int:
        return self.fired + self.missed

    def as_json(self) -> dict[str, object]:
        return {
            "cron": self.cron,
            "outage": self.length,
            "missed_run_policy": self.policy.value,
            "due": self.due,
            "fired": self.fired,
            "missed": self.missed,
        }


def outages() -> list[Outage]:
    """Every policy, length and cron; each outage begins half a minute before a midnight."""
    return [
        _outage(cron, length, policy) for cron in CRONS for length in LENGTHS for policy in MissedRunPolicy
    ]


def table(found: Sequence[Outage]) -> Table:
    shown = Table("Cron", "Outage", title="Outages that begin half a minute before midnight")
    shown.add_column("Due", justify="right")
    for policy in MissedRunPolicy:
        shown.add_column(f"{policy}: fire late", justify="right")
        shown.add_column("missed", justify="right")
    for cron in CRONS:
        for length in LENGTHS:
            row = [each for each in found if (each.cron, each.length) == (cron, length)]
            counts = [f"{count:,}" for each in row for count in (each.fired, each.missed)]
            shown.add_row(cron, length, f"{row[0].due:,}", *counts)
        shown.add_section()
    return shown


def _outage(cron: str, length: str, policy: MissedRunPolicy) -> Outage:
    definition = Definition(
        name="an automation",
        event_name="due",
        scope=Scope.PROGRAM,
        trigger_type=TriggerType.CRON,
        cron_expression=CRONS[cron],
        missed_run_policy=policy,
    )
    found = overdue(definition, BEGINS_AT, BEGINS_AT + LENGTHS[length])
    unlisted = found.unlisted.count if found.unlisted is not None else 0
    return Outage(cron, length, policy, fired=len(found.waiting), missed=len(found.missed) + unlisted)
