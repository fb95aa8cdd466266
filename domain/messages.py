"""Vocabulary of messages, and how long one that cannot be handed over is tried."""

from datetime import datetime, timedelta
from enum import StrEnum

FIRST_RETRY = timedelta(seconds=5)
LONGEST_RETRY = timedelta(minutes=10)
GIVE_UP_AFTER = timedelta(hours=24)


class MessageStatus(StrEnum):
    """`skipped`: a gate of the person's own kept it from them. `cancelled`: they were erased, or left the journey that
    sends it, before it was sent.

    `not_tried` is a message of a run that waits for its provider.
    """

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    NOT_TRIED = "not_tried"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


def retry_at(
    attempts: int, queued_at: datetime, now: datetime, at_least: timedelta | None = None
) -> datetime | None:
    """When a message that `attempts` did not hand over is tried again; None once it has waited for a day.

    `at_least`: how long the provider wants to be left alone.
    """
    doublings = min(attempts - 1, 10)
    due = now + max(min(FIRST_RETRY * 2**doublings, LONGEST_RETRY), at_least or timedelta(0))
    return due if due - queued_at <= GIVE_UP_AFTER else None
