"""The life of one run, and how an automation's `execution_status` follows it."""

from enum import StrEnum

from domain.automation import ExecutionStatus


class RunStatus(StrEnum):
    PENDING = "pending"
    EXECUTING = "executing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


OPEN_RUNS = frozenset({RunStatus.PENDING, RunStatus.EXECUTING})


def execution_status(status: RunStatus) -> ExecutionStatus:
    """The seed has no `cancelled`: a cancelled execution shows as failed, with the reason as its error."""
    return ExecutionStatus.FAILED if status is RunStatus.CANCELLED else ExecutionStatus(status.value)
