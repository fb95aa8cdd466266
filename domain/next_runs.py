"""When the clock will fire an automation next, and after that."""

from datetime import datetime

from domain.automation import AutomationStatus, Definition, TriggerType
from domain.firing import next_fire
from domain.schedules import PlannedRun, local_time, parse_cron, planned_runs, validate_timezone


def next_runs(
    definition: Definition, status: AutomationStatus, fired_once: bool, after: datetime, limit: int
) -> list[PlannedRun]:
    """At most ``limit`` runs; the first is `next_fire`. None of an automation that the clock does not fire."""
    first = next_fire(definition, status, fired_once, after)
    if first is None:
        return []
    zone = validate_timezone(definition.timezone)
    if definition.trigger_type is TriggerType.CRON:
        assert definition.cron_expression is not None
        cron = parse_cron(definition.cron_expression)
        return planned_runs(cron, zone, definition.dst_policy, after, limit)
    return [PlannedRun(first, local_time(first, zone))]
