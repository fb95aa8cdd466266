"""Which automations a manual trigger may fire (the seed's matrix)."""

from domain.automation import IN_PROGRESS, AutomationStatus, ExecutionStatus, Scope, TriggerType

VALID_PAIRS = frozenset(
    {
        (TriggerType.CRON, Scope.PROGRAM),
        (TriggerType.CRON, Scope.PARTICIPANTS),
        (TriggerType.ONE_TIME, Scope.PROGRAM),
        (TriggerType.ONE_TIME, Scope.PARTICIPANTS),
        (TriggerType.IMMEDIATE, Scope.PARTICIPANTS),
        (TriggerType.PARTICIPANT_STATE, Scope.PARTICIPANTS),
    }
)

TRIGGERABLE = frozenset(
    {
        (TriggerType.CRON, Scope.PROGRAM),
        (TriggerType.CRON, Scope.PARTICIPANTS),
        (TriggerType.ONE_TIME, Scope.PARTICIPANTS),
        (TriggerType.IMMEDIATE, Scope.PARTICIPANTS),
    }
)


def can_trigger(
    status: AutomationStatus, trigger_type: TriggerType, scope: Scope, execution_status: ExecutionStatus
) -> bool:
    """Active, of a kind that can be triggered, and no fan-out running. A finished run counts as idle."""
    return (
        status is AutomationStatus.ACTIVE
        and (trigger_type, scope) in TRIGGERABLE
        and execution_status not in IN_PROGRESS
    )
