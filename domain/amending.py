"""Changing an automation: only the fields sent, only those its trigger has, and always to a valid whole."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from domain.automation import AutomationStatus, Definition, TriggerType
from domain.definition_rules import DefinitionError, check_definition
from domain.expressions import AttributeType

CLEARABLE = frozenset({"description", "participant_filter", "guard_condition", "action"})
CLEARED_TO: dict[str, Any] = {"payload": {}, "filter_hints": []}

STATUSES_A_CLIENT_MAY_SET = (AutomationStatus.ACTIVE, AutomationStatus.PAUSED)

ONLY_FOR_TRIGGER = {
    "cron_expression": TriggerType.CRON,
    "trigger_at": TriggerType.ONE_TIME,
    "schedule_config": TriggerType.PARTICIPANT_STATE,
}

TIMING_FIELDS = frozenset({"cron_expression", "timezone", "trigger_at", "dst_policy", "jitter_seconds"})
WATCHING_FIELDS = frozenset({"schedule_config", "timezone", "dst_policy", "participant_filter"})


@dataclass(frozen=True, slots=True)
class Amended:
    definition: Definition
    status: AutomationStatus
    status_changed: bool
    retimed: bool
    watches_otherwise: bool = False


def amend(
    definition: Definition,
    status: AutomationStatus,
    patch: dict[str, Any],
    attribute_types: Mapping[str, AttributeType] | None = None,
) -> Amended:
    """Merge `patch` (field -> JSON value, `status` among them) over a definition. Raises DefinitionError."""
    changes = dict(patch)
    wanted = changes.pop("status", None)
    if "status" in patch and wanted is None:
        raise DefinitionError("status", "cannot be null", "active or paused")
    _refuse_foreign_fields(definition.trigger_type, changes)
    new_status = (
        status
        if wanted is None
        else status_after(status, AutomationStatus(wanted), retimed="trigger_at" in changes)
    )
    merged = definition.model_dump(mode="json") | _with_nulls_settled(changes)
    try:
        whole = Definition.model_validate(merged)
    except ValidationError as error:
        problem = error.errors()[0]
        raise DefinitionError(".".join(str(part) for part in problem["loc"]), problem["msg"]) from None
    if changes or new_status is not AutomationStatus.PAUSED:
        # What was taken once can be paused, whatever is asked of definitions since.
        check_definition(whole, attribute_types)
    changed = {name for name in changes if getattr(whole, name) != getattr(definition, name)}
    return Amended(
        whole,
        new_status,
        status_changed=new_status is not status,
        retimed=not changed.isdisjoint(TIMING_FIELDS),
        watches_otherwise=(
            definition.trigger_type is TriggerType.PARTICIPANT_STATE
            and not changed.isdisjoint(WATCHING_FIELDS)
        ),
    )


def _refuse_foreign_fields(trigger_type: TriggerType, changes: dict[str, Any]) -> None:
    for field, trigger in ONLY_FOR_TRIGGER.items():
        if field in changes and trigger_type is not trigger:
            raise DefinitionError(
                field, f"not a field of a {trigger_type} automation", f"only for trigger_type {trigger}"
            )


def _with_nulls_settled(changes: dict[str, Any]) -> dict[str, Any]:
    settled: dict[str, Any] = {}
    for field, value in changes.items():
        if value is None and field not in CLEARABLE and field not in CLEARED_TO:
            raise DefinitionError(field, "cannot be null", "a value, or leave it out")
        settled[field] = CLEARED_TO.get(field) if value is None else value
    return settled


def status_after(
    status: AutomationStatus, target: AutomationStatus, *, retimed: bool = False
) -> AutomationStatus:
    """The status once a client asked for `target`. Raises DefinitionError when it may not be had.

    `retimed`: a new instant comes with it, which a completed one-time automation needs.
    """
    if target not in STATUSES_A_CLIENT_MAY_SET:
        raise DefinitionError("status", f"cannot be set to {target}", "active or paused")
    if status is AutomationStatus.COMPLETED and not retimed:
        raise DefinitionError("status", "the automation is completed", "a new trigger_at with it")
    return target
