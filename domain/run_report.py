"""What is told of a run to whoever waited for it: counts, and some of its errors in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.outcomes import Outcome, RunCounts
from domain.run_status import OPEN_RUNS, RunStatus

ERRORS_AT_MOST = 100
STILL_RUNNING = "Still running"


@dataclass(frozen=True, slots=True)
class RunFailure:
    """Someone whom a run did not reach, or may not have. `recipient`: the address, where a message was to be sent."""

    participant_id: UUID
    outcome: Outcome
    recipient: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class RunReport:
    """processed = sent + skipped + failed. Who has no outcome yet is not processed; an outcome that nobody
    knows counts as failed. `message`: why that is not everybody, where it is not."""

    sent: int = 0
    skipped: int = 0
    failed: int = 0
    errors: tuple[str, ...] = ()
    message: str | None = None

    @property
    def processed(self) -> int:
        return self.sent + self.skipped + self.failed


def report_of(
    status: RunStatus, counts: RunCounts, failures: Sequence[RunFailure], error: str | None = None
) -> RunReport:
    """`failures`: the first ERRORS_AT_MOST of them. `error`: of the run itself."""
    failed = counts.failed + counts.unknown
    errors = [failure_text(failure) for failure in failures[:ERRORS_AT_MOST]]
    if failed > len(errors):
        errors.append(f"and {failed - len(errors):,} more")
    return RunReport(
        counts.sent,
        sum(counts.skipped.values()),
        failed,
        tuple(errors),
        message=_left_over(status, counts, error),
    )


def _left_over(status: RunStatus, counts: RunCounts, error: str | None) -> str | None:
    """`Held: 10 of the last 10 messages did not arrive; 50 pending`; None where nothing is left to be done."""
    if status is RunStatus.HELD:
        return f"{error}; {counts.pending:,} pending"
    if status in OPEN_RUNS:
        # Before its audience is enrolled nobody is pending.
        return f"{STILL_RUNNING}; {counts.pending:,} pending" if counts.pending else STILL_RUNNING
    return f"{counts.deferred:,} deferred" if counts.deferred else None


def failure_text(failure: RunFailure) -> str:
    """`Failed to send to +34612345678: Invalid phone number`."""
    reason = failure.reason or "no reason was given"
    if failure.outcome is Outcome.UNKNOWN:
        reason = "it is not known whether it was sent"
    if failure.recipient:
        return f"Failed to send to {failure.recipient}: {reason}"
    return f"Failed for participant {failure.participant_id}: {reason}"
