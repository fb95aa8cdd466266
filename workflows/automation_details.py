"""What an operator reads about an automation in the Web UI, and finds it by."""

from typing import Any

from temporalio.common import SearchAttributeUpdate

from domain import search_attributes
from domain.automation import AutomationStatus
from domain.contract import AutomationSnapshot
from domain.schedules import validate_timezone


def describe(snapshot: AutomationSnapshot) -> str:
    """Status and who set it, the next fire in the automation's zone, the last run's counts, in Markdown."""
    changed = f", last changed by {snapshot.last_actor}" if snapshot.last_actor else ""
    lines = [
        f"**{snapshot.status.value}**: {snapshot.trigger_type.value} trigger, {snapshot.scope.value} scope{changed}"
    ]
    if snapshot.schedule_paused:
        lines.append("its Temporal Schedule is paused by an operator: nothing fires by the clock")
    elif snapshot.status is AutomationStatus.ACTIVE and snapshot.next_run_at is not None:
        local = snapshot.next_run_at.astimezone(validate_timezone(snapshot.timezone))
        lines.append(f"next fire {local:%Y-%m-%d %H:%M:%S} {snapshot.timezone}")
    if snapshot.active_run is not None:
        lines.append(f"run {snapshot.active_run.number} is in progress")
    if snapshot.last_run_summary is not None:
        lines.append(f"last run {snapshot.last_run_summary}")
    return "\n".join(f"- {line}" for line in lines)


def searchable(snapshot: AutomationSnapshot) -> list[SearchAttributeUpdate[Any]]:
    return [
        search_attributes.STATUS.value_set(snapshot.status.value),
        search_attributes.TRIGGER_TYPE.value_set(snapshot.trigger_type.value),
        search_attributes.PROGRAM.value_set(str(snapshot.program_id)),
        search_attributes.AUTOMATION.value_set(str(snapshot.automation_id)),
        search_attributes.KIND.value_set("automation"),
    ]
