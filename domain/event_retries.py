"""When an event whose processing failed is tried again, and when it is given up."""

from datetime import datetime, timedelta

RETRY_DELAYS = (
    timedelta(seconds=1),
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
)


def retry_at(attempts: int, now: datetime) -> datetime | None:
    """The next attempt after so many have failed; None: the event is dead until somebody retries it by hand."""
    return None if attempts > len(RETRY_DELAYS) else now + RETRY_DELAYS[attempts - 1]
