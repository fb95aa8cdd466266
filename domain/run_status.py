"""The life of one run, and how an automation's `execution_status` follows it."""

from enum import StrEnum

from domain.automation import ExecutionStatus


class RunStatus(StrEnum):
    """`held`: too many of its messages have failed; it sends nothing until somebody resumes it."""

    PENDING = "pending"
    EXECUTING = "executing"
    HELD = "held"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


OPEN_RUNS = frozenset({RunStatus.PENDING, RunStatus.EXECUTING, RunStatus.HELD})


def execution_status(status: RunStatus) -> ExecutionStatus:
    """The seed has no `cancelled`: a cancelled execution shows as failed, with the reason as its error. Nor has it `held`."""
    match status:
        case RunStatus.CANCELLED:
            return ExecutionStatus.FAILED
        case RunStatus.HELD:
            return ExecutionStatus.EXECUTING
        case _:
            return ExecutionStatus(status.value)
