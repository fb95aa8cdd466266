"""The table of what may be triggered by hand."""

from itertools import product

import pytest

from domain.automation import AutomationStatus, ExecutionStatus, Scope, TriggerType
from domain.triggering import TRIGGERABLE, VALID_PAIRS, can_trigger

BY_HAND = {
    (TriggerType.CRON, Scope.PROGRAM): True,
    (TriggerType.CRON, Scope.PARTICIPANTS): True,
    (TriggerType.ONE_TIME, Scope.PROGRAM): False,
    (TriggerType.ONE_TIME, Scope.PARTICIPANTS): True,
    (TriggerType.IMMEDIATE, Scope.PARTICIPANTS): True,
    (TriggerType.PARTICIPANT_STATE, Scope.PARTICIPANTS): False,
    (TriggerType.IMMEDIATE, Scope.PROGRAM): False,
    (TriggerType.PARTICIPANT_STATE, Scope.PROGRAM): False,
}
COUNTS_AS_IDLE = {
    ExecutionStatus.IDLE: True,
    ExecutionStatus.PENDING: False,
    ExecutionStatus.EXECUTING: False,
    ExecutionStatus.COMPLETED: True,
    ExecutionStatus.FAILED: True,
}


def test_the_tables_are_whole() -> None:
    assert set(BY_HAND) == set(product(TriggerType, Scope))
    assert set(COUNTS_AS_IDLE) == set(ExecutionStatus)


@pytest.mark.parametrize(("trigger", "scope"), list(product(TriggerType, Scope)))
@pytest.mark.parametrize("status", AutomationStatus)
@pytest.mark.parametrize("execution", ExecutionStatus)
def test_a_manual_trigger_is_allowed_as_the_table_says(
    trigger: TriggerType, scope: Scope, status: AutomationStatus, execution: ExecutionStatus
) -> None:
    expected = status is AutomationStatus.ACTIVE and BY_HAND[trigger, scope] and COUNTS_AS_IDLE[execution]
    assert can_trigger(status, trigger, scope, execution) is expected


@pytest.mark.parametrize("finished", [ExecutionStatus.COMPLETED, ExecutionStatus.FAILED])
def test_a_finished_run_counts_as_idle(finished: ExecutionStatus) -> None:
    assert can_trigger(AutomationStatus.ACTIVE, TriggerType.CRON, Scope.PARTICIPANTS, finished)


def test_only_what_can_exist_can_be_triggered() -> None:
    assert TRIGGERABLE < VALID_PAIRS
    assert set(product(TriggerType, Scope)) - VALID_PAIRS == {
        (TriggerType.IMMEDIATE, Scope.PROGRAM),
        (TriggerType.PARTICIPANT_STATE, Scope.PROGRAM),
    }
