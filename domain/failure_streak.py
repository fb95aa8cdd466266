"""When a recurring automation has failed often enough to be stopped."""

from domain.run_status import RunStatus


def failures_in_a_row(before: int, ended: RunStatus) -> int:
    """The streak after a scheduled run ended: a success ends it, a cancelled run says nothing either way."""
    if ended is RunStatus.FAILED:
        return before + 1
    return 0 if ended is RunStatus.COMPLETED else before


def is_to_be_stopped(failures: int, limit: int) -> bool:
    """`limit` 0 never stops an automation."""
    return 0 < limit <= failures
